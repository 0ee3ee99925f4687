// The master key of a deployment: given in the environment, or a file of the data directory, made at the first start.
import { randomBytes } from 'node:crypto'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { keyBytes, SecretKeyError } from './secrets.ts'

/** Which keys may open a database: the one in use, and the next one of a rotation that was cut short. */
export type MasterKeys = { current?: Uint8Array; next?: Uint8Array }

const pathOf = (dataDir: string) => join(dataDir, 'secret.key')
const nextPathOf = (dataDir: string) => join(dataDir, 'secret.key.next')

/**
 * The key that was given as 64 hexadecimal digits, else what the data directory holds.
 *
 * Errors: `SecretKeyError` for a file that holds something else.
 */
export async function readMasterKeys(dataDir: string, given: string | undefined): Promise<MasterKeys> {
  if (given !== undefined) return { current: Buffer.from(given, 'hex') }
  const current = await readKey(pathOf(dataDir))
  const next = await readKey(nextPathOf(dataDir))
  return { ...(current && { current }), ...(next && { next }) }
}

async function readKey(path: string): Promise<Uint8Array | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  if (!/^[0-9a-fA-F]{64}$/.test(text.trim())) {
    throw new SecretKeyError(`${path} holds no key: expected 64 hexadecimal digits`)
  }
  return Buffer.from(text.trim(), 'hex')
}

export const newMasterKey = (): Uint8Array => randomBytes(keyBytes)

/** On disk whole, readable by its owner alone, before anything is sealed with it. */
export async function writeMasterKey(dataDir: string, key: Uint8Array): Promise<void> {
  await writeKey(pathOf(dataDir), key)
}

/** Beside the one in use, until the database is sealed with it. */
export async function writeNextMasterKey(dataDir: string, key: Uint8Array): Promise<void> {
  await writeKey(nextPathOf(dataDir), key)
}

/** The next key is the one in use from now on. */
export async function promoteNextMasterKey(dataDir: string): Promise<void> {
  await rename(nextPathOf(dataDir), pathOf(dataDir))
  await syncFolder(dataDir)
}

/** A rotation was cut short before the database was sealed with it. */
export async function deleteNextMasterKey(dataDir: string): Promise<void> {
  await rm(nextPathOf(dataDir), { force: true })
}

async function writeKey(path: string, key: Uint8Array): Promise<void> {
  const partial = `${path}.partial`
  await rm(partial, { force: true })
  const file = await open(partial, 'wx', 0o600)
  await file.writeFile(`${Buffer.from(key).toString('hex')}\n`)
  await file.sync()
  await file.close()
  await rename(partial, path)
  await syncFolder(dirname(path))
}

/** A rename is on disk once its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  await folder.sync()
  await folder.close()
}
