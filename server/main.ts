// The server process, wiring only: database, first start, routes, reconciler, shutdown. `serve.ts` starts it.
import { lookup } from 'node:dns/promises'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { AddressPolicy } from '@sightline/contract/fleet.ts'
import type { Logger } from 'pino'
import type { Door } from './api/call.ts'
import { addHealth } from './api/health.ts'
import { addRoutes, createHttp } from './api/http.ts'
import { createRoutes } from './api/router.ts'
import { TokenCache } from './api/token-cache.ts'
import { bootstrap } from './bootstrap.ts'
import { issueJoinToken } from './fleet/credentials.ts'
import { fleetRoutes } from './fleet/routes.ts'
import type { FromServer, ToServer } from './ipc.ts'
import { createLogger } from './logger.ts'
import { ownAddresses } from './own-addresses.ts'
import { startReconciler } from './reconcile/loop.ts'
import { deleteOldSignInFailures } from './store/accounts.ts'
import { deleteOldAudit } from './store/audit.ts'
import { openSecretBox } from './store/data-keys.ts'
import { type Database, DatabaseUnavailableError, openDatabase } from './store/database.ts'
import { deleteOldIdempotencyKeys } from './store/idempotency.ts'
import { migrate, PostgresTooOldError, SchemaTooNewError } from './store/migrate.ts'
import { SecretKeyError } from './store/secrets.ts'
import { deleteEmptyServices } from './store/services.ts'
import { foldTaskCounts } from './store/task-counts.ts'
import { deleteExpiredTokens } from './store/tokens.ts'

const version = '0.1.0'
const poolMax = 20
const sweepEveryMs = 5_000
const foldEveryMs = 1_000
const joinTokenPauseMs = 1_000
const exitFailed = 1

const clock = () => Date.now()
const say = (message: FromServer) => process.send?.(message)

async function startServer({ config, databaseUrl }: Extract<ToServer, { kind: 'start' }>): Promise<void> {
  const log = createLogger(config.logLevel, 'server')
  const database = openDatabase({ url: databaseUrl, poolMax, log })
  await migrate(database, clock())
  const secretBox = await openSecretBox(database, config, clock())
  const { adminPassword, projectId } = config
  const first = await bootstrap(database, { secretBox, nowMs: clock(), adminPassword, projectId })

  let policy: AddressPolicy = { ...config.addresses, own: [] }
  const door: Door = {
    ...{
      database,
      secretBox,
      clock,
      log,
      addressPolicy: () => policy,
      tokens: new TokenCache(() => performance.now()),
    },
    ...{ isStrict: config.isStrict, isMaintenance: config.isMaintenance, hasRateLimit: config.hasRateLimit },
    isGatewayStyle: config.isGatewayStyle,
    ...(config.publicUrl !== undefined && { publicUrl: config.publicUrl }),
  }
  const app = createHttp(door)
  addHealth(app, database, version)
  addRoutes(app, door, createRoutes(door))
  await fleetRoutes(app, door)
  await app.listen({ host: config.host, port: config.port })
  const port = portOf(app.server.address())
  policy = { ...policy, own: await ownAddresses({ ...surroundings(), host: config.host, port, databaseUrl }) }

  const reconciler = config.isMaintenance ? undefined : await startReconciler({ database, clock, log })
  const sweep = config.isMaintenance ? undefined : setInterval(() => void sweepStore(database, log), sweepEveryMs)
  const fold = config.isMaintenance ? undefined : setInterval(() => void foldCounts(database, log), foldEveryMs)
  onStop(async () => {
    clearInterval(sweep)
    clearInterval(fold)
    await app.close()
    await reconciler?.[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })
  process.on('message', (message: ToServer) => {
    if (message.kind === 'join_token') void sayJoinToken(database, log)
  })
  say({ kind: 'ready', port, ...first })
}

async function sayJoinToken(database: Database, log: Logger): Promise<void> {
  try {
    const { token } = await issueJoinToken(database, clock())
    say({ kind: 'join_token', token })
  } catch (error) {
    log.warn({ err: error }, 'no join token for the local worker; it is asked for again')
    setTimeout(() => void sayJoinToken(database, log), joinTokenPauseMs)
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (typeof address !== 'object' || !address) throw new Error('the server listens nowhere')
  return address.port
}

function surroundings() {
  const local = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return { localAddresses: local.map(({ address }) => address), lookup: (host: string) => lookup(host, { all: true }) }
}

/** What expires, and services whose last task is gone. */
async function sweepStore(database: Database, log: Logger): Promise<void> {
  try {
    await deleteExpiredTokens(database, clock())
    await deleteOldSignInFailures(database, clock())
    await deleteOldAudit(database, clock())
    await deleteEmptyServices(database)
    await deleteOldIdempotencyKeys(database, clock())
  } catch (error) {
    if (!(error instanceof DatabaseUnavailableError)) log.error({ err: error }, 'a sweep of the store failed')
  }
}

/** Keeps the rows that are summed up for a count few. */
async function foldCounts(database: Database, log: Logger): Promise<void> {
  await foldTaskCounts(database).catch((error: unknown) => {
    if (!(error instanceof DatabaseUnavailableError)) log.error({ err: error }, 'the numbers of tasks were not folded')
  })
}

/** Stops once: when it is told, or when the supervising process is gone. A second signal stops at once. */
function onStop(stop: () => Promise<void>): void {
  let isStopping = false
  const begin = () => {
    if (isStopping) process.exit(exitFailed)
    isStopping = true
    stop().then(
      () => process.exit(0),
      () => process.exit(exitFailed),
    )
  }
  process.on('SIGTERM', begin)
  process.on('SIGINT', begin)
  process.on('disconnect', () => {
    if (!isStopping) begin()
  })
}

const expected = [DatabaseUnavailableError, PostgresTooOldError, SchemaTooNewError, SecretKeyError]

function fail(error: unknown): void {
  const isExpected = expected.some((kind) => error instanceof kind) || isAddressInUse(error)
  if (!isExpected) console.error(error)
  say({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
  process.exit(exitFailed)
}

function isAddressInUse(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && ['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES'].includes(String(error.code))
  )
}

process.on('message', (message: ToServer) => {
  if (message.kind === 'start') startServer(message).catch(fail)
})
// Until it has started, the end of the supervising process is its own.
process.once('disconnect', () => setTimeout(() => process.exit(exitFailed), 8_000).unref())
