// Listing tasks: which match, how many, and one page of them.
//
// A statement is put together from the constant texts below and `$n`, so that what is not asked for is not in it and
// each filter can use its index. Values go in as parameters only.
import type { ScheduleStatus, TaskState } from '@sightline/contract/states.ts'
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
  scheduleStatus?: ScheduleStatus
  /** Every one of these pairs. */
  labels?: Readonly<Record<string, string>>
}

export const taskSortKeys = ['name', 'created_at', 'updated_at'] as const
export const sortDirections = ['asc', 'desc'] as const
export type TaskOrder = { key: (typeof taskSortKeys)[number]; direction: (typeof sortDirections)[number] }

/** Where a page begins: after so many tasks, or after one task, whether or not it still exists. */
export type PageStart = { offset: number } | { after: { key: string | number; id: string } }
export type TaskPageRequest = {
  order: TaskOrder
  start: PageStart
  limit: number
  /** Leaves out input, output and config. */
  isSummary: boolean
}

/**
 * A task of a page. Times are PostgreSQL's own text, since few of them are ever numbers. With every row comes what is
 * of its service, and how many tasks match where that is known without counting.
 */
export type TaskListRow = Omit<TaskRow, 'created_at' | 'updated_at' | 'project_id' | 'service_id'> & {
  created_at: string
  updated_at: string
  service_name: string
  count: number | null
}

class Parameters {
  readonly values: unknown[] = []

  add(value: unknown): string {
    this.values.push(value)
    return `$${this.values.length}`
  }
}

// The closed list of orders; ties go by id, ascending. Each can be read backwards from its end. A name without its
// table would be that of the answer, which is text.
const orders = {
  name: {
    asc: ['task.name asc, task.id asc', 'task.name desc, task.id desc'],
    desc: ['task.name desc, task.id asc', 'task.name asc, task.id desc'],
  },
  created_at: {
    asc: ['task.created_at asc, task.id asc', 'task.created_at desc, task.id desc'],
    desc: ['task.created_at desc, task.id asc', 'task.created_at asc, task.id desc'],
  },
  updated_at: {
    asc: ['task.updated_at asc, task.id asc', 'task.updated_at desc, task.id desc'],
    desc: ['task.updated_at desc, task.id asc', 'task.updated_at asc, task.id desc'],
  },
} as const

const summaryColumns = `id, name, description, creator, created_at::text, updated_at::text, shown_state as state, status,
            error_code, error_message, hold, armed, schedule, labels, cores, memory_mib`
const allColumns = `${summaryColumns}, input, output, config`

/** The condition that a filter makes. */
function matching(filter: TaskFilter, to: Parameters): string {
  const clauses = [`project_id = ${to.add(filter.projectId)}`, `service_id = ${to.add(filter.serviceId)}`]
  const [first, ...others] = filter.states ?? []
  if (first && others.length === 0) clauses.push(`shown_state = ${to.add(first)}`)
  else if (filter.states) clauses.push(`shown_state = any (${to.add([...filter.states])}::text[])`)
  if (filter.nameLike !== undefined) clauses.push(`name ilike ${to.add(containing(filter.nameLike))}`)
  if (filter.id !== undefined) clauses.push(`id = ${to.add(filter.id)}`)
  if (filter.idLike !== undefined) clauses.push(`strpos(id, ${to.add(filter.idLike)}) > 0`)
  if (filter.createdSinceMs !== undefined) clauses.push(`created_at >= ${to.add(toTime(filter.createdSinceMs))}`)
  // The bound is inclusive and in whole milliseconds.
  if (filter.createdUntilMs !== undefined) clauses.push(`created_at < ${to.add(toTime(filter.createdUntilMs + 1))}`)
  if (filter.scheduleStatus) clauses.push(scheduleConditions[filter.scheduleStatus])
  if (filter.labels) {
    clauses.push(`labels is not null and labels::jsonb @> ${to.add(JSON.stringify(filter.labels))}::jsonb`)
  }
  return clauses.join('\n   and ')
}

const scheduleConditions = {
  ACTIVATED: `schedule is not null and armed and hold = 'none'`,
  INACTIVATED: `schedule is not null and not (armed and hold = 'none')`,
} as const satisfies Record<ScheduleStatus, string>

const containing = (part: string) => `%${part.replace(/[\\%_]/g, '\\$&')}%`

/** What comes after a task in an order. The first half alone bounds the index. */
function afterTask({ key, direction }: TaskOrder, after: { key: string | number; id: string }, to: Parameters): string {
  const value = to.add(typeof after.key === 'number' ? new Date(after.key) : after.key)
  const beyond = direction === 'asc' ? '>' : '<'
  return `${key} ${beyond}= ${value} and (${key} ${beyond} ${value} or id > ${to.add(after.id)})`
}

// Below this many skipped rows, reading them whole costs less than a join.
const idsFirstFrom = 100
// Below this many skipped rows, it is not worth knowing how many there are.
const farEndFrom = 2_000

// A plan that knows its limit need not be made again for each call; other limits are planned for their values.
const plannedLimits: readonly number[] = [1, 10, 20, 50, 100, 1000]

/**
 * One page of the matching tasks.
 *
 * The first pages of a service and of one state are planned once, all others for their values each time. A page beyond
 * the middle is read from the other end.
 */
