import { createHash } from 'node:crypto'
import type { Role } from './accounts.ts'
import type { Connection } from './database.ts'

/** Who a token speaks for. */
export type Token = {
  account: { id: string; name: string; domain: { id: string; name: string } }
  /** Absent for a token without a project. */
  project?: { id: string; name: string; domain: { id: string; name: string } }
  /** In that project, or of every project for a token without one; may be empty when they were taken away since. */
  roles: Role[]
  methods: string[]
  issuedAtMs: number
  expiresAtMs: number
}
export type NewToken = {
  token: string
  accountId: string
  projectId?: string
  methods: string[]
  issuedAtMs: number
  expiresAtMs: number
}

type TokenRow = {
  account_id: string
  account_name: string
  account_domain_id: string
  account_domain_name: string
  project_id: string | null
  project_name: string
  project_domain_id: string
  project_domain_name: string
  roles: Role[] | null
  methods: string[]
  issued_at: number
  expires_at: number
}

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
    `select t.account_id, a.name as account_name, ad.id as account_domain_id, ad.name as account_domain_name,
            t.project_id, p.name as project_name, pd.id as project_domain_id, pd.name as project_domain_name,
            (select array_agg(distinct r.role order by r.role) from account_role r
              where r.account_id = t.account_id
                and (r.project_id is null or r.project_id = t.project_id)) as roles,
            t.methods, t.issued_at, t.expires_at
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
  return {
    account: {
      id: row.account_id,
      name: row.account_name,
      domain: { id: row.account_domain_id, name: row.account_domain_name },
    },
    ...(row.project_id !== null && {
      project: {
        id: row.project_id,
        name: row.project_name,
        domain: { id: row.project_domain_id, name: row.project_domain_name },
      },
    }),
    roles: row.roles ?? [],
    methods: row.methods,
    issuedAtMs: row.issued_at,
    expiresAtMs: row.expires_at,
  }
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
