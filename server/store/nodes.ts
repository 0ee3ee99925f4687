import type { NodeCapabilities } from '@sightline/contract/fleet.ts'
import type { Node } from '@sightline/task/task.ts'
import type { Connection } from './database.ts'

type NodeRow = {
  id: string
  name: string
  epoch: number
  lease_until: number | null
  is_cordoned: boolean
  cores: number
  memory_mib: number
  used_cores: number
  used_memory_mib: number
  run_count: number
  inputs: string[]
  outputs: string[]
  algorithms: string[]
}

const toNode = (row: NodeRow): Node => ({
  id: row.id,
  name: row.name,
  epoch: row.epoch,
  ...(row.lease_until !== null && { leaseUntilMs: row.lease_until }),
  isCordoned: row.is_cordoned,
  cores: row.cores,
  memoryMib: row.memory_mib,
  usedCores: row.used_cores,
  usedMemoryMib: row.used_memory_mib,
  runCount: row.run_count,
  inputs: row.inputs,
  outputs: row.outputs,
  algorithms: row.algorithms,
})

/** The nodes that can take runs or hold some, with what their live runs take. */
export async function selectNodes(db: Connection): Promise<Node[]> {
  const { rows } = await db.query<NodeRow>(
    `select n.id, n.name, n.epoch, n.lease_until, n.is_cordoned, n.cores, n.memory_mib, n.inputs, n.outputs,
            n.algorithms, coalesce(used.cores, 0)::real as used_cores,
            coalesce(used.memory_mib, 0)::integer as used_memory_mib, coalesce(used.run_count, 0) as run_count
       from node n
       left join (select r.node_id, sum(t.cores) as cores, sum(t.memory_mib) as memory_mib, count(*) as run_count
                    from run r
                    join task t on t.id = r.task_id
                   where r.ended_at is null
                   group by r.node_id) used on used.node_id = n.id
      where n.lease_until is not null or used.run_count > 0
      order by n.id`,
    [],
    'select-nodes',
  )
  return rows.map(toNode)
}

/** The same nodes as if nothing ran on them, which is cheaper to know: for a plan that places nothing. */
export async function selectNodesUncounted(db: Connection): Promise<Node[]> {
  const { rows } = await db.query<NodeRow>(
    `select n.id, n.name, n.epoch, n.lease_until, n.is_cordoned, n.cores, n.memory_mib, n.inputs, n.outputs,
            n.algorithms, 0 as used_cores, 0 as used_memory_mib, 0 as run_count
       from node n
      where n.lease_until is not null
         or exists (select 1 from run r where r.node_id = n.id and r.ended_at is null)
      order by n.id`,
    [],
    'select-nodes-uncounted',
  )
  return rows.map(toNode)
}

/** Lets one server at a time count the room of nodes and fill it, until its transaction ends. */
export async function takePlacementTurn(tx: Connection): Promise<void> {
  // The second number keeps this turn apart from those of projects.
  await tx.query(`select pg_advisory_xact_lock(hashtextextended('placement', 1))`, [], 'take-placement-turn')
}

/** Says that the set of assignments of nodes has changed. */
export async function updateNodesAssigned(tx: Connection, nodeIds: readonly string[]): Promise<void> {
  await tx.query(
    `update node
        set assignments_version = assignments_version + 1
      where id in (select id from node where id = any ($1) order by id for no key update)`,
    [nodeIds],
  )
}

/** The versions of the assignments of nodes. */
export async function selectAssignmentsVersions(
  db: Connection,
  nodeIds: readonly string[],
): Promise<{ id: string; assignments_version: number }[]> {
  const { rows } = await db.query<{ id: string; assignments_version: number }>(
    'select id, assignments_version from node where id = any ($1)',
    [nodeIds],
    'select-assignments-versions',
  )
  return rows
}

/** The nodes whose lease is over. */
export async function selectExpiredNodes(db: Connection, nowMs: number): Promise<{ id: string; name: string }[]> {
  const { rows } = await db.query<{ id: string; name: string }>(
    'select id, name from node where lease_until <= $1 order by id',
    [new Date(nowMs)],
  )
  return rows
}

