import { servicesDeleted } from '../events.ts'
import { wakeReconciler } from '../store/database.ts'
import { deleteEmptyServices, markServiceDeleting } from '../store/services.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { apiError } from './errors.ts'
import { findService } from './find-service.ts'

// As many as fit a path; each is looked up.
const idsMax = 100

/** Deletes services, their tasks first; several ids are joined by commas. Source: services API page, section 5. */
export async function deleteService(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const ids = [...new Set((call.params.service_id ?? '').split(','))]
  if (ids.length > idsMax) {
    throw apiError('invalid_argument', {
      detail: `The length of the field [service_id] should be in the range of [1, ${idsMax}].`,
    })
  }
  const services = await Promise.all(ids.map((id) => findService(door, caller, id)))
  const foreign = services.find(({ owner }) => owner !== caller.name)
  if (foreign) throw apiError('not_owner', { name: foreign.serviceName })
  await door.database.transaction(async (tx) => {
    for (const { projectId, id } of services) {
      await markServiceDeleting(tx, { projectId, serviceId: id, nowMs: call.nowMs })
    }
    await deleteEmptyServices(tx)
    await wakeReconciler(tx)
  })
  servicesDeleted(door.log, { serviceIds: ids, by: caller.name })
  return { status: 200, json: {} }
}
