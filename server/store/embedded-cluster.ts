// The files of the embedded database: made whole or not at all, and cleared of what a killed platform left running.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, lstat, mkdir, readdir, readFile, readlink, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type EmbeddedAccount, EmbeddedUnavailableError, giveTo } from './embedded-account.ts'

export const embeddedMajor = '18'
export const embeddedUser = 'sightline'

const run = promisify(execFile)
const leftoverFastMs = 8_000
const leftoverQuitMs = 4_000
const leftoverPollMs = 50

/** Makes the cluster at `path` if there is none. A half-made one of a killed start is thrown away. */
export async function makeCluster(account: EmbeddedAccount, path: string): Promise<void> {
  if (existsSync(path)) return checkVersion(account, path)
  const partial = `${path}.partial`
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { mode: 0o700 })
  await giveTo(account, partial)
  const initdb = [join(account.binDir, 'initdb'), '-D', partial, '-U', embeddedUser, ...initdbOptions]
  await runAs(account, initdb).catch((cause: unknown) => {
    throw new EmbeddedUnavailableError(`the embedded database could not be made in ${path}`, { cause })
  })
  await rename(partial, path)
}

const initdbOptions = ['-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-instructions']

async function runAs(account: EmbeddedAccount, command: string[]): Promise<void> {
  const [program, ...args] = [...account.prefix, ...command]
  if (program === undefined) return
  const { uid, gid, env } = account
  await run(program, args, { cwd: '/', env, ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) })
}

async function checkVersion(account: EmbeddedAccount, path: string): Promise<void> {
  const found = await readFile(join(path, 'PG_VERSION'), 'utf8').then(
    (text) => text.trim(),
    () => 'something else',
  )
  if (found !== embeddedMajor) {
    throw new EmbeddedUnavailableError(
      `${path} holds a database of PostgreSQL ${found}, expected ${embeddedMajor}: export it with the version that made it and import it here`,
    )
  }
  await giveTo(account, path)
  await chmod(path, 0o700)
}

/**
 * Ends what a killed platform left running on this cluster, so that a new server can open it. The caller holds the
 * data directory, so whatever works in it is left over. PostgreSQL's own check of postmaster.pid is left in force.
 */
export async function endLeftovers(path: string): Promise<void> {
  const steps = [
    { signal: 'SIGINT', withinMs: leftoverFastMs },
    { signal: 'SIGQUIT', withinMs: leftoverQuitMs },
    { signal: 'SIGKILL', withinMs: leftoverQuitMs },
  ] as const
  for (const { signal, withinMs } of steps) {
    const left = await processesIn(path)
    if (left.length === 0) break
    const postmaster = await postmasterPid(path)
    for (const pid of postmaster !== undefined && left.includes(postmaster) ? [postmaster] : left) send(pid, signal)
    await untilNone(path, withinMs)
  }
  await removeStalePid(path)
}

async function untilNone(path: string, withinMs: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < withinMs; waitedMs += leftoverPollMs) {
    if ((await processesIn(path)).length === 0) return
    await wait(leftoverPollMs)
  }
}

/** A pid file whose number now belongs to a process that has nothing to do with the cluster would stop the start. */
async function removeStalePid(path: string): Promise<void> {
  if ((await processesIn(path)).length === 0) await rm(join(path, 'postmaster.pid'), { force: true })
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended meanwhile.
  }
}

async function postmasterPid(path: string): Promise<number | undefined> {
  const text = await readFile(join(path, 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number.parseInt(text, 10)
  return Number.isInteger(pid) ? pid : undefined
}

/** Every process of PostgreSQL works in its cluster's directory. */
async function processesIn(path: string): Promise<number[]> {
  const cluster = resolve(path)
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))
  const dirs = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')))
  return pids.filter((_, index) => dirs[index] === cluster).map(Number)
}

// sun_path holds 108 bytes with its final zero; PostgreSQL adds /.s.PGSQL.5432.lock while it starts.
const socketDirBytesMax = 107 - '/.s.PGSQL.5432.lock'.length

/**
 * An empty directory for the server's socket, readable by nobody else: in the data directory, or in the system's
 * temporary one where that path is too long for a socket.
 */
export async function makeSocketDir(account: EmbeddedAccount, dataDir: string): Promise<string> {
  const near = resolve(dataDir, 'run')
  const name = createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 16)
  const path = Buffer.byteLength(near) <= socketDirBytesMax ? near : join(tmpdir(), `sightline-${name}`)
  await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  const found = await lstat(path)
  const owners = [account.uid, process.getuid?.()]
  if (!found.isDirectory() || !owners.includes(found.uid)) {
    throw new EmbeddedUnavailableError(`${path} belongs to somebody else: remove it, or choose a shorter --data-dir`)
  }
  for (const entry of await readdir(path)) await rm(join(path, entry), { force: true })
  await chmod(path, 0o700)
  await giveTo(account, path)
  return path
}
