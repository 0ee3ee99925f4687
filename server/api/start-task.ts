import { selectTask, updateTaskWishedRun } from '../store/tasks.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { apiError } from './errors.ts'
import { findService, readTaskId } from './find-service.ts'
import { checkProfileStarts } from './strict.ts'
import { recordWish } from './wish.ts'

/** Runs the task, or arms its schedule. Source: lifecycle page, section 5. */
export async function startTask(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const id = readTaskId(call)
  const service = await findService(door, caller, call.params.service_id ?? '')
  checkProfileStarts(door, service, 'start')
  if (service.status !== 'running') {
    const row = await selectTask(door.database, { projectId: caller.project.id, serviceId: service.id, id })
    throw row ? apiError('service_unavailable', { id: service.id }) : apiError('task_not_found', { id })
  }
  await recordWish(door, { name: 'start', update: updateTaskWishedRun }, caller, { id, serviceId: service.id })
  return { status: 202 }
}
