// The commands about users, roles, keys and projects, as a user types them.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { adminPassword, startPlatform } from './platform.ts'

const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url))

type Outcome = { code: number; stdout: string; stderr: string }

function sightline(args: string[], env: Record<string, string>, stdin = ''): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const child = execFile(process.execPath, [main, ...args], { env }, (error, stdout, stderr) =>
    resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
  )
  child.stdin?.end(stdin)
  return promise
}

test('an admin makes a project, a role, a user and a key', async (context) => {
  const dir = await mkdtemp(join(tmpdir(), 'sightline-cli-'))
  context.after(() => rm(dir, { recursive: true }))
  await using platform = await startPlatform({ args: ['--no-worker'] })
  const base = { SIGHTLINE_CONFIG_DIR: dir, SIGHTLINE_ENDPOINT: platform.endpoint }
  const admin = { ...base, SIGHTLINE_PASSWORD: adminPassword }
  const run = async (args: string[], env: Record<string, string> = admin, stdin = '') => {
    const outcome = await sightline(args, env, stdin)
    assert.equal(outcome.code, 0, `${args.join(' ')}: ${outcome.stderr}`)
    return outcome.stdout
  }

  await run(['project', 'create', 'plant'])
  assert.match(await run(['project', 'list']), /^ID +NAME\n[0-9a-f]{32} {2}default\n[0-9a-f]{32} {2}plant\n$/)
  const policy = { Version: '1.1', Statement: [{ Effect: 'Allow', Action: ['modelarts:service:list'] }] }
  await writeFile(join(dir, 'policy.json'), JSON.stringify(policy))
  const plant = { ...admin, SIGHTLINE_PROJECT: 'plant' }
  await run(['role', 'create', 'lister', '-f', join(dir, 'policy.json')], plant)
  assert.equal(await run(['role', 'list', '-o', 'name'], plant), 'admin\noperator\nviewer\nlister\n')

  const made = await run(['user', 'create', 'anna', '--role', 'lister'], plant, 'Correct horse 1\n')
  assert.match(made, /^ID +NAME +ROLES +ENABLED\n[0-9a-f]{32} {2}anna {2}lister +true\n$/)
  const anna = { ...base, SIGHTLINE_USER: 'anna', SIGHTLINE_PASSWORD: 'Correct horse 1', SIGHTLINE_PROJECT: 'plant' }
  assert.match(await run(['service', 'list'], anna), /c-flowcount/)
  const refused = await sightline(['user', 'list'], anna)
  assert.match(refused.stderr, /not authorized to perform the \(iam:users:list\) operation/)
  const elsewhere = await sightline(['service', 'list'], { ...anna, SIGHTLINE_PROJECT: 'default' })
  assert.equal(elsewhere.code, 1)

  const key = JSON.parse(await run(['key', 'create', '--description', 'ci', '-o', 'json'], anna))
  assert.deepEqual([key.description, key.secret.length], ['ci', 40])
  assert.equal(await run(['key', 'list', '-o', 'name'], anna), `${key.access}\n`)
  assert.equal(await run(['key', 'delete', key.access], anna), `${key.access}\n`)

  const changed = await run(['user', 'update', 'anna', '--role', 'viewer', '--disable'], plant)
  assert.match(changed, /anna {2}viewer {2}false/)
  assert.equal((await sightline(['service', 'list'], anna)).code, 1)
  await run(['user', 'delete', 'anna'], plant)
  await run(['role', 'delete', 'lister'], plant)
  assert.equal((await run(['user', 'list', '-o', 'name'], plant)).split('\n').length, 2)
})
