// Secrets of outputs at rest: AES-256-GCM under a key that lies beside the spool, readable by its owner only.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const ivBytes = 12
const tagBytes = 16
const keyBytes = 32

export type Seal = {
  /** `context` says what is sealed; it must be the same when it is opened. */
  close(value: unknown, context: string): Uint8Array
  /** `undefined` when it was sealed with another key or for another context, or was changed. */
  open(sealed: Uint8Array, context: string): unknown
}

function readOrMakeKey(path: string): Buffer {
  try {
    const key = readFileSync(path)
    if (key.length === keyBytes) return key
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  const key = randomBytes(keyBytes)
  const file = openSync(path, 'w', 0o600)
  writeSync(file, key)
  fsyncSync(file)
  closeSync(file)
  return key
}

/** The seal of a spool directory; the key is made when it is missing, and what the lost one sealed stays shut. */
export function openSeal(directory: string): Seal {
  const key = readOrMakeKey(join(directory, 'key'))
  return {
    close(value, context) {
      const iv = randomBytes(ivBytes)
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context))
      const body = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()])
      return Buffer.concat([iv, cipher.getAuthTag(), body])
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed)
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
        decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes))
        const body = Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()])
        return JSON.parse(body.toString('utf8'))
      } catch {
        // A wrong key and changed bytes look the same, and mean the same: the output has to be assigned again.
        return undefined
      }
    },
  }
}
