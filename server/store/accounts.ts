import type { Connection } from './database.ts'

export type Account = {
  id: string
  name: string
  domain: { id: string; name: string }
  /** Argon2id in PHC string form. */
  passwordHash: string
  isEnabled: boolean
}
export type NewAccount = { id: string; name: string; domainId: string; passwordHash: string; createdAtMs: number }

type AccountRow = {
  id: string
  name: string
  domain_id: string
  domain_name: string
  password_hash: string
  is_enabled: boolean
}

/** Inserts an account and says so, unless the domain has one of its name. */
export async function insertAccount(db: Connection, account: NewAccount): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into account (id, domain_id, name, password_hash, created_at)
     values ($1, $2, $3, $4, $5)
     on conflict (domain_id, name) do nothing`,
    [account.id, account.domainId, account.name, account.passwordHash, new Date(account.createdAtMs)],
  )
  return rowCount > 0
}

/** Gives a role in one project, or in every project of the deployment when `projectId` is absent. */
export async function insertAccountRole(
  db: Connection,
  grant: { accountId: string; projectId?: string; role: string },
): Promise<void> {
  await db.query('insert into account_role (account_id, project_id, role) values ($1, $2, $3) on conflict do nothing', [
    grant.accountId,
    grant.projectId ?? null,
    grant.role,
  ])
}

export async function updatePasswordHash(db: Connection, accountId: string, passwordHash: string): Promise<void> {
  await db.query('update account set password_hash = $2 where id = $1', [accountId, passwordHash])
}

/** How an account is named in a request: by its id, or by its name within a domain given by id or name. */
export type AccountName = { id: string } | { name: string; domainId?: string; domainName?: string }

/** Absent when no account, or more than one, answers to the name. */
export async function selectAccount(db: Connection, named: AccountName): Promise<Account | undefined> {
  const { rows } = await db.query<AccountRow>(
    `select a.id, a.name, a.password_hash, a.is_enabled, d.id as domain_id, d.name as domain_name
       from account a join domain d on d.id = a.domain_id
      where ($1::text is null or a.id = $1)
        and ($2::text is null or a.name = $2)
        and ($3::text is null or d.id = $3)
        and ($4::text is null or d.name = $4)
      order by a.id
      limit 2`,
    'id' in named ? [named.id, null, null, null] : [null, named.name, named.domainId ?? null, named.domainName ?? null],
  )
  const [row] = rows
  if (!row || rows.length > 1) return undefined
  return {
    id: row.id,
    name: row.name,
    domain: { id: row.domain_id, name: row.domain_name },
    passwordHash: row.password_hash,
    isEnabled: row.is_enabled,
  }
}

/** The project of an id or name in which an account has roles, with them; absent when there is none. */
export async function selectScope(
  db: Connection,
  scope: { accountId: string; projectId?: string; projectName?: string; domainName?: string },
): Promise<{ id: string; name: string; domain: { id: string; name: string }; roles: string[] } | undefined> {
  const { rows } = await db.query<{
    id: string
    name: string
    domain_id: string
    domain_name: string
    roles: string[]
  }>(
    `select p.id, p.name, d.id as domain_id, d.name as domain_name, array_agg(distinct r.role order by r.role) as roles
       from project p
       join domain d on d.id = p.domain_id
       join account_role r on r.account_id = $1 and (r.project_id = p.id or r.project_id is null)
      where ($2::text is null or p.id = $2)
        and ($3::text is null or p.name = $3)
        and ($4::text is null or d.name = $4)
      group by p.id, p.name, d.id, d.name
      order by p.id
      limit 1`,
    [scope.accountId, scope.projectId ?? null, scope.projectName ?? null, scope.domainName ?? null],
  )
  const row = rows[0]
  return row && { id: row.id, name: row.name, domain: { id: row.domain_id, name: row.domain_name }, roles: row.roles }
}

const lockWithinMs = 15 * 60_000

export async function insertSignInFailure(
  db: Connection,
  failure: { accountName: string; address: string; nowMs: number },
): Promise<void> {
  await db.query('insert into sign_in_failure (account_name, address, failed_at) values ($1, $2, $3)', [
    failure.accountName,
    failure.address,
    new Date(failure.nowMs),
  ])
}

/** Of the last 15 minutes. */
export async function countSignInFailures(
  db: Connection,
  of: { accountName: string; address: string; nowMs: number },
): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    'select count(*) from sign_in_failure where account_name = $1 and address = $2 and failed_at > $3',
    [of.accountName, of.address, new Date(of.nowMs - lockWithinMs)],
  )
  return rows[0]?.count ?? 0
}

/** Those of one name and address, after a sign-in that worked. */
export async function deleteSignInFailures(
  db: Connection,
  of: { accountName: string; address: string },
): Promise<void> {
  await db.query('delete from sign_in_failure where account_name = $1 and address = $2', [of.accountName, of.address])
}

export async function deleteOldSignInFailures(db: Connection, nowMs: number): Promise<void> {
  await db.query('delete from sign_in_failure where failed_at <= $1', [new Date(nowMs - lockWithinMs)])
}
