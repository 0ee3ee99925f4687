import { randomBytes } from 'node:crypto'
import type { RegisterNodeRequest, RegisterNodeResponse } from '@sightline/contract/fleet.ts'
import { apiError } from '../api/errors.ts'
import { type Connection, notify, wakeReconciler } from '../store/database.ts'
import { wakeWaitingTasks } from '../store/due-tasks.ts'
import {
  insertNode,
  type Registration,
  updateJoinTokenUsed,
  updateNodeRegistered,
  updateTasksDueOfNodes,
} from '../store/nodes.ts'
import { findNode, hashOf, newSecret } from './credentials.ts'
import type { FleetDoor } from './door.ts'
import { heartbeatEveryMs, leaseMs } from './lease-time.ts'

const nodeIdBytes = 16
// The others are looked at when their own time comes.
const wakenMax = 10_000

type Admitted = Pick<RegisterNodeResponse, 'node_id' | 'credential' | 'epoch'>

/**
 * Takes a worker into the fleet, or back: with a join token as a new node, with its credential as the one it was. The
 * runs that it held before are lost at once, without waiting for their lease to end.
 *
 * Errors: `unknown_join_token`, `unknown_credential`.
 */
export async function registerNode(
  door: FleetDoor,
  request: RegisterNodeRequest,
  authorization: string | undefined,
): Promise<RegisterNodeResponse> {
  const nowMs = door.clock()
  const registration = {
    name: request.name,
    capabilities: request.capabilities,
    nowMs,
    leaseUntilMs: nowMs + leaseMs,
  }
  const token = authorization === undefined ? request.join_token : undefined
  const admitted = await door.database.transaction(async (tx) => {
    const node =
      token === undefined ? await readmit(tx, registration, authorization) : await join(tx, registration, token)
    await wakeWaitingTasks(tx, { nowMs, limit: wakenMax })
    await wakeReconciler(tx)
    return node
  })
  door.log.info({ node: admitted.node_id, name: request.name, epoch: admitted.epoch }, 'a worker registered')
  return { ...admitted, lease_ms: leaseMs, heartbeat_every_ms: heartbeatEveryMs }
}

async function join(tx: Connection, registration: Registration, token: string): Promise<Admitted> {
  const isGood = await updateJoinTokenUsed(tx, { hash: hashOf(token), nowMs: registration.nowMs })
  if (!isGood) throw apiError('unknown_join_token')
  const [id, credential] = [randomBytes(nodeIdBytes).toString('hex'), newSecret()]
  await insertNode(tx, { ...registration, id, credentialHash: hashOf(credential) })
  return { node_id: id, credential, epoch: 1 }
}

async function readmit(
  tx: Connection,
  registration: Registration,
  authorization: string | undefined,
): Promise<Admitted> {
  const { id } = await findNode(tx, authorization)
  await updateTasksDueOfNodes(tx, { nodeIds: [id], nowMs: registration.nowMs })
  const node = await updateNodeRegistered(tx, { ...registration, id })
  // Whoever still waits under the old epoch learns that it is over.
  await notify(tx, 'assignments')
  if (!node) throw apiError('unknown_credential')
  return { node_id: id, epoch: node.epoch }
}
