import { selectHistoryPage } from '../store/history.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { apiError } from './errors.ts'
import { findService, readTaskId } from './find-service.ts'
import { readInteger } from './query.ts'

const limitMax = 1000

/** Every change of a task, newest first; also of one that is gone. Source: platform API page, Tasks. */
export async function showTaskHistory(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const taskId = readTaskId(call)
  const page = {
    offset: readInteger(call.query, 'offset', { min: 0, max: Number.MAX_SAFE_INTEGER }) ?? 0,
    limit: readInteger(call.query, 'limit', { min: 1, max: limitMax }) ?? limitMax,
  }
  const service = await findService(door, caller, call.params.service_id ?? '')
  const of = { projectId: caller.project.id, serviceId: service.id, taskId }
  const { count, entries } = await selectHistoryPage(door.database, of, page)
  if (entries.length === 0 && page.offset === 0) throw apiError('task_not_found', { id: taskId })
  const history = entries.map((entry) => ({
    time: entry.at,
    ...(entry.from_state !== null && { from: entry.from_state }),
    to: entry.to_state,
    cause: entry.cause,
    ...(entry.actor !== null && { actor: entry.actor }),
    ...(entry.node_id !== null && { node_id: entry.node_id }),
    generation: entry.generation,
  }))
  return { status: 200, json: { count, history } }
}
