// A create request that is sent again makes nothing again. Source: platform API page, Tasks.
import { createHash } from 'node:crypto'
import type { Connection } from '../store/database.ts'
import { insertIdempotencyKey } from '../store/idempotency.ts'
import type { Call } from './call.ts'
import { apiError } from './errors.ts'

const keyPattern = /^[\x21-\x7e]{1,255}$/

/** Absent when the request has none. Errors: `invalid_argument`. */
export function readIdempotencyKey(call: Pick<Call, 'headers'>): string | undefined {
  const key = call.headers['idempotency-key']
  if (key === undefined || (typeof key === 'string' && keyPattern.test(key))) return key
  const detail = 'The header [Idempotency-Key] should be 1 to 255 printable characters without spaces.'
  throw apiError('invalid_argument', { detail })
}

type Request = { projectId: string; serviceId: string; key: string; call: Call; taskIds: readonly string[] }

/** The ids that the first request with this key made; absent when this is the first. Errors: `key_of_another_body`. */
export async function takeIdempotencyKey(tx: Connection, request: Request): Promise<string[] | undefined> {
  const { call, ...rest } = request
  const bodyHash = createHash('sha256').update(call.body).digest()
  const earlier = await insertIdempotencyKey(tx, { ...rest, bodyHash, createdAtMs: call.nowMs })
  if (earlier && !bodyHash.equals(earlier.body_hash)) throw apiError('key_of_another_body', { key: request.key })
  return earlier?.task_ids
}
