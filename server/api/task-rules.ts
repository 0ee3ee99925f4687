import type { AdmitContext } from '@sightline/task/admit.ts'
import type { Service } from '../store/services.ts'
import type { Caller, Door } from './call.ts'

/** Tasks that a project may have. */
export const taskCountMax = 1_000_000

/** What decides about a task beside what the request says. */
export function admitContext(
  door: Door,
  caller: Caller,
  service: Service,
): Omit<AdmitContext, 'nowMs' | 'taskIds' | 'quota'> {
  return {
    service,
    creator: caller.name,
    isStrict: door.isStrict,
    mayReadFiles: caller.token.isDeploymentAdmin,
    addressPolicy: door.addressPolicy(),
  }
}
