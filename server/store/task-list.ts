// Listing tasks: which match, how many, and one page of them.
import type { TaskState } from '@sightline/contract/states.ts'
import type { Connection } from './database.ts'
import { countTasksOfService } from './task-counts.ts'
import type { TaskRow } from './tasks.ts'

/** An absent member filters nothing. */
export type TaskFilter = {
  projectId: string
  serviceId: string
  states?: readonly TaskState[]
  /** Part of the name, letter case ignored. */
  nameLike?: string
  id?: string
  /** Part of the id. */
  idLike?: string
  createdSinceMs?: number
  createdUntilMs?: number
}

export const taskSortKeys = ['name', 'created_at', 'updated_at'] as const
export const sortDirections = ['asc', 'desc'] as const
export type TaskOrder = { key: (typeof taskSortKeys)[number]; direction: (typeof sortDirections)[number] }

// The closed list of orders, so that each can use its index; ties go by id, ascending.
const orders = {
  name: { asc: 'name asc, id asc', desc: 'name desc, id asc' },
  created_at: { asc: 'created_at asc, id asc', desc: 'created_at desc, id asc' },
  updated_at: { asc: 'updated_at asc, id asc', desc: 'updated_at desc, id asc' },
} as const

// A task whose deletion was asked for counts as DELETING, as `selectTask` shows it.
const matching = `
       project_id = $1 and service_id = $2
   and ($3::text[] is null
        or (case when 'DELETING' = any($3) then state = any($3) or desired = 'delete'
                 else state = any($3) and desired <> 'delete' end))
   and ($4::text is null or strpos(lower(name), lower($4)) > 0)
   and ($5::text is null or id = $5)
   and ($6::text is null or strpos(id, $6) > 0)
   and ($7::timestamptz is null or created_at >= $7)
   and ($8::timestamptz is null or created_at < $8)`

/**
 * One page of the matching tasks.
 *
 * The statement has no name: it is planned for its values each time, which lets absent filters vanish and each order
 * use its index.
 */
export async function selectTasks(
  db: Connection,
  filter: TaskFilter,
  page: { order: TaskOrder; offset: number; limit: number },
): Promise<TaskRow[]> {
  const order = orders[page.order.key][page.order.direction]
  const { rows } = await db.query<TaskRow>(
    `with page as (
       select id from task where ${matching} order by ${order} offset $9 limit $10
     )
     select id, name, description, creator, project_id, service_id, created_at, updated_at,
            case when desired = 'delete' then 'DELETING' else state end as state, status, error_code, error_message,
            hold, armed, schedule, input, output, config, labels, cores, memory_mib
       from task join page using (id)
      order by ${order}`,
    [...valuesOf(filter), page.offset, page.limit],
  )
  return rows
}

/** How many tasks match: counted, unless the filter names nothing but the service. */
export async function countTasks(db: Connection, filter: TaskFilter): Promise<number> {
  const { projectId, serviceId, ...conditions } = filter
  if (Object.keys(conditions).length === 0) return countTasksOfService(db, { projectId, serviceId })
  const { rows } = await db.query<{ count: number }>(`select count(*) from task where ${matching}`, valuesOf(filter))
  return rows[0]?.count ?? 0
}

function valuesOf(filter: TaskFilter): unknown[] {
  return [
    filter.projectId,
    filter.serviceId,
    filter.states ? [...filter.states] : null,
    filter.nameLike ?? null,
    filter.id ?? null,
    filter.idLike ?? null,
    toTime(filter.createdSinceMs),
    // The bound is inclusive and in whole milliseconds.
    toTime(filter.createdUntilMs === undefined ? undefined : filter.createdUntilMs + 1),
  ]
}

// What timestamptz can hold, well inside of it; a filter beyond is as good as at the edge.
const timeMinMs = Date.UTC(-4000, 0)
const timeMaxMs = Date.UTC(200_000, 0)

function toTime(ms: number | undefined): Date | null {
  return ms === undefined ? null : new Date(Math.min(Math.max(ms, timeMinMs), timeMaxMs))
}
