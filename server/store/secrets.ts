// Secrets at rest: AES-256-GCM under data keys, which lie in the database sealed with the deployment's master key.
// decisions/0025 says why.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

/** The key does not open what this database holds. */
export class SecretKeyError extends Error {
  override name = 'SecretKeyError'
}

export type SealedTable = 'task' | 'project' | 'access_key'
/** Where a sealed value lies; it opens nowhere else. `projectId` is empty where the row belongs to no project. */
export type SealContext = { table: SealedTable; id: string; projectId: string }

/** Seals texts for storing. */
export type SecretBox = {
  /** With the newest data key. */
  seal(text: string, context: SealContext): Buffer
  /** Errors: `SecretKeyError` for an unknown key, another context or a changed text. */
  open(sealed: Uint8Array, context: SealContext): string
}

/** `key` in clear. */
export type DataKey = { id: number; key: Uint8Array }

const algorithm = 'aes-256-gcm'
export const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16
// First byte of what is sealed. 1: with the master key itself, its context the id alone; 2: with the data key whose id
// follows in four bytes.
const byMasterKey = 1
const byDataKey = 2
const dataHeaderBytes = 5

/** Opens with every key it is given, seals with that of the highest id; without data keys the master key is its own. */
export function createSecretBox(
  masterKey: Uint8Array,
  dataKeys: readonly DataKey[] = [{ id: 0, key: masterKey }],
): SecretBox {
  const byId = new Map(dataKeys.map(({ id, key }) => [id, key]))
  const newest = dataKeys.reduce((last, one) => (one.id > last.id ? one : last))
  const header = sealedHeader(newest.id)
  return {
    seal: (text, context) => {
      return Buffer.concat([header, encrypt(newest.key, Buffer.from(text), bound(header, context))])
    },
    open: (sealed, context) => {
      try {
        if (sealed[0] === byMasterKey) {
          return decrypt(masterKey, sealed.subarray(1), Buffer.from(context.id)).toString('utf8')
        }
        const found = Buffer.from(sealed.subarray(0, dataHeaderBytes))
        const key = found[0] === byDataKey ? byId.get(found.readUInt32BE(1)) : undefined
        if (!key) throw new SecretKeyError('it was sealed with a key that is not here')
        return decrypt(key, sealed.subarray(dataHeaderBytes), bound(found, context)).toString('utf8')
      } catch (cause) {
        throw new SecretKeyError(`a secret of ${context.table} ${context.id} could not be opened`, { cause })
      }
    },
  }
}

/** How every value begins that the data key `id` sealed. */
export function sealedHeader(id: number): Buffer {
  const header = Buffer.alloc(dataHeaderBytes)
  header[0] = byDataKey
  header.writeUInt32BE(id, 1)
  return header
}

/** JSON keeps the parts apart whatever they hold. */
function bound(header: Buffer, { table, id, projectId }: SealContext): Buffer {
  return Buffer.concat([header, Buffer.from(JSON.stringify([table, id, projectId]))])
}

/** Shape: nonce, tag, then the text. `context` is not in it and must be the same when it is decrypted. */
export function encrypt(key: Uint8Array, text: Uint8Array, context: Uint8Array): Buffer {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(context)
  const body = Buffer.concat([cipher.update(text), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), body])
}

/** Errors: throws for another key, another context or a changed text. */
export function decrypt(key: Uint8Array, encrypted: Uint8Array, context: Uint8Array): Buffer {
  const nonce = encrypted.subarray(0, nonceBytes)
  const tag = encrypted.subarray(nonceBytes, nonceBytes + tagBytes)
  // Without a length a shorter tag would do, which is easier to guess.
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes }).setAAD(context).setAuthTag(tag)
  return Buffer.concat([decipher.update(encrypted.subarray(nonceBytes + tagBytes)), decipher.final()])
}
