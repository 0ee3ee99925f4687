// Secrets at rest: AES-256-GCM under one key per deployment, which lies in a file of the data directory or is given.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import type { Connection } from './database.ts'

/** The key does not open what this database holds. */
export class SecretKeyError extends Error {
  override name = 'SecretKeyError'
}

/** Seals texts for storing; `context` (the id of what they belong to) must be the same when they are opened. */
export type SecretBox = {
  seal(text: string, context: string): Buffer
  /** Errors: `SecretKeyError` for another key, another context or a changed text. */
  open(sealed: Uint8Array, context: string): string
}

const algorithm = 'aes-256-gcm'
const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16
// First byte of what is sealed, so that the form may change.
const version = 1

export function createSecretBox(key: Uint8Array): SecretBox {
  return {
    seal: (text, context) => {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(context))
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([Buffer.of(version), nonce, cipher.getAuthTag(), body])
    },
    open: (sealed, context) => {
      try {
        const nonce = sealed.subarray(1, 1 + nonceBytes)
        const tag = sealed.subarray(1 + nonceBytes, 1 + nonceBytes + tagBytes)
        const decipher = createDecipheriv(algorithm, key, nonce).setAAD(Buffer.from(context)).setAuthTag(tag)
        const body = sealed.subarray(1 + nonceBytes + tagBytes)
        return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
      } catch (cause) {
        throw new SecretKeyError(`a secret of ${context} could not be opened`, { cause })
      }
    },
  }
}

/** The key that was given as 64 hexadecimal digits, else that of the data directory, made at the first start. */
export async function loadSecretKey(dataDir: string, given: string | undefined): Promise<Uint8Array> {
  if (given !== undefined) return Buffer.from(given, 'hex')
  const path = join(dataDir, 'secret.key')
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return writeSecretKey(path)
    throw error
  })
  const key = Buffer.from(text.trim(), 'hex')
  if (key.length !== keyBytes) throw new SecretKeyError(`${path} holds no key: expected 64 hexadecimal digits`)
  return key
}

/** On disk whole before anything is sealed with it. */
async function writeSecretKey(path: string): Promise<string> {
  const text = randomBytes(keyBytes).toString('hex')
  const partial = `${path}.partial`
  const file = await open(partial, 'w', 0o600)
  await file.writeFile(`${text}\n`)
  await file.sync()
  await file.close()
  await rename(partial, path)
  return text
}

const checkText = 'sightline'
const checkContext = 'deployment'

/** Records at the first start which key seals this database; errors: `SecretKeyError` at a start with another one. */
export async function checkSecretKey(db: Connection, box: SecretBox, nowMs: number): Promise<void> {
  const sealed = box.seal(checkText, checkContext)
  await db.query('insert into deployment (key_check, created_at) values ($1, $2) on conflict do nothing', [
    sealed,
    new Date(nowMs),
  ])
  const { rows } = await db.query<{ key_check: Buffer }>('select key_check from deployment')
  const found = rows[0]
  if (!found) throw new SecretKeyError('the database holds no record of its key')
  try {
    box.open(found.key_check, checkContext)
  } catch (cause) {
    throw new SecretKeyError(
      'the secrets of this database were sealed with another key: expected the secret.key of its data directory, or its --secret-key',
      { cause },
    )
  }
}
