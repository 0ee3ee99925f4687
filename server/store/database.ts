// The pool, transactions and notifications. How values come back is said once, here, and is the same on 15 and 18:
// int8 a number (an unsafe one throws), real and double a number, numeric text, timestamptz epoch ms (in: `new Date(ms)`),
// json and jsonb the stored text, bytea a Buffer, arrays arrays.
import pg from 'pg'
import type { Logger } from 'pino'

/** What runs statements: the pool, or the one connection of a transaction. */
export type Connection = {
  /**
   * Runs one statement. A `name` keeps its plan on the connection: for hot statements whose plan does not hang on
   * their values; without one every call is planned for its values.
   *
   * Errors: `DatabaseUnavailableError` when the server is gone, else the error of pg.
   */
  query<Row>(text: string, values?: readonly unknown[], name?: string): Promise<{ rows: Row[]; rowCount: number }>
}

export type Database = Connection &
  AsyncDisposable & {
    /**
     * Runs `act` in one transaction; it may run again after a deadlock or a serialization failure, so it holds
     * statements only.
     */
    transaction<Result>(act: (tx: Connection) => Promise<Result>): Promise<Result>
    /**
     * Calls `onNotify` for every notification of a channel until `signal` is aborted; reconnects by itself, and calls
     * `onNotify` after each connect, since what was sent before is unknown. Resolves once it listens, or is aborted.
     */
    listen(channel: Channel, onNotify: () => void, signal: AbortSignal): Promise<void>
  }

export const channels = ['reconcile', 'assignments', 'changes'] as const
export type Channel = (typeof channels)[number]

/** The database cannot answer now; the same call may succeed later. */
export class DatabaseUnavailableError extends Error {
  override name = 'DatabaseUnavailableError'
}

const connectWithinMs = 5_000
const statementWithinMs = 30_000
const idleConnectionMs = 30_000
const reconnectPauseMs = 200
const transactionTriesMax = 4

/** Opens a pool; the first connection is made by the first statement. */
export function openDatabase(options: { url: string; poolMax: number; log: Logger }): Database {
  const pool = new pg.Pool({
    ...connectionOptions(options.url),
    max: options.poolMax,
    idleTimeoutMillis: idleConnectionMs,
    allowExitOnIdle: true,
  })
  pool.on('error', (error) => options.log.debug({ err: error }, 'an idle database connection ended'))
  return {
    query: (text, values, name) => runStatement(pool, text, values, name),
    transaction: (act) => runTransaction(pool, act),
    listen: (channel, onNotify, signal) => listenOn(options, channel, onNotify, signal),
    [Symbol.asyncDispose]: () => pool.end(),
  }
}

/** Asks for a round of the reconciler once this transaction is committed. Once per transaction: NOTIFY serializes commits. */
export async function wakeReconciler(tx: Connection): Promise<void> {
  await notify(tx, 'reconcile')
}

/** Tells every listener of a channel that something changed, once this transaction is committed. */
export async function notify(tx: Connection, channel: Channel): Promise<void> {
  await tx.query(`select pg_notify($1, '')`, [channel], 'notify')
}

/** Whether the database answers; never throws. */
export function isAnswering(db: Connection): Promise<boolean> {
  return db.query('select 1').then(
    () => true,
    () => false,
  )
}

/** How many other connections of a platform this database has; asked on the first connection of a pool. */
export async function selectOtherSessions(db: Connection): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)
       from pg_stat_activity
      where datname = current_database() and application_name = 'sightline' and pid <> pg_backend_pid()`,
  )
  return rows[0]?.count ?? 0
}

/** Lets one transaction at a time do what `turn` names, on all servers of this database, until it ends. */
export async function takeTurn(tx: Connection, turn: 'migrate' | 'first start'): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 2))`, [turn])
}

function connectionOptions(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'sightline',
    connectionTimeoutMillis: connectWithinMs,
    statement_timeout: statementWithinMs,
    idle_in_transaction_session_timeout: statementWithinMs,
    // A little more than the server's own limit: for a server that is gone without a word.
    query_timeout: statementWithinMs + 5_000,
    keepAlive: true,
    options: '-c timezone=UTC -c datestyle=ISO',
    types: { getTypeParser: typeParser },
  }
}

function typeParser(oid: number, format?: 'text' | 'binary'): (text: string) => unknown {
  const parse = format === 'binary' ? undefined : parsers[oid]
  return parse ?? pg.types.getTypeParser(oid, format as 'text')
}

const parsers: Record<number, (text: string) => unknown> = {
  [pg.types.builtins.INT8]: parseInt8,
  [pg.types.builtins.TIMESTAMPTZ]: parseTimestamp,
  [pg.types.builtins.JSON]: (text) => text,
  [pg.types.builtins.JSONB]: (text) => text,
}

function parseInt8(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError('a 64-bit integer of the database is not a safe number')
  return value
}

