import { selectTask } from '../store/tasks.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { apiError } from './errors.ts'
import { findService, readTaskId } from './find-service.ts'
import { taskText } from './task-details.ts'

/** One task. Source: tasks API page, section 5. */
export async function showTask(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const id = readTaskId(call)
  const serviceId = call.params.service_id ?? ''
  const row = await selectTask(door.database, { projectId: caller.project.id, serviceId, id })
  const isVerbose = call.query.get('verbose') === 'true'
  if (row) return { status: 200, text: taskText(row, { isVerbose }), headers: { etag: etagOf(row.revision) } }
  await findService(door, caller, serviceId)
  throw apiError('task_not_found', { id })
}

/** What If-Match compares: it changes with every update, not with the state. */
export const etagOf = (revision: number) => `"${revision}"`
