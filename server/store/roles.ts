// Roles that projects make for themselves.
import type { Connection } from './database.ts'

export type ProjectRole = { projectId: string; name: string; description: string /** JSON. */; policy: string }

type RoleRow = { project_id: string; name: string; description: string; policy: string }

const toRole = (row: RoleRow): ProjectRole => ({
  projectId: row.project_id,
  name: row.name,
  description: row.description,
  policy: row.policy,
})

/** Inserts a role and says so, unless the project has one of its name. */
export async function insertRole(db: Connection, role: ProjectRole & { createdAtMs: number }): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into role (project_id, name, description, policy, created_at)
     values ($1, $2, $3, $4, $5)
     on conflict do nothing`,
    [role.projectId, role.name, role.description, role.policy, new Date(role.createdAtMs)],
  )
  return rowCount > 0
}

/** By name. */
export async function selectRoles(db: Connection, projectId: string): Promise<ProjectRole[]> {
  const { rows } = await db.query<RoleRow>(
    'select project_id, name, description, policy from role where project_id = $1 order by name',
    [projectId],
  )
  return rows.map(toRole)
}

/** What is absent stays. Absent when the project has no such role. */
export async function updateRole(
  db: Connection,
  change: { projectId: string; name: string; description?: string; policy?: string },
): Promise<ProjectRole | undefined> {
  const { rows } = await db.query<RoleRow>(
    `update role
        set description = coalesce($3, description), policy = coalesce($4, policy)
      where project_id = $1 and name = $2
     returning project_id, name, description, policy`,
    [change.projectId, change.name, change.description ?? null, change.policy ?? null],
  )
  return rows[0] && toRole(rows[0])
}

/** Takes it from those who have it, too. Says whether there was such a role. */
export async function deleteRole(db: Connection, role: { projectId: string; name: string }): Promise<boolean> {
  const { rows } = await db.query(
    `with gone as (delete from role where project_id = $1 and name = $2 returning project_id, name),
          taken as (delete from account_role using gone
                     where account_role.project_id = gone.project_id and role = gone.name)
     select name from gone`,
    [role.projectId, role.name],
  )
  return rows.length > 0
}
