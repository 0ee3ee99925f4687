import type { RenewLeaseRequest, RenewLeaseResponse } from '@sightline/contract/fleet.ts'
import type { z } from 'zod'
import { apiError } from '../api/errors.ts'
import { updateNodeLease } from '../store/nodes.ts'
import { findNode } from './credentials.ts'
import type { FleetDoor } from './door.ts'
import { leaseMs } from './lease-time.ts'

/** Prolongs a node's promise to be alive. Errors: `unknown_credential`, `epoch_over`. */
export async function renewLease(
  door: FleetDoor,
  { epoch }: z.infer<typeof RenewLeaseRequest>,
  authorization: string | undefined,
): Promise<z.infer<typeof RenewLeaseResponse>> {
  const node = await findNode(door.database, authorization)
  const untilMs = door.clock() + leaseMs
  const isRenewed = await updateNodeLease(door.database, { nodeId: node.id, epoch, untilMs })
  if (!isRenewed) throw apiError('epoch_over', { epoch })
  return { lease_ms: leaseMs }
}
