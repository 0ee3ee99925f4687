// The PostgreSQL that npm installed, under our own supervision: a unix socket and nothing else, restarted when it dies,
// ended when this process dies.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import { type EmbeddedAccount, EmbeddedUnavailableError, prepareAccount } from './embedded-account.ts'
import { embeddedUser, endLeftovers, makeCluster, makeSocketDir } from './embedded-cluster.ts'

export type Embedded = AsyncDisposable & {
  /** For `openDatabase`; stays the same however often the server is restarted. */
  url: string
}

type EmbeddedOptions = {
  /** Held by the caller; the database lies in its `postgres`. */
  dataDir: string
  log: Logger
  /** Over the settings below: a test needs no fsync, an import more memory. */
  settings?: Record<string, string>
}

const startWithinMs = 120_000
const pollMs = 25
const stopWithinMs = 8_000
const restartPauseMs = { first: 100, last: 5_000 }

// Small: a platform at rest, database included, stays under 350 MB. Synchronous I/O saves PostgreSQL's I/O workers,
// minimal WAL what replication would need.
const settings: Record<string, string> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  max_connections: '60',
  shared_buffers: '48MB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  max_wal_size: '512MB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  io_method: 'sync',
  autovacuum_max_workers: '2',
  max_worker_processes: '2',
  max_parallel_workers: '0',
  max_parallel_workers_per_gather: '0',
  autovacuum_naptime: '15s',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  log_line_prefix: '',
}

// Standard input is a pipe that only the platform holds: when it ends, however the platform died, so does PostgreSQL.
// SIGINT is its fast shutdown, SIGQUIT the immediate one. The first argument is the grace in seconds.
const guard = `
grace=$1; shift
exec 3<&0 </dev/null
"$@" 3<&- & postgres=$!
{ while read -r _ <&3; do :; done
  sleep $grace & timer=$!
  trap 'kill $timer; wait $timer; exit' TERM
  kill -INT $postgres; wait $timer; kill -QUIT $postgres; } 2>/dev/null & watch=$!
exec 3<&-
trap '' INT TERM HUP
wait $postgres; code=$?
{ kill $watch; wait $watch; } 2>/dev/null
exit $code`
const guardGraceSeconds = 6

/**
 * Starts the embedded database and keeps it running until disposed.
 *
 * Errors: `EmbeddedUnavailableError` when this machine or this data directory cannot have one; the message says why.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const account = await prepareAccount(options.dataDir)
  const cluster = join(resolve(options.dataDir), 'postgres')
  await makeCluster(account, cluster)
  await endLeftovers(cluster)
  const socketDir = await makeSocketDir(account, options.dataDir)
  const command = [join(account.binDir, 'postgres'), '-D', cluster, ...settingArguments(socketDir, options.settings)]
  const url = `postgresql:///postgres?host=${encodeURIComponent(socketDir)}&user=${embeddedUser}`
  const supervisor = new Supervisor({ account, command, cluster, log: options.log })
  await supervisor.start(url)
  return { url, [Symbol.asyncDispose]: () => supervisor.stop() }
}

function settingArguments(socketDir: string, extra?: Record<string, string>): string[] {
  const all = { ...settings, ...extra, unix_socket_directories: socketDir }
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** Holds the guard process: at most one, restarted until `stop`. */
class Supervisor {
  readonly #options: { account: EmbeddedAccount; command: string[]; cluster: string; log: Logger }
  #child: ChildProcess | undefined
  #isStopping = false
  #pauseMs = restartPauseMs.first
  #lastLine = ''

  constructor(options: { account: EmbeddedAccount; command: string[]; cluster: string; log: Logger }) {
    this.#options = options
  }

  /** Resolves once the server answers; rejects when it ends before, or takes too long. */
  async start(url: string): Promise<void> {
    const child = this.#spawn()
    const deadlineMs = performance.now() + startWithinMs
    while (child.exitCode === null && child.signalCode === null && performance.now() < deadlineMs) {
      if (await answers(url)) {
        child.on('exit', () => this.#restart())
        return
      }
      await wait(pollMs)
    }
    await this.stop()
    throw new EmbeddedUnavailableError(`the embedded database did not start: ${this.#lastLine || 'no word from it'}`)
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.stdin?.end()
    const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs)
    await exited
    clearTimeout(timer)
  }

  #spawn(): ChildProcess {
    const { account, command } = this.#options
    const [program, ...args] = [...account.prefix, 'sh', '-c', guard, 'sh', String(guardGraceSeconds), ...command]
    const child = spawn(program ?? 'sh', args, {
      cwd: '/',
      env: account.env,
      // Its own session: a Ctrl-C in the terminal reaches the platform alone, which then stops it in order.
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
      ...(account.uid !== undefined && { uid: account.uid }),
      ...(account.gid !== undefined && { gid: account.gid }),
    })
    this.#child = child
    silence(child.stdin)
    child.on('error', (error) => this.#options.log.error({ err: error }, 'the embedded database could not be spawned'))
    this.#logLines(child.stderr)
    return child
  }

  #logLines(stderr: Readable | null): void {
    if (!stderr) return
    createInterface({ input: stderr }).on('line', (line) => {
      if (line.startsWith('FATAL') || line.startsWith('PANIC')) this.#lastLine = line
      if (/^(ERROR|WARNING|PANIC)/.test(line)) this.#options.log.warn({ line }, 'PostgreSQL says')
      else this.#options.log.debug({ line }, 'PostgreSQL says')
    })
  }

  async #restart(): Promise<void> {
    if (this.#isStopping) return
    this.#options.log.warn({ pauseMs: this.#pauseMs }, 'the embedded database ended and is started again')
    await wait(this.#pauseMs)
    this.#pauseMs = Math.min(this.#pauseMs * 2, restartPauseMs.last)
    await endLeftovers(this.#options.cluster)
    if (this.#isStopping) return
    const startedMs = performance.now()
    this.#spawn().on('exit', () => {
      if (performance.now() - startedMs > restartPauseMs.last) this.#pauseMs = restartPauseMs.first
      void this.#restart()
    })
  }
}

/** A write to a guard that has just died is no news. */
function silence(stdin: Writable | null): void {
  stdin?.on('error', () => undefined)
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: startWithinMs })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}
