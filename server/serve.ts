// `./sightline serve`: holds the data directory and the embedded database, and supervises the server and one worker.
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { SupervisedChild } from './child.ts'
import { type Config, ConfigError, readConfig } from './config.ts'
import type { FromServer, ToServer } from './ipc.ts'
import { createLogger } from './logger.ts'
import { DataDirHeldError, holdDataDir } from './store/data-dir.ts'
import { type Embedded, startEmbedded } from './store/embedded.ts'
import { EmbeddedUnavailableError } from './store/embedded-account.ts'

// Together less than the 10 s in which a stop must be over.
const childStopWithinMs = 4_500
const exitFailed = 1
const exitUsage = 2

async function serve(config: Config): Promise<void> {
  const log = createLogger(config.logLevel, 'serve')
  await holdDataDir(config.dataDir)
  const embedded = config.databaseUrl ? undefined : await startEmbedded({ dataDir: config.dataDir, log })
  new Platform({ config, databaseUrl: config.databaseUrl ?? embedded?.url ?? '', embedded, log }).start()
}

type PlatformOptions = { config: Config; databaseUrl: string; embedded: Embedded | undefined; log: Logger }

/** The processes of one platform: starting, then ready once, then stopping. */
// A look-up of a name holds a thread while a resolver is silent; of the default of 4, two such names held up every webhook.
const workerThreads = '64'

class Platform {
  readonly #options: PlatformOptions
  readonly #server: SupervisedChild
  readonly #worker: SupervisedChild
  #joinToken = Promise.withResolvers<string>()
  #port: number
  #isReady = false
  #isStopping = false

  constructor(options: PlatformOptions) {
    this.#options = options
    this.#port = options.config.port
    const mayRestart = () => !this.#isStopping
    this.#server = new SupervisedChild({
      file: new URL('main.ts', import.meta.url),
      name: 'server',
      log: options.log,
      environment: async () => withoutSettings(),
      onSpawn: (child) => this.#greet(child),
      mayRestart: () => this.#isReady && mayRestart(),
    })
    this.#worker = new SupervisedChild({
      file: new URL('../worker/main.ts', import.meta.url),
      name: 'worker',
      log: options.log,
      environment: () => this.#workerEnvironment(),
      mayRestart,
    })
  }

  start(): void {
    process.on('SIGTERM', () => this.#onSignal())
    process.on('SIGINT', () => this.#onSignal())
    this.#server.start()
    // Started by a program over a channel, it ends with that one, however it ended, even before this line.
    process.once('disconnect', () => void this.#stop(0))
    if (process.connected === false) void this.#stop(0)
  }

  #greet(child: ChildProcess): void {
    const { config, databaseUrl } = this.#options
    child.on('message', (message) => this.#onMessage(message as FromServer))
    // A server that ends before it was ever ready cannot start at all.
    child.on('exit', () => {
      if (!this.#isReady) void this.#stop(exitFailed)
    })
    const start: ToServer = { kind: 'start', config: { ...config, port: this.#port }, databaseUrl }
    child.send(start)
  }

  #onMessage(message: FromServer): void {
    if (message.kind === 'failed') complain(message.message)
    if (message.kind === 'join_token') this.#joinToken.resolve(message.token)
    if (message.kind === 'ready') this.#onReady(message)
  }

  #onReady({ port, adminPassword }: Extract<FromServer, { kind: 'ready' }>): void {
    if (this.#isReady) {
      // The server that was asked for a join token may have ended before it answered.
      this.#askForJoinToken()
      return
    }
    this.#isReady = true
    this.#port = port
    if (adminPassword !== undefined) console.log(`admin password: ${adminPassword}`)
    console.log(`ready http://${hostInUrl(this.#options.config.host)}:${port}`)
    if (this.#options.config.hasLocalWorker) this.#worker.start()
  }

  async #workerEnvironment(): Promise<NodeJS.ProcessEnv> {
    const { config } = this.#options
    this.#joinToken = Promise.withResolvers()
    this.#askForJoinToken()
    return {
      ...withoutSettings(),
      UV_THREADPOOL_SIZE: workerThreads,
      SIGHTLINE_SERVER: `http://${reachableHost(config.host)}:${this.#port}`,
      SIGHTLINE_JOIN: await this.#joinToken.promise,
      SIGHTLINE_DATA_DIR: join(config.dataDir, 'worker'),
      SIGHTLINE_LOG_LEVEL: config.logLevel,
    }
  }

  #askForJoinToken(): void {
    const request: ToServer = { kind: 'join_token' }
    if (this.#options.config.hasLocalWorker) this.#server.send(request)
  }

  #onSignal(): void {
    if (!this.#isStopping) {
      void this.#stop(0)
      return
    }
    this.#server.kill()
    this.#worker.kill()
    process.exit(exitFailed)
  }

  async #stop(exitCode: number): Promise<void> {
    if (this.#isStopping) return
    this.#isStopping = true
    await Promise.all([this.#worker.stop(childStopWithinMs), this.#server.stop(childStopWithinMs)])
    await this.#options.embedded?.[Symbol.asyncDispose]()
    process.exit(exitCode)
  }
}

/** Settings reach the children in messages, or under the names that the child knows. */
function withoutSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SIGHTLINE_')))
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/** Where a process of this machine reaches a server that listens on every address. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '[::1]' : hostInUrl(host)
}

function complain(message: string): void {
  console.error(`sightline: ${message}`)
}

try {
  await serve(readConfig(process.argv.slice(2), process.env))
} catch (error) {
  const isExpected =
    error instanceof ConfigError || error instanceof DataDirHeldError || error instanceof EmbeddedUnavailableError
  complain(error instanceof Error ? error.message : String(error))
  if (!isExpected) console.error(error)
  process.exit(error instanceof ConfigError ? exitUsage : exitFailed)
}
