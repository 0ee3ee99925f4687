// What a query says about a list of tasks. Source: tasks API page, section 4; platform API page for the extras.
import { scheduleStatuses, taskStates } from '@sightline/contract/states.ts'
import { taskIdPattern } from '@sightline/contract/task.ts'
import { sortDirections, type TaskFilter, type TaskOrder, taskSortKeys } from '../store/task-list.ts'
import type { Call } from './call.ts'
import { apiError } from './errors.ts'
import { type Query, readInteger, readWord, readWords } from './query.ts'
import { type DetailsView, heavyMembers, type TaskMember, taskMembers } from './task-details.ts'

const timeBounds = { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }

export type TaskConditions = Omit<TaskFilter, 'projectId' | 'serviceId'>

/** Which tasks a query asks for. */
export function readConditions({ query, labels: pairs }: Pick<Call, 'query' | 'labels'>): TaskConditions {
  const states = readWords(query, 'state', taskStates)
  const nameLike = query.get('name_like')
  const id = readId(query)
  const idLike = query.get('id_like')
  const createdSinceMs = readInteger(query, 'created_since', timeBounds)
  const createdUntilMs = readInteger(query, 'created_until', timeBounds)
  const scheduleStatus = readWord(query, 'schedule_status', scheduleStatuses)
  const labels = readLabels(pairs)
  return {
    ...(states && { states }),
    ...(nameLike !== undefined && { nameLike }),
    ...(id !== undefined && { id }),
    ...(idLike !== undefined && { idLike }),
    ...(createdSinceMs !== undefined && { createdSinceMs }),
    ...(createdUntilMs !== undefined && { createdUntilMs }),
    ...(scheduleStatus && { scheduleStatus }),
    ...(labels && { labels }),
  }
}

function readId(query: Query): string | undefined {
  const id = query.get('id')
  if (id !== undefined && !taskIdPattern.test(id)) {
    throw apiError('invalid_argument', { detail: `parameter [id] does not match ${taskIdPattern.source}.` })
  }
  return id
}

/** `k=v` pairs; the value may hold `=`. */
function readLabels(pairs: readonly string[]): Record<string, string> | undefined {
  if (pairs.length === 0) return undefined
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=')
      if (equals < 1) throw apiError('invalid_argument', { detail: 'The param [label] does not match name=value.' })
      return [pair.slice(0, equals), pair.slice(equals + 1)]
    }),
  )
}

/** Which members the answer shows. */
export function readView(query: Query): DetailsView {
  const isVerbose = query.get('verbose') === 'true'
  const fields = readWords(query, 'fields', taskMembers)
  const view = readWord(query, 'view', ['full', 'summary'])
  if (fields) return { isVerbose, members: new Set(fields) }
  if (view !== 'summary') return { isVerbose }
  const isShown = (name: TaskMember) => !heavyMembers.includes(name) && (isVerbose || name !== 'source_usage_estimate')
  return { isVerbose, members: new Set(taskMembers.filter(isShown)) }
}

/** Whether a view shows none of the large members. */
export const isSummary = ({ members }: DetailsView) =>
  members !== undefined && !heavyMembers.some((name) => members.has(name))

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