export async function selectTaskPage(
  db: Connection,
  filter: TaskFilter,
  page: TaskPageRequest,
): Promise<TaskListRow[]> {
  const offset = 'offset' in page.start ? page.start.offset : 0
  if (offset === 0 && 'offset' in page.start && plannedLimits.includes(page.limit) && isCountedByState(filter)) {
    return selectFirstPage(db, filter, page)
  }
  if (offset >= farEndFrom) {
    const count = await countMatchingTasks(db, filter)
    if (offset > count / 2) return selectFromFarEnd(db, filter, page, offset)
  }
  const to = new Parameters()
  const where = [matching(filter, to), ...('after' in page.start ? [afterTask(page.order, page.start.after, to)] : [])]
  const [order] = orders[page.order.key][page.order.direction]
  const cut = `order by ${order} offset ${to.add(offset)} limit ${to.add(page.limit)}`
  const condition = where.join('\n   and ')
  const columns = columnsOf(filter, page)
  const text =
    offset < idsFirstFrom
      ? `select ${columns} from task where ${condition} ${cut}`
      : `select ${columns} from task where id = any (array(select id from task where ${condition} ${cut})) order by ${order}`
  const { rows } = await db.query<TaskListRow>(text, to.values)
  return rows
}

/** A statement with a name: it is planned once on a connection. At most 144 of them. */
async function selectFirstPage(db: Connection, filter: TaskFilter, page: TaskPageRequest): Promise<TaskListRow[]> {
  const to = new Parameters()
  const { key, direction } = page.order
  const states = filter.states ? (filter.states.length === 1 ? 'state' : 'states') : 'all'
  const { rows } = await db.query<TaskListRow>(
    `select ${columnsOf(filter, page)} from task where ${matching(filter, to)}
      order by ${orders[key][direction][0]} limit ${page.limit}`,
    to.values,
    states === 'states' ? undefined : `list ${states} ${key} ${direction} ${page.limit} ${page.isSummary}`,
  )
  return rows
}

/** Those of some tasks that match, in no order. */
export async function selectTasksById(
  db: Connection,
  filter: TaskFilter,
  { ids, isSummary }: { ids: readonly string[]; isSummary: boolean },
): Promise<TaskListRow[]> {
  const to = new Parameters()
  const condition = matching(filter, to)
  const { rows } = await db.query<TaskListRow>(
    `select ${isSummary ? summaryColumns : allColumns}, null::bigint as count,
            (select service_name from service where project_id = $1 and id = $2) as service_name
       from task
      where ${condition} and id = any (${to.add([...ids])})`,
    to.values,
  )
  return rows
}

const columnsOf = (filter: TaskFilter, { isSummary }: TaskPageRequest) =>
  `${isSummary ? summaryColumns : allColumns},
            (select service_name from service where project_id = $1 and id = $2) as service_name,
            ${isCountedByState(filter) ? `(${sumStatement(filter)})` : 'null::bigint'} as count`

/** Counts in the same statement: rows that come or go between two would shift the page. */
async function selectFromFarEnd(
  db: Connection,
  filter: TaskFilter,
  page: TaskPageRequest,
  offset: number,
): Promise<TaskListRow[]> {
  const to = new Parameters()
  const condition = matching(filter, to)
  const [order, backwards] = orders[page.order.key][page.order.direction]
  const [skip, limit] = [to.add(offset), to.add(page.limit)]
  const { rows } = await db.query<TaskListRow>(
    `with total as materialized (${countStatement(filter, condition)})
     select ${columnsOf(filter, page)}
       from task
      where id = any (array(
              select id from task where ${condition}
               order by ${backwards}
              offset (select greatest(count - ${skip}::bigint - ${limit}::bigint, 0) from total)
               limit (select greatest(least(${limit}::bigint, count - ${skip}::bigint), 0) from total)))
      order by ${order}`,
    to.values,
  )
  return rows
}

function countStatement(filter: TaskFilter, condition: string): string {
  return isCountedByState(filter) ? sumStatement(filter) : `select count(*) as count from task where ${condition}`
}

/** `matching` makes `$1` the project, `$2` the service and `$3` the state or states. */
function sumStatement({ states }: TaskFilter): string {
  const ofStates = states ? (states.length === 1 ? 'and state = $3' : 'and state = any ($3::text[])') : ''
  return `select coalesce(sum(change), 0) as count from task_count where project_id = $1 and service_id = $2 ${ofStates}`
}

/** Whether a filter names nothing but states, so that its matches need not be counted. */
export function isCountedByState({ projectId, serviceId, states, ...conditions }: TaskFilter): boolean {
  return Object.keys(conditions).length === 0
}

/** How many tasks match. */
export async function countMatchingTasks(db: Connection, filter: TaskFilter): Promise<number> {
  if (isCountedByState(filter)) return countTasksOfService(db, filter)
  const to = new Parameters()
  const condition = matching(filter, to)
  const { rows } = await db.query<{ count: number }>(countStatement(filter, condition), to.values)
  return rows[0]?.count ?? 0
}

// What timestamptz can hold, well inside of it; a filter beyond is as good as at the edge.
const timeMinMs = Date.UTC(-4000, 0)
const timeMaxMs = Date.UTC(200_000, 0)

function toTime(ms: number): Date {
  return new Date(Math.min(Math.max(ms, timeMinMs), timeMaxMs))
}
