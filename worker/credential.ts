// The credential of this node, kept in its data directory for the next start.
import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

export type KeptCredential = { node_id: string; credential: string }

const pathIn = (dataDir: string) => join(dataDir, 'node.json')

/** `undefined` when there is none, or the file is not whole. */
export async function readCredential(dataDir: string): Promise<KeptCredential | undefined> {
  try {
    const kept: Partial<KeptCredential> = JSON.parse(await readFile(pathIn(dataDir), 'utf8'))
    const { node_id, credential } = kept
    return typeof node_id === 'string' && typeof credential === 'string' ? { node_id, credential } : undefined
  } catch {
    // Missing and damaged mean the same: the node has to join again.
    return undefined
  }
}

/** Readable by its owner only; whole or not there at all. */
export async function writeCredential(dataDir: string, kept: KeptCredential): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const path = pathIn(dataDir)
  const temporary = `${path}.${randomUUID()}`
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(JSON.stringify(kept))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}

export async function deleteCredential(dataDir: string): Promise<void> {
  await rm(pathIn(dataDir), { force: true })
}
