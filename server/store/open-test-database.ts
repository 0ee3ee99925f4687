// For tests: a migrated database of their own, on the embedded PostgreSQL or on the one that
// SIGHTLINE_TEST_DATABASE_URL names; the same tests run on both.
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe } from 'node:test'
import pg from 'pg'
import { pino } from 'pino'
import { type Database, openDatabase } from './database.ts'
import { startEmbedded } from './embedded.ts'
import { migrate } from './migrate.ts'

/** Any moment will do; tests own the clock. */
export const testNowMs = Date.UTC(2027, 0, 1)

export type TestDatabase = AsyncDisposable & { database: Database; url: string }

const log = pino({ level: 'silent' })

/** A fresh database with the whole schema and no rows. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const server = await openServer(process.env.SIGHTLINE_TEST_DATABASE_URL)
  const database = openDatabase({ url: server.url, poolMax: 8, log })
  const close = async () => {
    await database[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  }
  await migrate(database, testNowMs).catch(async (error: unknown) => {
    await close()
    throw error
  })
  return { database, url: server.url, [Symbol.asyncDispose]: close }
}

/** Holds store tests: `database()` may be called inside a test; what the tests of one `describeStore` write they share. */
export function describeStore(name: string, tests: (database: () => Database) => void): void {
  describe(name, () => {
    let opened: TestDatabase | undefined
    before(async () => {
      opened = await openTestDatabase()
    })
    after(() => opened?.[Symbol.asyncDispose]())
    tests(() => {
      if (!opened) throw new Error('the database is open inside a test only')
      return opened.database
    })
  })
}

type Server = AsyncDisposable & { url: string }

function openServer(external: string | undefined): Promise<Server> {
  return external ? openExternal(external) : openEmbedded()
}

async function openEmbedded(): Promise<Server> {
  const dataDir = await mkdtemp(join(tmpdir(), 'sightline-test-'))
  // As holdDataDir leaves it: the database of a root-run test belongs to another user.
  await chmod(dataDir, 0o711)
  const embedded = await startEmbedded({ dataDir, log, settings: { fsync: 'off', full_page_writes: 'off' } })
  return {
    url: embedded.url,
    [Symbol.asyncDispose]: async () => {
      await embedded[Symbol.asyncDispose]()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function openExternal(url: string): Promise<Server> {
  const name = `sightline_${randomBytes(6).toString('hex')}`
  await administer(url, `create database ${name} template template0 encoding 'UTF8'`)
  const own = new URL(url)
  own.pathname = `/${name}`
  return {
    url: own.href,
    [Symbol.asyncDispose]: () => administer(url, `drop database ${name} with (force)`),
  }
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(statement).finally(() => client.end())
}
