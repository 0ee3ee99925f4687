// One wish for many tasks.
import type { TaskState } from '@sightline/contract/states.ts'
import type { Connection } from './database.ts'
import { countMatchingTasks, selectTaskPage, type TaskFilter } from './task-list.ts'
import type { WishedBy } from './tasks.ts'

export type BatchAction = 'start' | 'stop' | 'delete'
export type BatchRow = { id: string; state: TaskState; is_taken: boolean }

// By the shown state; see the lifecycle page, section 5.
const refusedStates: Record<BatchAction, readonly TaskState[]> = {
  start: ['DELETING', 'FREEZING', 'FROZEN'],
  stop: ['DELETING'],
  delete: [],
}
const desires = { start: 'run', stop: 'stop', delete: 'delete' } as const

type Batch = { projectId: string; serviceId: string; action: BatchAction; ids: readonly string[] }

/** What would be taken, without taking it. In the order of ids; a task that is not there has no row. */
export async function selectBatch(db: Connection, { projectId, serviceId, action, ids }: Batch): Promise<BatchRow[]> {
  const { rows } = await db.query<BatchRow>(
    `select id, shown_state as state, shown_state <> all ($4::text[]) as is_taken
       from task
      where id = any ($3) and project_id = $1 and service_id = $2
      order by id`,
    [projectId, serviceId, [...ids], [...refusedStates[action]]],
  )
  return rows
}

/** Writes a wish for every task whose state allows it. Locks them in the order of ids, so that two batches never wait in a circle. */
export async function updateTasksWished(tx: Connection, batch: Batch, wish: WishedBy): Promise<BatchRow[]> {
  const { projectId, serviceId, action, ids } = batch
  const { rows } = await tx.query<BatchRow>(
    `with found as materialized (
       select id, shown_state as state, shown_state <> all ($4::text[]) as is_taken
         from task
        where id = any ($3) and project_id = $1 and service_id = $2
        order by id
          for update
     ), moved as (
       update task t
          set desired = $5, due_at = $6, wished_by = $7,
              armed = case when t.schedule is null or $5 = 'delete' then t.armed else $5 = 'run' end
         from found f
        where t.id = f.id and f.is_taken
     )
     select id, state, is_taken from found order by id`,
    [projectId, serviceId, [...ids], [...refusedStates[action]], desires[action], new Date(wish.nowMs), wish.by],
  )
  return rows
}

/** The oldest matching tasks, up to `limit`, and how many match. */
export async function selectMatchingIds(
  db: Connection,
  filter: TaskFilter,
  limit: number,
): Promise<{ ids: string[]; count: number }> {
  const order = { key: 'created_at', direction: 'asc' } as const
  const rows = await selectTaskPage(db, filter, { order, start: { offset: 0 }, limit, isSummary: true })
  return { ids: rows.map(({ id }) => id), count: await countMatchingTasks(db, filter) }
}
