import type { Connection } from './database.ts'

export type IdempotencyKey = {
  projectId: string
  serviceId: string
  key: string
  bodyHash: Buffer
  taskIds: readonly string[]
  createdAtMs: number
}
export type IdempotencyEntry = { body_hash: Buffer; task_ids: string[] }

export const keptForMs = 86_400_000
const keptMost = 1_000_000

/**
 * Takes a key for a request, unless another request has it: that one is given. An older one is forgotten. Waits for
 * a transaction that is taking the same key.
 */
export async function insertIdempotencyKey(tx: Connection, one: IdempotencyKey): Promise<IdempotencyEntry | undefined> {
  const { rowCount } = await tx.query(
    `insert into idempotency_key as k (project_id, service_id, key, body_hash, task_ids, created_at)
     values ($1, $2, $3, $4, $5, $6)
         on conflict (project_id, service_id, key) do update
        set body_hash = excluded.body_hash, task_ids = excluded.task_ids, created_at = excluded.created_at
      where k.created_at <= $7`,
    [
      one.projectId,
      one.serviceId,
      one.key,
      one.bodyHash,
      [...one.taskIds],
      new Date(one.createdAtMs),
      new Date(one.createdAtMs - keptForMs),
    ],
  )
  if (rowCount > 0) return undefined
  const { rows } = await tx.query<IdempotencyEntry>(
    'select body_hash, task_ids from idempotency_key where project_id = $1 and service_id = $2 and key = $3',
    [one.projectId, one.serviceId, one.key],
  )
  return rows[0]
}

/** Forgets keys of more than a day ago, and the oldest of more than a million. */
export async function deleteOldIdempotencyKeys(db: Connection, nowMs: number): Promise<void> {
  await db.query(
    `delete from idempotency_key
      where created_at <= greatest($1, (select created_at from idempotency_key
                                         order by created_at desc offset $2 limit 1))`,
    [new Date(nowMs - keptForMs), keptMost],
  )
}
