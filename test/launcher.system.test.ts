// The launcher on a fresh copy of this checkout with the real npm: an ordinary user, an empty cache, a path with spaces.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, lstat, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { listFiles, root } from '../scripts/steps.ts'

const nobody = 65534
const isRoot = process.getuid?.() === 0

async function copyCheckout(to: string): Promise<void> {
  for (const path of await listFiles()) {
    const isThere = await lstat(join(root, path)).catch(() => undefined)
    if (isThere) await cp(join(root, path), join(to, path), { recursive: true })
  }
}

/** How this machine reaches the registry: its authorities, proxies and mirrors belong to the user that runs the tests. */
async function copyNpmSettings(to: string): Promise<Record<string, string>> {
  const own = process.env.npm_config_userconfig ?? join(homedir(), '.npmrc')
  const isThere = await lstat(own).catch(() => undefined)
  if (isThere) await cp(own, to)
  const kept = Object.entries(process.env).filter(([name]) =>
    /^(https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS)$/i.test(name),
  )
  return { ...Object.fromEntries(kept), ...(isThere && { npm_config_userconfig: to }) }
}

async function giveToNobody(folder: string): Promise<void> {
  const child = spawn('chown', ['-R', `${nobody}:${nobody}`, folder])
  assert.deepEqual(await once(child, 'exit'), [0, null])
}

type Call = { checkout: string; cache: string; path?: string; settings?: Record<string, string> }

async function call({ checkout, cache, path = process.env.PATH ?? '', settings = {} }: Call, args: string[]) {
  const startedAtMs = performance.now()
  const child = spawn(join(checkout, 'sightline'), args, {
    cwd: '/',
    env: { PATH: path, HOME: '/nonexistent', npm_config_cache: cache, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(isRoot ? { uid: nobody, gid: nobody } : {}),
  })
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code, stdout, stderr, ms: performance.now() - startedAtMs }
}

test('a fresh clone starts twice at once as an ordinary user, and later without npm', async (context) => {
  const parent = await mkdtemp(join(tmpdir(), 'sightline fresh clone '))
  context.after(() => rm(parent, { recursive: true, force: true }))
  const [checkout, cache] = [join(parent, 'a clone'), join(parent, 'cache')]
  await mkdir(cache)
  await copyCheckout(checkout)
  const npmSettings = await copyNpmSettings(join(parent, 'npmrc'))
  if (isRoot) await giveToNobody(parent)

  // Scripts allowed is the harder way: each package's own download must stay away.
  const firstCall = { checkout, cache, settings: { ...npmSettings, npm_config_ignore_scripts: 'false' } }
  const both = await Promise.all([call(firstCall, ['--version']), call(firstCall, ['--version'])])
  const version = '0.1.0\n'
  assert.deepEqual(
    both.map(({ code, stdout }) => ({ code, stdout })),
    [
      { code: 0, stdout: version },
      { code: 0, stdout: version },
    ],
    both.map(({ stderr }) => stderr).join('\n'),
  )
  assert.equal(both.filter(({ stderr }) => stderr.includes('installed in')).length, 1)

  const later = await call({ checkout, cache, path: '/usr/bin:/bin' }, ['--version'])
  assert.deepEqual([later.code, later.stdout, later.stderr], [0, version, ''])
  context.diagnostic(`a later call: ${later.ms.toFixed(0)} ms`)
  assert.ok(later.ms < 3000, `a later call took ${later.ms} ms`)

  await rm(join(checkout, 'node_modules/zod'), { recursive: true })
  const mended = await call({ checkout, cache, settings: npmSettings }, ['--version'])
  assert.deepEqual([mended.code, mended.stdout], [0, version], mended.stderr)
})
