import type { Answer, Call, Caller, Door } from './call.ts'
import { findService } from './find-service.ts'
import { toServiceItem } from './service-item.ts'

/** One service. Source: services API page, section 3. */
export async function showService(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const service = await findService(door, caller, call.params.service_id ?? '')
  return { status: 200, json: toServiceItem(service, caller) }
}
