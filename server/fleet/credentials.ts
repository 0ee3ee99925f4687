// Join tokens, which are used once, and the credentials that nodes keep. Only their hashes are stored.
import { createHash, randomBytes } from 'node:crypto'
import { apiError } from '../api/errors.ts'
import type { Connection } from '../store/database.ts'
import { insertJoinToken, type KnownNode, selectNodeByCredential } from '../store/nodes.ts'

export const joinTokenForMs = 3_600_000
const secretBytes = 32

export function newSecret(): string {
  return randomBytes(secretBytes).toString('base64url')
}

export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

/** A fresh join token, good for one registration within the hour. */
export async function issueJoinToken(db: Connection, nowMs: number): Promise<{ token: string; expiresAtMs: number }> {
  const token = newSecret()
  const expiresAtMs = nowMs + joinTokenForMs
  await insertJoinToken(db, { hash: hashOf(token), expiresAtMs })
  return { token, expiresAtMs }
}

/** The node that sends an `Authorization` header. Errors: `unknown_credential`. */
export async function findNode(db: Connection, authorization: string | undefined): Promise<KnownNode> {
  const [, credential] = /^Bearer ([A-Za-z0-9_-]{1,256})$/.exec(authorization ?? '') ?? []
  const node = credential && (await selectNodeByCredential(db, hashOf(credential)))
  if (!node) throw apiError('unknown_credential')
  return node
}

/** Errors: `epoch_over` unless the node holds its lease under this epoch. */
export function checkEpoch(node: KnownNode, epoch: number): void {
  if (!node.hasLease || node.epoch !== epoch) throw apiError('epoch_over', { epoch })
}
