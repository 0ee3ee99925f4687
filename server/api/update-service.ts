import { UpdateServiceRequest } from '@sightline/contract/service.ts'
import { wakeReconciler } from '../store/database.ts'
import { updateService, updateTasksDueOfService } from '../store/services.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { apiError } from './errors.ts'
import { findService } from './find-service.ts'
import { parseJsonObject } from './json.ts'
import { parse } from './parse.ts'

/** Describes, starts or stops a service; its tasks follow. Source: services API page, section 4. */
export async function updateServiceCall(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const { description, status } = parse(UpdateServiceRequest, parseJsonObject(call.body))
  const service = await findService(door, caller, call.params.service_id ?? '')
  const isChanged = await door.database.transaction(async (tx) => {
    const of = { projectId: service.projectId, id: service.id, nowMs: call.nowMs }
    const change = { ...of, ...(description !== undefined && { description }), ...(status && { status }) }
    if (!(await updateService(tx, change))) return false
    if (status) await updateTasksDueOfService(tx, { ...of, serviceId: service.id })
    await wakeReconciler(tx)
    return true
  })
  if (!isChanged) throw apiError('service_state', { id: service.id, state: service.status })
  return { status: 200, json: {} }
}