/** The session's zone is UTC, so the text ends in +00; microseconds are cut. */
function parseTimestamp(text: string): number {
  if (text === 'infinity') return Number.POSITIVE_INFINITY
  if (text === '-infinity') return Number.NEGATIVE_INFINITY
  return Date.parse(`${text.replace(' ', 'T')}:00`)
}

async function runStatement<Row>(
  target: pg.Pool | pg.PoolClient,
  text: string,
  values?: readonly unknown[],
  name?: string,
): Promise<{ rows: Row[]; rowCount: number }> {
  const statement: pg.QueryConfig = { text, ...(values && { values: [...values] }), ...(name && { name }) }
  try {
    const result: pg.QueryResult | pg.QueryResult[] = await target.query(statement)
    // Several statements in one text, as migrations have, give a list of results and are run for their effect.
    if (Array.isArray(result)) return { rows: [], rowCount: 0 }
    return { rows: result.rows, rowCount: result.rowCount ?? result.rows.length }
  } catch (cause) {
    throw isUnavailable(cause) ? new DatabaseUnavailableError('the database did not answer', { cause }) : cause
  }
}

async function runTransaction<Result>(pool: pg.Pool, act: (tx: Connection) => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await tryTransaction(pool, act)
    } catch (error) {
      if (!isConflict(error)) throw error
      if (tries === transactionTriesMax) {
        throw new DatabaseUnavailableError('a transaction met others too often', { cause: error })
      }
    }
  }
}

async function tryTransaction<Result>(pool: pg.Pool, act: (tx: Connection) => Promise<Result>): Promise<Result> {
  const client = await pool.connect().catch((cause: unknown) => {
    throw isUnavailable(cause) ? new DatabaseUnavailableError('no connection to the database', { cause }) : cause
  })
  const tx: Connection = { query: (text, values, name) => runStatement(client, text, values, name) }
  // A connection that ends between two statements says so here; the next statement then fails.
  client.on('error', ignore)
  try {
    await tx.query('begin')
    const result = await act(tx)
    await tx.query('commit')
    client.release()
    return result
  } catch (error) {
    const isLost = error instanceof DatabaseUnavailableError || !(await hasRolledBack(client))
    client.release(isLost)
    throw error
  } finally {
    client.off('error', ignore)
  }
}

const ignore = () => undefined

function hasRolledBack(client: pg.PoolClient): Promise<boolean> {
  return client.query('rollback').then(
    () => true,
    () => false,
  )
}

async function listenOn(
  options: { url: string; log: Logger },
  channel: Channel,
  onNotify: () => void,
  signal: AbortSignal,
): Promise<void> {
  const listening = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => listening.resolve(), { once: true })
  const keepListening = async () => {
    while (!signal.aborted) {
      await listenOnce(options, channel, onNotify, signal, listening.resolve)
      if (!signal.aborted) await pause(reconnectPauseMs, signal)
    }
  }
  void keepListening()
  await listening.promise
}

/** Listens on one connection until it ends; never throws. */
async function listenOnce(
  options: { url: string; log: Logger },
  channel: Channel,
  onNotify: () => void,
  signal: AbortSignal,
  onListening: () => void,
): Promise<void> {
  const client = new pg.Client(connectionOptions(options.url))
  const ended = Promise.withResolvers<void>()
  const end = () => ended.resolve()
  client.on('error', end)
  client.on('end', end)
  client.on('notification', onNotify)
  signal.addEventListener('abort', end, { once: true })
  try {
    await client.connect()
    await client.query(`listen ${client.escapeIdentifier(channel)}`)
    onListening()
    onNotify()
    await ended.promise
  } catch (error) {
    options.log.debug({ err: error, channel }, 'not listening to the database')
  } finally {
    signal.removeEventListener('abort', end)
    await client.end().catch(() => undefined)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  const done = Promise.withResolvers<void>()
  const timer = setTimeout(done.resolve, ms)
  signal.addEventListener(
    'abort',
    () => {
      clearTimeout(timer)
      done.resolve()
    },
    { once: true },
  )
  return done.promise
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function isConflict(error: unknown): boolean {
  return ['40001', '40P01'].includes(codeOf(error))
}

// 08 connection, 53 resources, 57P01 to 57P05 shutdown, crash, starting, dropped, idle; 57014 statement time-out,
// 25P03 idle in transaction, 25006 a standby that takes no writes.
const unavailableStates = /^(08|53)...$|^57P0[1-5]$|^57014$|^25P03$|^25006$/
const unavailableSystemCodes =
  /^(E(CONNREFUSED|CONNRESET|PIPE|NOENT|TIMEDOUT|HOSTUNREACH|NETUNREACH|AI_AGAIN|NOTFOUND))$/
// The driver's own failures carry no code.
const driverMessages =
  /^(Connection terminated|timeout expired|timeout exceeded|Query read timeout|Client has encountered)/

function isUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnavailable)
  if (!(error instanceof Error)) return false
  const code = codeOf(error)
  if (code) return unavailableStates.test(code) || unavailableSystemCodes.test(code)
  return driverMessages.test(error.message)
}
