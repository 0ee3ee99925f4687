import { serviceIdPattern, taskIdPattern } from '@sightline/contract/task.ts'
import { type Service, selectService } from '../store/services.ts'
import type { Call, Caller, Door } from './call.ts'
import { apiError } from './errors.ts'

/** The service of the path, in the caller's project: one of another project does not exist. */
export async function findService(door: Door, caller: Caller, id: string): Promise<Service> {
  const service = serviceIdPattern.test(id) ? await selectService(door.database, caller.project.id, id) : undefined
  if (!service) throw apiError('service_not_found', { id })
  return service
}

/** The task id of the path. Source: tasks API page, section 8. */
export function readTaskId(call: Call): string {
  const id = call.params.task_id ?? ''
  if (!taskIdPattern.test(id)) {
    throw apiError('invalid_argument', { detail: `parameter [task_id] does not match ${taskIdPattern.source}.` })
  }
  return id
}
