// `export`: every row of what is exported to a line of a file, which is there whole or not at all.
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import type { Database } from '../store/database.ts'
import { readRows, readSnapshot } from '../store/export-rows.ts'
import type { SecretBox } from '../store/secrets.ts'
import { formatVersion, type LineKind, lineKinds } from './lines.ts'
import type { createLineSecrets } from './passphrase.ts'
import { writeLine } from './write-lines.ts'

/** Absent: secrets are masked, and no key is needed. */
export type SecretsToExport = { box: SecretBox; encryption: Awaited<ReturnType<typeof createLineSecrets>> } | undefined

export type Exported = Record<LineKind, number>

/** Exports to a path; `-` is standard output. Gives how many lines of each kind there are. */
export async function exportToFile(database: Database, file: string, secrets: SecretsToExport): Promise<Exported> {
  if (file === '-') return exportTo(database, process.stdout, secrets)
  if (await isSpecial(file)) return exportInto(database, file, secrets)
  const partial = `${file}.partial`
  try {
    const exported = await exportInto(database, partial, secrets)
    await rename(partial, file)
    await syncFolder(dirname(file))
    return exported
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

/** A pipe or a device, which nothing may take the place of. */
async function isSpecial(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => !found.isFile(),
    () => false,
  )
}

async function exportInto(database: Database, path: string, secrets: SecretsToExport): Promise<Exported> {
  // Readable by its owner alone: it holds what every user of every project has.
  const stream = createWriteStream(path, { mode: 0o600, flush: true })
  await once(stream, 'open')
  const exported = await exportTo(database, stream, secrets)
  stream.end()
  await once(stream, 'close')
  return exported
}

async function exportTo(database: Database, stream: Writable, secrets: SecretsToExport): Promise<Exported> {
  const failed = new AbortController()
  stream.once('error', (error) => failed.abort(error))
  const write = async (text: string) => {
    if (!stream.write(text)) await once(stream, 'drain', { signal: failed.signal }).catch(throwReason(failed.signal))
    failed.signal.throwIfAborted()
  }
  await write(headerLine(secrets))
  return readSnapshot(database, async (tx) => {
    const exported: Partial<Exported> = {}
    const out = secrets && { box: secrets.box, line: secrets.encryption.secrets }
    for (const kind of lineKinds) {
      exported[kind] = 0
      for await (const rows of readRows(tx, kind)) {
        await write(rows.map((row) => writeLine(kind, row, out)).join(''))
        exported[kind] += rows.length
      }
    }
    return exported as Exported
  })
}

/** What ended the stream, instead of the word that it was aborted. */
const throwReason = (signal: AbortSignal) => (error: unknown) => {
  throw signal.aborted ? signal.reason : error
}

function headerLine(secrets: SecretsToExport): string {
  const header = { kind: 'sightline', version: formatVersion, ...(secrets && { secrets: secrets.encryption.header }) }
  return `${JSON.stringify(header)}\n`
}

/** A rename is on disk once its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  await folder.sync()
  await folder.close()
}
