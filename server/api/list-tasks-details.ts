import { taskStates } from '@sightline/contract/states.ts'
import { taskIdPattern } from '@sightline/contract/task.ts'
import {
  countTasks,
  selectTasks,
  sortDirections,
  type TaskFilter,
  type TaskOrder,
  taskSortKeys,
} from '../store/task-list.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { apiError } from './errors.ts'
import { findService } from './find-service.ts'
import { type Query, readInteger, readWord, readWords } from './query.ts'
import { taskDetailsText } from './task-details.ts'

const limitMax = 1000
const timeBounds = { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }

/** One page of the matching tasks and the number of all of them. Source: tasks API page, section 4. */
export async function listTasksDetails(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const filters = readFilters(call.query)
  const page = {
    order: readOrder(call.query),
    offset: readInteger(call.query, 'offset', { min: 0, max: Number.MAX_SAFE_INTEGER }) ?? 0,
    limit: readInteger(call.query, 'limit', { min: 1, max: limitMax }) ?? limitMax,
  }
  const service = await findService(door, caller, call.params.service_id ?? '')
  const filter: TaskFilter = { projectId: caller.project.id, serviceId: service.id, ...filters }
  const [count, rows] = await Promise.all([countTasks(door.database, filter), selectTasks(door.database, filter, page)])
  const tasks = rows.map((row) => taskDetailsText(row, service)).join(',')
  return { status: 200, text: `{"count":${count},"tasks":[${tasks}]}` }
}

function readFilters(query: Query): Omit<TaskFilter, 'projectId' | 'serviceId'> {
  const states = readWords(query, 'state', taskStates)
  const nameLike = query.get('name_like')
  const id = readId(query)
  const idLike = query.get('id_like')
  const createdSinceMs = readInteger(query, 'created_since', timeBounds)
  const createdUntilMs = readInteger(query, 'created_until', timeBounds)
  return {
    ...(states && { states }),
    ...(nameLike !== undefined && { nameLike }),
    ...(id !== undefined && { id }),
    ...(idLike !== undefined && { idLike }),
    ...(createdSinceMs !== undefined && { createdSinceMs }),
    ...(createdUntilMs !== undefined && { createdUntilMs }),
  }
}

function readId(query: Query): string | undefined {
  const id = query.get('id')
  if (id !== undefined && !taskIdPattern.test(id)) {
    throw apiError('invalid_argument', { detail: `parameter [id] does not match ${taskIdPattern.source}.` })
  }
  return id
}

const defaultOrder: TaskOrder = { key: 'created_at', direction: 'desc' }

/**
 * The order that a query asks for. The documents' own sample swaps the two parameters, so each is read in either role
 * where only the other one fits; `order=key:DIRECTION` counts when both are absent.
 */
export function readOrder(query: Query): TaskOrder {
  const sortKey = query.get('sort_key')
  const sortDir = query.get('sort_dir')
  if (sortKey === undefined && sortDir === undefined) return readCombinedOrder(query)
  const isSwapped = isOneOf(taskSortKeys, sortDir) || isOneOf(sortDirections, sortKey)
  const [key, direction] = isSwapped ? [sortDir, sortKey] : [sortKey, sortDir]
  const named = (name: string, value: string | undefined) => new Map(value === undefined ? [] : [[name, value]])
  return {
    key: readWord(named('sort_key', key), 'sort_key', taskSortKeys) ?? defaultOrder.key,
    direction: readWord(named('sort_dir', direction), 'sort_dir', sortDirections) ?? defaultOrder.direction,
  }
}

function isOneOf(words: readonly string[], text: string | undefined): boolean {
  return text !== undefined && words.includes(text.toLowerCase())
}

function readCombinedOrder(query: Query): TaskOrder {
  const [key, direction] = query.get('order')?.split(':') ?? []
  if (key === undefined) return defaultOrder
  return {
    key: readWord(new Map([['order', key]]), 'order', taskSortKeys) ?? defaultOrder.key,
    direction:
      direction === undefined
        ? defaultOrder.direction
        : (readWord(new Map([['order', direction]]), 'order', sortDirections) ?? defaultOrder.direction),
  }
}
