// How many tasks there are, kept by triggers of the database.
import type { TaskState } from '@sightline/contract/states.ts'
import type { Connection } from './database.ts'

/** Lets one transaction at a time pass, so that two creations do not pass a quota together. */
export async function takeProjectTurn(tx: Connection, projectId: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [projectId], 'take-project-turn')
}

export async function countTasksOfProject(db: Connection, projectId: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    'select coalesce(sum(change), 0) as count from task_count where project_id = $1',
    [projectId],
    'count-tasks-of-project',
  )
  return rows[0]?.count ?? 0
}

/** How many tasks a service has, in all states or in some; the cost does not grow with the number. */
export async function countTasksOfService(
  db: Connection,
  of: { projectId: string; serviceId: string; states?: readonly TaskState[] },
): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select coalesce(sum(change), 0) as count
       from task_count
      where project_id = $1 and service_id = $2 and ($3::text[] is null or state = any ($3))`,
    [of.projectId, of.serviceId, of.states ?? null],
    'count-tasks-of-service',
  )
  return rows[0]?.count ?? 0
}

/** One row for each state of a service again; rows that others write meanwhile are left for the next time. */
export async function foldTaskCounts(db: Connection): Promise<void> {
  await db.query(
    `with folded as (
       delete from task_count
        where (project_id, service_id, state) in (select project_id, service_id, state from task_count
                                                   group by project_id, service_id, state
                                                  having count(*) > 1 or sum(change) = 0)
       returning project_id, service_id, state, change
     )
     insert into task_count (project_id, service_id, state, change)
     select project_id, service_id, state, sum(change) from folded
      group by project_id, service_id, state
     having sum(change) <> 0`,
    undefined,
    'fold-task-counts',
  )
}
