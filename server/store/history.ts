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
}

/** Adds changes, each task's in the order given, after those it has. Their tasks are locked by this transaction. */
export async function insertHistory(tx: Connection, changes: readonly HistoryRow[], nowMs: number): Promise<void> {
  const column = <Value>(pick: (change: HistoryRow) => Value) => changes.map(pick)
  await tx.query(
    `insert into task_history (task_id, seq, at, from_state, to_state, cause, node_id, generation)
     select c.task_id,
            (select coalesce(max(h.seq), 0) from task_history h where h.task_id = c.task_id)
              + row_number() over (partition by c.task_id order by c.place),
            $7, c.from_state, c.to_state, c.cause, c.node_id, c.generation
       from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::integer[]) with ordinality
         as c (task_id, from_state, to_state, cause, node_id, generation, place)`,
    [
      column(({ taskId }) => taskId),
      column(({ from }) => from),
      column(({ to }) => to),
      column(({ cause }) => cause),
      column(({ nodeId }) => nodeId ?? null),
      column(({ generation }) => generation),
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
}

/** Every change of a task's state, in order; also of a task that is gone. */
export async function selectHistory(db: Connection, taskId: string): Promise<HistoryEntry[]> {
  const { rows } = await db.query<HistoryEntry>(
    `select seq, at, from_state, to_state, cause, node_id, generation
       from task_history
      where task_id = $1
      order by seq`,
    [taskId],
  )
  return rows
}
