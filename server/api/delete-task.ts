import { updateTaskWishedDelete } from '../store/tasks.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { findService, readTaskId } from './find-service.ts'
import { recordWish } from './wish.ts'

/** The task is DELETING at once, and gone when its node has let go. Source: tasks API page, section 5. */
export async function deleteTask(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const id = readTaskId(call)
  const service = await findService(door, caller, call.params.service_id ?? '')
  await recordWish(door, { name: 'delete', update: updateTaskWishedDelete }, caller, { id, serviceId: service.id })
  return { status: 202 }
}
