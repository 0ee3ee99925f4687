import type { TaskState } from '@sightline/contract/states.ts'
import type { Connection } from './database.ts'

/** One change of a task's state. */
export type HistoryRow = {
  taskId: string
  from: TaskState
  to: TaskState
  cause: string
  generation: number
  nodeId?: string
  /** Somebody asked for it; the task knows who. */
  isAsked: boolean
}

/** Adds changes, each task's in the order given, after those it has. Their tasks are locked by this transaction. */
export async function insertHistory(tx: Connection, changes: readonly HistoryRow[], nowMs: number): Promise<void> {
  const column = <Value>(pick: (change: HistoryRow) => Value) => changes.map(pick)
  await tx.query(
    `insert into task_history (task_id, project_id, service_id, seq, at, from_state, to_state, cause, node_id,
                               generation, actor)
     select c.task_id, t.project_id, t.service_id,
            (select coalesce(max(h.seq), 0) from task_history h where h.task_id = c.task_id)
              + row_number() over (partition by c.task_id order by c.place),
            $8, c.from_state, c.to_state, c.cause, c.node_id, c.generation, case when c.is_asked then t.wished_by end
       from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::boolean[])
              with ordinality as c (task_id, from_state, to_state, cause, node_id, generation, is_asked, place)
       join task t on t.id = c.task_id`,
    [
      column(({ taskId }) => taskId),
      column(({ from }) => from),
      column(({ to }) => to),
      column(({ cause }) => cause),
      column(({ nodeId }) => nodeId ?? null),
      column(({ generation }) => generation),
      column(({ isAsked }) => isAsked),
      new Date(nowMs),
    ],
  )
}

export type HistoryEntry = {
  seq: number
  at: number
  from_state: TaskState | null
  to_state: TaskState
  cause: string
  node_id: string | null
  generation: number
  actor: string | null
}

/** Every change of a task, in order; also of a task that is gone. */
export async function selectHistory(db: Connection, taskId: string): Promise<HistoryEntry[]> {
  const { rows } = await db.query<HistoryEntry>(
    `select seq, at, from_state, to_state, cause, node_id, generation, actor
       from task_history
      where task_id = $1
      order by seq`,
    [taskId],
  )
  return rows
}

/** As `selectHistory`, newest first and one page; of a task of this service only. */
export async function selectHistoryPage(
  db: Connection,
  of: { projectId: string; serviceId: string; taskId: string },
  page: { offset: number; limit: number },
): Promise<{ count: number; entries: HistoryEntry[] }> {
  const { rows } = await db.query<HistoryEntry & { count: number }>(
    `select seq, at, from_state, to_state, cause, node_id, generation, actor, count(*) over () as count
       from task_history
      where task_id = $1
        and coalesce(project_id, (select project_id from task where id = $1)) = $2
        and coalesce(service_id, (select service_id from task where id = $1)) = $3
      order by seq desc
     offset $4 limit $5`,
    [of.taskId, of.projectId, of.serviceId, page.offset, page.limit],
  )
  return { count: rows[0]?.count ?? 0, entries: rows.map(({ count: _, ...entry }) => entry) }
}
