// The accounts that have a role in a project.
import type { Connection } from './database.ts'

export type Member = {
  id: string
  name: string
  roles: string[]
  /** Those that a task must carry for the member to see it; absent for no limit. */
  labels?: Record<string, string>
  isEnabled: boolean
  createdAtMs: number
  /** Has a role in another project too, or in every one. */
  isElsewhere: boolean
}

type MemberRow = {
  id: string
  name: string
  roles: string[] | null
  labels: string | null
  is_enabled: boolean
  created_at: number
  is_elsewhere: boolean
}

const toMember = (row: MemberRow): Member => ({
  id: row.id,
  name: row.name,
  roles: row.roles ?? [],
  ...(row.labels !== null && { labels: JSON.parse(row.labels) }),
  isEnabled: row.is_enabled,
  createdAtMs: row.created_at,
  isElsewhere: row.is_elsewhere,
})

const columns = `
  a.id, a.name, a.is_enabled, a.created_at,
  (select array_agg(distinct r.role order by r.role) from account_role r
    where r.account_id = a.id and (r.project_id = $1 or r.project_id is null)) as roles,
  (select max(r.labels) from account_role r where r.account_id = a.id and r.project_id = $1) as labels,
  exists (select 1 from account_role r
           where r.account_id = a.id and r.project_id is distinct from $1) as is_elsewhere`

/** By name. */
export async function selectMembers(db: Connection, projectId: string): Promise<Member[]> {
  const { rows } = await db.query<MemberRow>(
    `select ${columns}
       from account a
      where exists (select 1 from account_role r
                     where r.account_id = a.id and (r.project_id = $1 or r.project_id is null))
      order by a.name, a.id`,
    [projectId],
  )
  return rows.map(toMember)
}

/** Whoever has the id in the domain of the project, with a role in it or, for `isStrangerToo`, without. */
export async function selectMember(
  db: Connection,
  of: { projectId: string; accountId: string; isStrangerToo: boolean },
): Promise<Member | undefined> {
  const { rows } = await db.query<MemberRow>(
    `select ${columns}
       from account a
       join project p on p.id = $1 and p.domain_id = a.domain_id
      where a.id = $2
        and ($3 or exists (select 1 from account_role r
                            where r.account_id = a.id and (r.project_id = $1 or r.project_id is null)))`,
    [of.projectId, of.accountId, of.isStrangerToo],
  )
  return rows[0] && toMember(rows[0])
}

/** In place of those that the account has in the project. No labels are no limit. */
export async function replaceRoles(
  tx: Connection,
  of: { projectId: string; accountId: string; roles: readonly string[]; labels: Readonly<Record<string, string>> },
): Promise<void> {
  await tx.query('delete from account_role where project_id = $1 and account_id = $2', [of.projectId, of.accountId])
  await tx.query(
    `insert into account_role (account_id, project_id, role, labels)
     select distinct $2, $1, role, $4 from unnest($3::text[]) as role`,
    [of.projectId, of.accountId, [...of.roles], toStored(of.labels)],
  )
}

const toStored = (labels: Readonly<Record<string, string>>) =>
  Object.keys(labels).length === 0 ? null : JSON.stringify(labels)

/** What is absent stays. A new password ends every token of the account. */
export async function updateMember(
  tx: Connection,
  change: { accountId: string; passwordHash?: string; isEnabled?: boolean; nowMs: number },
): Promise<void> {
  await tx.query(
    `update account
        set password_hash = coalesce($2, password_hash), is_enabled = coalesce($3, is_enabled)
      where id = $1`,
    [change.accountId, change.passwordHash ?? null, change.isEnabled ?? null],
  )
  if (change.passwordHash === undefined) return
  await tx.query('update token set revoked_at = $2 where account_id = $1 and revoked_at is null', [
    change.accountId,
    new Date(change.nowMs),
  ])
}

/** Takes an account out of a project, and deletes it when it has no role left anywhere. */
export async function deleteMember(tx: Connection, of: { projectId: string; accountId: string }): Promise<void> {
  await tx.query('delete from account_role where project_id = $1 and account_id = $2', [of.projectId, of.accountId])
  await tx.query(
    'delete from account where id = $1 and not exists (select 1 from account_role where account_id = $1)',
    [of.accountId],
  )
}
