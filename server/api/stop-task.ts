import { updateTaskWishedStop } from '../store/tasks.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { findService, readTaskId } from './find-service.ts'
import { checkProfileStarts } from './strict.ts'
import { recordWish } from './wish.ts'

/** Ends the run and disarms a schedule. Source: lifecycle page, section 5. */
export async function stopTask(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const id = readTaskId(call)
  const service = await findService(door, caller, call.params.service_id ?? '')
  checkProfileStarts(door, service, 'stop')
  await recordWish(door, { name: 'stop', update: updateTaskWishedStop }, caller, { id, serviceId: service.id })
  return { status: 202 }
}
