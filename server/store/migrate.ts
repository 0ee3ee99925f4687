// Brings a database to the schema of this version: numbered files, forward only, each in its own transaction.
import { readdir, readFile } from 'node:fs/promises'
import { type Connection, type Database, takeTurn } from './database.ts'

/** The database was written by a version whose schema this one must not touch. */
export class SchemaTooNewError extends Error {
  override name = 'SchemaTooNewError'
}

/** The server is older than the oldest PostgreSQL that is supported. */
export class PostgresTooOldError extends Error {
  override name = 'PostgresTooOldError'
}

type Migration = { number: number; name: string; text: string; isBreaking: boolean }

const oldestPostgres = 150000

/**
 * Applies the migrations that the database lacks.
 *
 * Shape: the names of those it applied, in order.
 * Errors: `PostgresTooOldError`; `SchemaTooNewError` when a newer version made a breaking migration here.
 */
export async function migrate(database: Database, nowMs: number): Promise<string[]> {
  await checkVersion(database)
  const migrations = await readMigrations()
  return database.transaction(async (tx) => {
    await takeTurn(tx, 'migrate')
    await tx.query(
      `create table if not exists migration (
         number      integer primary key,
         name        text not null,
         is_breaking boolean not null,
         applied_at  timestamptz not null
       )`,
    )
    return applyMissing(tx, migrations, nowMs)
  })
}

async function applyMissing(tx: Connection, migrations: Migration[], nowMs: number): Promise<string[]> {
  const { rows } = await tx.query<{ number: number; name: string; is_breaking: boolean }>(
    'select number, name, is_breaking from migration order by number',
  )
  const known = new Set(migrations.map(({ number }) => number))
  const foreign = rows.find((row) => row.is_breaking && !known.has(row.number))
  if (foreign) throw new SchemaTooNewError(`the database holds the newer schema ${foreign.name}`)
  const applied = new Set(rows.map(({ number }) => number))
  const missing = migrations.filter(({ number }) => !applied.has(number))
  for (const migration of missing) {
    await tx.query(migration.text)
    await tx.query('insert into migration (number, name, is_breaking, applied_at) values ($1, $2, $3, $4)', [
      migration.number,
      migration.name,
      migration.isBreaking,
      new Date(nowMs),
    ])
  }
  return missing.map(({ name }) => name)
}

async function checkVersion(database: Database): Promise<void> {
  const { rows } = await database.query<{ server_version_num: string }>('show server_version_num')
  const version = Number(rows[0]?.server_version_num)
  if (version < oldestPostgres) {
    throw new PostgresTooOldError(`the database is PostgreSQL ${Math.trunc(version / 10_000)}, expected 15 or newer`)
  }
}

/** A migration is breaking when its first line holds the word: an older server then refuses to start. */
async function readMigrations(): Promise<Migration[]> {
  const folder = new URL('migrations/', import.meta.url)
  const names = (await readdir(folder)).filter((name) => /^\d{4}_\w+\.sql$/.test(name)).sort()
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(new URL(name, folder), 'utf8')
      return { number: Number(name.slice(0, 4)), name, text, isBreaking: /^--.*\bbreaking\b/.test(text) }
    }),
  )
}
