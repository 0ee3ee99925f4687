// The database of a platform that is stopped, opened by a command.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { holdDataDir } from '../store/data-dir.ts'
import { type Database, openDatabase, selectOtherSessions } from '../store/database.ts'
import { startEmbedded } from '../store/embedded.ts'
import { migrate } from '../store/migrate.ts'

/** A command cannot do what it was asked for; the message is for the user. */
export class TransferError extends Error {
  override name = 'TransferError'
}

export type Place = { dataDir: string; databaseUrl?: string }

const poolMax = 4
// A million tasks fill many pages again and again; a checkpoint writes each of them whole.
const importSettings = { shared_buffers: '256MB', max_wal_size: '2GB', checkpoint_timeout: '30min' }

/**
 * Opens what is there, brought to the schema of this version.
 *
 * Errors: `TransferError` when there is nothing; `DataDirHeldError` while a server holds the data directory.
 */
export async function openExisting(
  disposables: AsyncDisposableStack,
  place: Place,
  { log, nowMs }: { log: Logger; nowMs: number },
): Promise<Database> {
  const { dataDir, databaseUrl } = place
  if (databaseUrl === undefined && !existsSync(join(dataDir, 'postgres'))) {
    throw new TransferError(`${dataDir} holds no platform: expected the --data-dir of one, or its --database-url`)
  }
  // The keys of a platform on an external database may lie elsewhere.
  if (existsSync(dataDir)) disposables.use(await holdDataDir(dataDir))
  return open(disposables, place, { log, nowMs })
}

/** As `openExisting`, and makes what is missing. */
export async function openOrMake(
  disposables: AsyncDisposableStack,
  place: Place,
  { log, nowMs }: { log: Logger; nowMs: number },
): Promise<Database> {
  disposables.use(await holdDataDir(place.dataDir))
  return open(disposables, place, { log, nowMs, settings: importSettings })
}

async function open(
  disposables: AsyncDisposableStack,
  { dataDir, databaseUrl }: Place,
  { log, nowMs, settings = {} }: { log: Logger; nowMs: number; settings?: Record<string, string> },
): Promise<Database> {
  const url = databaseUrl ?? disposables.use(await startEmbedded({ dataDir, log, settings })).url
  const database = disposables.use(openDatabase({ url, poolMax, log }))
  if ((await selectOtherSessions(database)) > 0) {
    throw new TransferError('a server uses this database: stop it first')
  }
  await migrate(database, nowMs)
  return database
}
