import type { Logger } from 'pino'
import { type Database, notify } from '../store/database.ts'
import { expireLeases, selectExpiredNodes, updateTasksDueOfNodes } from '../store/nodes.ts'

/**
 * Ends the leases that are over and makes the tasks due whose runs their nodes held. What such a node says later is of
 * an old epoch and changes nothing.
 */
export async function expireNodes(
  { database, log }: { database: Database; log: Logger },
  nowMs: number,
): Promise<void> {
  const over = await selectExpiredNodes(database, nowMs)
  const nodeIds = over.map(({ id }) => id)
  const lost = await database.transaction(async (tx) => {
    await updateTasksDueOfNodes(tx, { nodeIds, nowMs })
    const expired = await expireLeases(tx, { nodeIds, nowMs })
    await notify(tx, 'assignments')
    return expired
  })
  for (const { id, name } of lost) log.warn({ node: id, name }, 'a worker is lost: its lease is over')
}
