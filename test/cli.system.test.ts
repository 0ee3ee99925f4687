// The command line against the whole platform, as a user types it.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
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

test('a user logs in and leads a task through its life', async (context) => {
  const configDir = await mkdtemp(join(tmpdir(), 'sightline-cli-'))
  context.after(() => rm(configDir, { recursive: true }))
  await using platform = await startPlatform({ args: ['--no-worker'] })
  const env = { SIGHTLINE_CONFIG_DIR: configDir }
  const run = async (...args: string[]) => {
    const outcome = await sightline(args, env)
    assert.equal(outcome.code, 0, `${args.join(' ')}: ${outcome.stderr}`)
    return outcome.stdout
  }

  const wrong = await sightline(['login', platform.endpoint], env, 'wrong\n')
  assert.deepEqual([wrong.code, wrong.stdout], [1, ''])
  assert.match(wrong.stderr, /^sightline: The username or password is wrong\. \(401\)/)
  const login = await sightline(['login', platform.endpoint], env, `${adminPassword}\n`)
  assert.match(login.stdout, /^logged in to http:\/\/127\.0\.0\.1:\d+ as admin, project default \([0-9a-f]{32}\)\n$/)
  const file = join(configDir, 'contexts.json')
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.equal((await readFile(file, 'utf8')).includes(adminPassword), false)

  assert.match(await run('service', 'list'), /c-flowcount +running/)
  const create = ['task', 'create', '--service', 'c-flowcount', '--url', 'rtsp://192.0.2.1/a']
  const refused = await sightline([...create, '--webhook', 'http://192.168.0.9/', '--name', 'a b'], env)
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /^sightline: Invalid argument\. The field \[name\].*\(ModelArts\.0101\), request /)

  const url = ['--url', 'rtsp://192.168.0.8/a', '--url', 'rtsp://192.168.0.8/b']
  const made = await run(
    ...[
      'task',
      'create',
      '-s',
      'c-flowcount',
      '--name',
      'door',
      ...url,
      '--webhook',
      'http://192.168.0.9/',
      '-o',
      'name',
    ],
  )
  const [first = '', second = ''] = made.trim().split('\n')
  assert.match(first, /^[0-9a-f]{32}$/)
  const shown = JSON.parse(await run('task', 'show', first, '-o', 'json'))
  assert.deepEqual([shown.id, shown.name, shown.service_name], [first, 'door_0', 'c-flowcount'])
  assert.deepEqual((await run('task', 'list', '-o', 'name')).trim().split('\n').sort(), [first, second].sort())

  assert.equal(await run('task', 'stop', first), `${first}\n`)
  assert.equal(await run('task', 'start', first), `${first}\n`)
  assert.equal(await run('task', 'delete', first, second), `${first}\n${second}\n`)
  const service = (await run('service', 'deploy', 'gate', '--algorithm', 'c-intrusiondetection', '-o', 'name')).trim()
  assert.match(await run('service', 'show', 'gate', '-o', 'yaml'), new RegExp(`^service_id: "?${service}"?\n`))
  assert.equal(await run('service', 'delete', 'gate'), `${service}\n`)
})

test('nobody listening is one line and exit 1', async () => {
  const env = {
    SIGHTLINE_ENDPOINT: 'http://127.0.0.1:9',
    SIGHTLINE_PASSWORD: 'x',
    SIGHTLINE_CONFIG_DIR: '/nonexistent',
  }
  assert.deepEqual(await sightline(['task', 'list'], env), {
    code: 1,
    stdout: '',
    stderr: 'sightline: no answer from http://127.0.0.1:9\n',
  })
})

test('the doctor names the Node that it runs on', async () => {
  const { stdout } = await sightline(['doctor', '-o', 'json', '--port', '0'], {})
  const { node, checks } = JSON.parse(stdout)
  assert.equal(node.path, process.execPath)
  assert.deepEqual(
    checks.filter(({ level }: { level: string }) => level === 'bad'),
    [],
  )
})
