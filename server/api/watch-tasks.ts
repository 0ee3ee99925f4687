// The list as it changes: server-sent events. Source: platform API page, Tasks.
import { type ChangePlace, selectChanges, selectFeedEnd } from '../store/changes.ts'
import { DatabaseUnavailableError } from '../store/database.ts'
import { selectTasksById, type TaskFilter } from '../store/task-list.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { apiError } from './errors.ts'
import { findService } from './find-service.ts'
import { type DetailsView, taskText } from './task-details.ts'
import { type Follower, feedOf } from './task-feed.ts'
import { isSummary, readConditions, readView } from './task-query.ts'

const batchMax = 200
// A safety net beside notifications, and what the oldest transaction under way may hold back.
const lookEveryMs = 1_000
const keepAliveEveryMs = 15_000
// A follower asks again after this, so that what it may see is judged again.
const lifeMs = 3_600_000
const retryAfterSeconds = '5'

type Watch = { filter: TaskFilter; view: DetailsView; isBare: boolean }

/** One `task` event for every change of a matching task; `Last-Event-ID` reads on where another answer ended. */
export async function watchTasks(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const conditions = readConditions(call)
  const view = readView(call.query)
  const place = readPlace(call)
  const service = await findService(door, caller, call.params.service_id ?? '')
  const filter: TaskFilter = { projectId: caller.project.id, serviceId: service.id, ...conditions }
  const { states: _, ...others } = conditions
  const watch = { filter, view, isBare: Object.keys(others).length === 0 }
  const from = place ?? (await selectFeedEnd(door.database))
  const follower = feedOf(door.database).enter(caller.project.id)
  if (!follower) {
    const path = `/v1/${caller.project.id}/services/${service.id}/tasks?watch=true`
    throw apiError('too_many_requests', { path }, { 'retry-after': retryAfterSeconds })
  }
  const leftMs = Math.min(lifeMs, Math.max(caller.token.expiresAtMs - call.nowMs, 0))
  return {
    status: 200,
    stream: (signal) =>
      follow(door, watch, { from, follower, signal: AbortSignal.any([signal, AbortSignal.timeout(leftMs)]) }),
  }
}

const placePattern = /^(\d{1,19})\.(\d{1,9})\.([0-9a-f]{32})?$/

function readPlace({ headers, query }: Call): ChangePlace | undefined {
  const text = headers['last-event-id'] ?? query.get('last_event_id')
  if (text === undefined || text === '') return undefined
  const [, written, seq, taskId = ''] = placePattern.exec(String(text)) ?? []
  if (written !== undefined && seq !== undefined) return { written, seq: Number(seq), taskId }
  throw apiError('invalid_argument', { detail: 'The header [Last-Event-ID] is not one that this list gave.' })
}

const idOf = ({ written, seq, taskId }: ChangePlace) => `${written}.${seq}.${taskId}`

async function* follow(
  door: Door,
  watch: Watch,
  { from, follower, signal }: { from: ChangePlace; follower: Follower; signal: AbortSignal },
): AsyncGenerator<string> {
  using _ = follower
  let place = from
  let toldAtMs = performance.now()
  // With an id of its own, so that even a connection that breaks before the first change is read on from here.
  yield `retry: 1000\nid: ${idOf(place)}\n\n`
  try {
    while (!signal.aborted) {
      const { events, next, isFull } = await readEvents(door, watch, place)
      place = next
      if (events !== '') yield events
      else if (performance.now() - toldAtMs > keepAliveEveryMs) yield `: alive\nid: ${idOf(place)}\n\n`
      else if (!isFull) {
        await follower.change(signal, lookEveryMs)
        continue
      }
      toldAtMs = performance.now()
    }
  } catch (error) {
    // The answer ends, and its client reads on elsewhere or later.
    if (!(error instanceof DatabaseUnavailableError)) throw error
  }
}

type Events = { events: string; next: ChangePlace; isFull: boolean }

async function readEvents({ database }: Door, { filter, view, isBare }: Watch, after: ChangePlace): Promise<Events> {
  const changes = await selectChanges(database, filter, { after, limit: batchMax })
  const ids = [...new Set(changes.map(({ task_id }) => task_id))]
  const { states: _, ...conditions } = filter
  const rows = ids.length === 0 ? [] : await selectTasksById(database, conditions, { ids, isSummary: isSummary(view) })
  const owner = { project_id: filter.projectId, service_id: filter.serviceId }
  const texts = new Map(rows.map((row) => [row.id, taskText(Object.assign(row, owner), view)]))
  let events = ''
  let next = after
  for (const { written, seq, task_id: taskId, cause } of changes) {
    next = { written, seq, taskId }
    const text = texts.get(taskId)
    if (text !== undefined) events += `id: ${idOf(next)}\nevent: task\ndata: ${text}\n\n`
    // What a task was before it went is not known, so that only who follows all of them is told.
    else if (isBare && cause === 'removed')
      events += `id: ${idOf(next)}\nevent: task_removed\ndata: {"id":"${taskId}"}\n\n`
  }
  return { events, next, isFull: changes.length === batchMax }
}
