import {
  countMatchingTasks,
  isCountedByState,
  type PageStart,
  selectTaskPage,
  type TaskFilter,
  type TaskListRow,
  type TaskOrder,
  type TaskPageRequest,
} from '../store/task-list.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { CountCache } from './count-cache.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { apiError } from './errors.ts'
import { findService } from './find-service.ts'
import { readInteger, readWord } from './query.ts'
import { checkProfileQuery } from './strict.ts'
import { taskText } from './task-details.ts'
import { isSummary, readConditions, readOrder, readView } from './task-query.ts'
import { watchTasks } from './watch-tasks.ts'

const limitMax = 1000

/** One page of the matching tasks and the number of all of them. Source: tasks API page, section 4. */
export async function listTasksDetails(door: Door, caller: Caller, call: Call): Promise<Answer> {
  if (readWord(call.query, 'watch', ['true', 'false']) === 'true') return watchTasks(door, caller, call)
  const conditions = readConditions(call)
  const order = readOrder(call.query)
  const offset = readInteger(call.query, 'offset', { min: 0, max: Number.MAX_SAFE_INTEGER }) ?? 0
  const limit = readInteger(call.query, 'limit', { min: 1, max: limitMax }) ?? limitMax
  const view = readView(call.query)
  const filter: TaskFilter = { projectId: caller.project.id, serviceId: call.params.service_id ?? '', ...conditions }
  const start = readStart(door, call, { filter, order, offset })
  // One row more tells whether another page follows.
  const rowsMax = call.flags.has('cursor') ? limit + 1 : limit
  const page = { order, start, limit: rowsMax, isSummary: isSummary(view) }
  if (door.isStrict) checkProfileQuery(door, await findService(door, caller, filter.serviceId), call.query)
  const rows = await selectTaskPage(door.database, filter, page)
  // A page that holds a task proves its service.
  if (rows.length === 0) await findService(door, caller, filter.serviceId)
  const count = countOfPage(page, rows) ?? (await countWithCache(door, filter, call.nowMs))
  const shown = rows.slice(0, limit)
  const owner = { project_id: filter.projectId, service_id: filter.serviceId }
  const last = rows.length > limit ? shown.at(-1) : undefined
  const next = last ? `,"next_cursor":"${writeCursor(door, { filter, order }, placeOf(last, order))}"` : ''
  return {
    status: 200,
    text: `{"count":${count},"tasks":[${shown.map((row) => taskText(Object.assign(row, owner), view)).join(',')}]${next}}`,
  }
}

/** How many tasks match, where the page itself tells. */
function countOfPage({ start, limit }: TaskPageRequest, rows: readonly TaskListRow[]): number | undefined {
  const known = rows[0]?.count
  if (typeof known === 'number') return known
  const isWhole = 'offset' in start && rows.length < limit && (rows.length > 0 || start.offset === 0)
  return isWhole ? start.offset + rows.length : undefined
}

/** `cursor` without a value begins keyset paging. */
function readStart(
  door: Door,
  call: Call,
  { filter, order, offset }: { filter: TaskFilter; order: TaskOrder; offset: number },
): PageStart {
  if (call.flags.has('cursor') && offset > 0) throw apiError('invalid_values', { first: 'cursor', second: 'offset' })
  const cursor = call.query.get('cursor')
  return cursor === undefined ? { offset } : { after: readCursor(door, { filter, order }, cursor) }
}

function placeOf(row: TaskListRow, { key }: TaskOrder): { key: string | number; id: string } {
  return { key: key === 'name' ? row.name : Date.parse(`${row[key].replace(' ', 'T')}:00`), id: row.id }
}

/** Of the servers' databases: counts of one are worth nothing to another. */
const caches = new WeakMap<Door['database'], CountCache>()

function countWithCache({ database }: Door, filter: TaskFilter, nowMs: number): Promise<number> {
  if (isCountedByState(filter)) return countMatchingTasks(database, filter)
  const cache = caches.get(database) ?? new CountCache()
  caches.set(database, cache)
  return cache.get(JSON.stringify(filter), nowMs, () => countMatchingTasks(database, filter))
}
