import { createHash } from 'node:crypto'
import { type Principal, type PrincipalRow, principalColumns, toPrincipal } from './callers.ts'
import type { Connection } from './database.ts'

/** Who a token speaks for, and until when. */
export type Token = Principal & { methods: string[]; issuedAtMs: number; expiresAtMs: number }
export type NewToken = {
  token: string
  accountId: string
  projectId?: string
  methods: string[]
  issuedAtMs: number
  expiresAtMs: number
}

type TokenRow = PrincipalRow & { methods: string[]; issued_at: number; expires_at: number }

/** Only hashes of tokens, credentials and join tokens are stored: they are random, so a plain hash serves. */
export function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

export async function insertToken(db: Connection, token: NewToken): Promise<void> {
  await db.query(
    'insert into token (hash, account_id, project_id, methods, issued_at, expires_at) values ($1, $2, $3, $4, $5, $6)',
    [
      hashOf(token.token),
      token.accountId,
      token.projectId ?? null,
      token.methods,
      new Date(token.issuedAtMs),
      new Date(token.expiresAtMs),
    ],
  )
}

/** A token that was not revoked and whose account is enabled; it may have expired. */
export async function selectToken(db: Connection, token: string): Promise<Token | undefined> {
  const { rows } = await db.query<TokenRow>(
    `select ${principalColumns}, t.methods, t.issued_at, t.expires_at
       from token t
       join account a on a.id = t.account_id and a.is_enabled
       join domain ad on ad.id = a.domain_id
       left join project p on p.id = t.project_id
       left join domain pd on pd.id = p.domain_id
      where t.hash = $1 and t.revoked_at is null`,
    [hashOf(token)],
    'select-token',
  )
  return rows[0] && toToken(rows[0])
}

function toToken(row: TokenRow): Token {
  return { ...toPrincipal(row), methods: row.methods, issuedAtMs: row.issued_at, expiresAtMs: row.expires_at }
}

/** Says whether there was such a token to revoke. */
export async function revokeToken(db: Connection, token: string, nowMs: number): Promise<boolean> {
  const { rowCount } = await db.query('update token set revoked_at = $2 where hash = $1 and revoked_at is null', [
    hashOf(token),
    new Date(nowMs),
  ])
  return rowCount > 0
}

/** Those that expired longer than a day ago: until then a caller is told that its token has expired. */
export async function deleteExpiredTokens(db: Connection, nowMs: number): Promise<void> {
  await db.query('delete from token where expires_at < $1', [new Date(nowMs - 86_400_000)])
}