/** Ends leases that are still over: what these nodes say from now on is of an old epoch. */
export async function expireLeases(
  tx: Connection,
  of: { nodeIds: readonly string[]; nowMs: number },
): Promise<{ id: string; name: string }[]> {
  const { rows } = await tx.query<{ id: string; name: string }>(
    `update node
        set epoch = epoch + 1, lease_until = null, assignments_version = assignments_version + 1
      where id = any ($1) and lease_until <= $2
     returning id, name`,
    [of.nodeIds, new Date(of.nowMs)],
  )
  return rows
}

/** Makes the tasks due whose live runs are on nodes; takes them in order for this transaction. */
export async function updateTasksDueOfNodes(
  tx: Connection,
  of: { nodeIds: readonly string[]; nowMs: number },
): Promise<void> {
  await tx.query(
    `with held as (
       select id from task
        where id in (select task_id from run where node_id = any ($1) and ended_at is null)
        order by id
          for update
     )
     update task set due_at = $2 from held where task.id = held.id`,
    [of.nodeIds, new Date(of.nowMs)],
  )
}

export type Registration = {
  name: string
  capabilities: NodeCapabilities
  nowMs: number
  leaseUntilMs: number
}

const columnsOf = ({ name, capabilities, nowMs, leaseUntilMs }: Registration) => [
  name,
  capabilities.cores,
  capabilities.memory_mib,
  capabilities.inputs,
  capabilities.outputs,
  capabilities.algorithms,
  JSON.stringify(capabilities.labels),
  capabilities.version,
  new Date(nowMs),
  new Date(leaseUntilMs),
]

/** Inserts a node that has just used a join token. */
export async function insertNode(
  tx: Connection,
  node: Registration & { id: string; credentialHash: Buffer },
): Promise<void> {
  await tx.query(
    `insert into node (name, cores, memory_mib, inputs, outputs, algorithms, labels, version, registered_at,
                       lease_until, id, credential_hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [...columnsOf(node), node.id, node.credentialHash],
  )
}

/** A known node begins anew: its runs of before are lost. Absent when the credential is unknown. */
export async function updateNodeRegistered(
  tx: Connection,
  node: Registration & { id: string },
): Promise<{ epoch: number } | undefined> {
  const { rows } = await tx.query<{ epoch: number }>(
    `update node
        set name = $1, cores = $2, memory_mib = $3, inputs = $4, outputs = $5, algorithms = $6, labels = $7,
            version = $8, registered_at = $9, lease_until = $10, epoch = epoch + 1,
            assignments_version = assignments_version + 1
      where id = $11
     returning epoch`,
    [...columnsOf(node), node.id],
  )
  return rows[0]
}

export type KnownNode = { id: string; epoch: number; hasLease: boolean }

/** The node that a credential belongs to. */
export async function selectNodeByCredential(db: Connection, credentialHash: Buffer): Promise<KnownNode | undefined> {
  const { rows } = await db.query<{ id: string; epoch: number; has_lease: boolean }>(
    'select id, epoch, lease_until is not null as has_lease from node where credential_hash = $1',
    [credentialHash],
    'select-node-by-credential',
  )
  const row = rows[0]
  return row && { id: row.id, epoch: row.epoch, hasLease: row.has_lease }
}

/** Renews a lease of the current epoch and says whether it did. A late renewal counts as long as nobody ended the lease. */
export async function updateNodeLease(
  db: Connection,
  lease: { nodeId: string; epoch: number; untilMs: number },
): Promise<boolean> {
  const { rowCount } = await db.query(
    'update node set lease_until = $3 where id = $1 and epoch = $2 and lease_until is not null',
    [lease.nodeId, lease.epoch, new Date(lease.untilMs)],
    'update-node-lease',
  )
  return rowCount > 0
}

export async function insertJoinToken(db: Connection, token: { hash: Buffer; expiresAtMs: number }): Promise<void> {
  await db.query('insert into join_token (hash, expires_at) values ($1, $2)', [token.hash, new Date(token.expiresAtMs)])
}

/** Uses a join token up and says whether it was good. */
export async function updateJoinTokenUsed(tx: Connection, token: { hash: Buffer; nowMs: number }): Promise<boolean> {
  const { rowCount } = await tx.query(
    'update join_token set used_at = $2 where hash = $1 and used_at is null and expires_at > $2',
    [token.hash, new Date(token.nowMs)],
  )
  return rowCount > 0
}
