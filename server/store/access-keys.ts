import type { Connection } from './database.ts'
import type { SealContext } from './secrets.ts'

export type AccessKey = { access: string; accountId: string; description: string; createdAtMs: number }
/** `secret` is sealed. */
export type NewAccessKey = AccessKey & { secret: Buffer }

type AccessKeyRow = { access: string; account_id: string; description: string; created_at: number }

const toAccessKey = (row: AccessKeyRow): AccessKey => ({
  access: row.access,
  accountId: row.account_id,
  description: row.description,
  createdAtMs: row.created_at,
})

/** What the secret of an access key is sealed to; a key belongs to an account, not to a project. */
export const accessKeySeal = (access: string): SealContext => ({ table: 'access_key', id: access, projectId: '' })

/** Inserts a key and says so, unless its account has `atMost` of them. */
export async function insertAccessKey(db: Connection, key: NewAccessKey, atMost: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into access_key (access, account_id, secret, description, created_at)
     select $1, $2, $3, $4, $5
      where (select count(*) from access_key where account_id = $2) < $6`,
    [key.access, key.accountId, key.secret, key.description, new Date(key.createdAtMs), atMost],
  )
  return rowCount > 0
}

/** Of one account, oldest first. */
export async function selectAccessKeys(db: Connection, accountId: string): Promise<AccessKey[]> {
  const { rows } = await db.query<AccessKeyRow>(
    `select access, account_id, description, created_at
       from access_key
      where account_id = $1
      order by created_at, access`,
    [accountId],
  )
  return rows.map(toAccessKey)
}

export async function selectAccessKey(db: Connection, access: string): Promise<AccessKey | undefined> {
  const { rows } = await db.query<AccessKeyRow>(
    'select access, account_id, description, created_at from access_key where access = $1',
    [access],
  )
  return rows[0] && toAccessKey(rows[0])
}

/** Says whether there was such a key to delete. */
export async function deleteAccessKey(db: Connection, key: { access: string; accountId: string }): Promise<boolean> {
  const { rowCount } = await db.query('delete from access_key where access = $1 and account_id = $2', [
    key.access,
    key.accountId,
  ])
  return rowCount > 0
}
