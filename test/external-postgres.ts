// A PostgreSQL of the system, on a socket of its own: the external database of a test.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const root = '/usr/lib/postgresql'
const nobody = 65534
const tries = 200
const pauseMs = 50

export type ExternalPostgres = AsyncDisposable & { url: string; major: number }

/** Starts an empty cluster; errors: throws where the system has no PostgreSQL. */
export async function startExternalPostgres(): Promise<ExternalPostgres> {
  const major = Math.max(...(existsSync(root) ? readdirSync(root) : []).map(Number).filter(Number.isInteger))
  const bin = join(root, String(major), 'bin')
  if (!existsSync(bin)) throw new Error('this test needs a PostgreSQL of the system: apt-get install postgresql')
  const folder = await mkdtemp(join(tmpdir(), 'sightline-external-'))
  const isRoot = process.getuid?.() === 0
  const user = isRoot ? { uid: nobody, gid: nobody } : {}
  if (isRoot) chownSync(folder, nobody, nobody)
  chmodSync(folder, 0o700)
  const data = join(folder, 'data')
  const options = { ...user, cwd: '/', stdio: 'ignore' } as const
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'tester', '-A', 'trust', '-E', 'UTF8', '--locale=C'], options)
  const settings = ['listen_addresses=', `unix_socket_directories=${folder}`, 'fsync=off']
  const server = spawn(join(bin, 'postgres'), ['-D', data, ...settings.flatMap((one) => ['-c', one])], options)
  const exited = once(server, 'exit')
  for (let tried = 0; !existsSync(join(folder, '.s.PGSQL.5432')); tried++) {
    if (tried === tries || server.exitCode !== null) throw new Error('the external PostgreSQL did not start')
    await wait(pauseMs)
  }
  return {
    url: `postgresql:///postgres?host=${encodeURIComponent(folder)}&user=tester`,
    major,
    [Symbol.asyncDispose]: async () => {
      server.kill('SIGINT')
      await exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}
