import assert from 'node:assert/strict'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readArguments } from './command.ts'
import { connect, connectionFlags } from './connect.ts'
import { type Contexts, configDir, readContexts, writeContexts } from './context.ts'

const kept: Contexts = {
  current: 'home',
  contexts: {
    home: { endpoint: 'http://h', user: 'u', project: 'default', projectId: 'p', token: 't', expiresAtMs: 1000 },
  },
}

async function makeDir(context: TestContext): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'sightline-cli-'))
  context.after(() => rm(parent, { recursive: true }))
  return join(parent, 'sightline')
}

test('logins come back as they were kept, readable by their owner alone', async (context) => {
  const dir = await makeDir(context)
  assert.deepEqual(await readContexts(dir), { contexts: {} })
  await writeContexts(dir, kept)
  assert.deepEqual(await readContexts(dir), kept)
  const modes = await Promise.all([stat(dir), stat(join(dir, 'contexts.json'))])
  assert.deepEqual(
    modes.map(({ mode }) => (mode & 0o777).toString(8)),
    ['700', '600'],
  )
})

test('a file that is no JSON says what to do', async (context) => {
  const dir = await makeDir(context)
  await writeContexts(dir, kept)
  await writeFile(join(dir, 'contexts.json'), '{')
  await assert.rejects(readContexts(dir), {
    message: `${dir}/contexts.json cannot be read; remove it and log in again`,
  })
})

test('the config directory is that of the flag, else of the desktop, else in the home', () => {
  assert.deepEqual(
    [
      configDir('/x', {}),
      configDir(undefined, { XDG_CONFIG_HOME: '/y' }),
      configDir(undefined, {}).split('/').slice(-2),
    ],
    ['/x', '/y/sightline', ['.config', 'sightline']],
  )
})

const command = { name: 'x', words: '', meaning: '', flags: connectionFlags, run: async () => 0 }

for (const { name, args, env, nowMs, message } of [
  {
    name: 'a login that has expired',
    args: [],
    env: {},
    nowMs: 1000,
    message: 'the login has expired: run ./sightline login',
  },
  {
    name: 'a name that is not kept',
    args: ['--context', 'work'],
    env: {},
    nowMs: 0,
    message: 'no login is kept under the name work',
  },
  {
    name: 'another project',
    args: ['--project', 'b'],
    env: {},
    nowMs: 0,
    message: 'the login is for project default at http://h: log in for the other one',
  },
  {
    name: 'a malformed variable',
    args: [],
    env: { SIGHTLINE_ENDPOINT: 'h:1' },
    nowMs: 0,
    message: 'SIGHTLINE_ENDPOINT: expected an address http://… or https://…, given "h:1"',
  },
]) {
  test(`no connection with ${name}`, async (context) => {
    const dir = await makeDir(context)
    await writeContexts(dir, kept)
    const given = readArguments(command, ['--config-dir', dir, ...args])
    await assert.rejects(connect(given, env, nowMs), { message })
  })
}

test('a token of a kept login serves without asking for another', async (context) => {
  const dir = await makeDir(context)
  await writeContexts(dir, kept)
  const client = await connect(readArguments(command, ['--config-dir', dir]), {}, 999)
  assert.deepEqual(await client.createToken(), { value: 't', projectId: 'p', expiresAtMs: Number.POSITIVE_INFINITY })
})
