// How many tasks there are, kept by triggers of the database.
import type { Connection } from './database.ts'

/** How many tasks a project has; takes the project's turn, so that two creations do not pass a quota together. */
export async function countTasksOfProject(tx: Connection, projectId: string): Promise<number> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [projectId], 'take-project-turn')
  const { rows } = await tx.query<{ count: number }>(
    'select coalesce(sum(change), 0) as count from task_count where project_id = $1',
    [projectId],
    'count-tasks-of-project',
  )
  return rows[0]?.count ?? 0
}

export async function countTasksOfService(
  db: Connection,
  of: { projectId: string; serviceId: string },
): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    'select coalesce(sum(change), 0) as count from task_count where project_id = $1 and service_id = $2',
    [of.projectId, of.serviceId],
    'count-tasks-of-service',
  )
  return rows[0]?.count ?? 0
}

/** One row for each service again; rows that others write meanwhile are left for the next time. */
export async function foldTaskCounts(db: Connection): Promise<void> {
  await db.query(
    `with folded as (
       delete from task_count
        where (project_id, service_id) in (select project_id, service_id from task_count
                                            group by project_id, service_id having count(*) > 1)
       returning project_id, service_id, change
     )
     insert into task_count (project_id, service_id, change)
     select project_id, service_id, sum(change) from folded
      group by project_id, service_id
     having sum(change) <> 0`,
  )
}
