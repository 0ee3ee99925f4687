// `--maintenance`: reads and tokens go on, a worker may join, and not a byte of the content changes.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { taskStates } from '@sightline/contract/states.ts'
import { startChild } from './child.ts'
import { adminPassword, type Platform, startPlatform } from './platform.ts'

const main = fileURLToPath(new URL('../server/transfer/main.ts', import.meta.url))
const patienceMs = 60_000
const pollMs = 100

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-maintenance-'))
})
after(() => rm(folder, { recursive: true, force: true }))

async function transfer(words: string[]): Promise<string> {
  await using child = startChild(process.execPath, [main, ...words], { env: { PATH: '/usr/bin:/bin' } })
  assert.equal(await child.exited, 0, child.stderr())
  return child.lines().join('\n')
}

const projectId = '0123456789abcdef0123456789abcdef'
const at = 1_700_000_000_000

/** A task in every state, whose time to be looked at has come, in a service that goes when its last task is gone. */
async function writeContent(path: string): Promise<void> {
  const service = { kind: 'service', project_id: projectId, algorithm: 'c-flowcount', owner: 'mia', created_at: at }
  const lines = [
    { kind: 'sightline', version: 1 },
    { kind: 'project', id: projectId, name: 'default', created_at: at },
    { ...service, id: 's1', service_name: 'gates', task_profile: 'ief', status: 'running' },
    { ...service, id: 's2', service_name: 'gone', task_profile: 'ief', status: 'deleting' },
    ...taskStates.map((state, index) => ({
      ...{ kind: 'task', id: index.toString(16).padStart(32, '0'), project_id: projectId, service_id: 's1' },
      ...{ name: `task-${index}`, creator: 'mia', state, desired: state === 'DELETING' ? 'delete' : 'run' },
      ...{ input: { type: 'url', data: [{ url: 'rtsp://127.0.0.1:9/1' }] }, output: { dis: { stream_name: 's' } } },
      ...{ created_at: at + index, updated_at: at + index },
    })),
  ]
  await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
}

async function signIn({ endpoint }: Platform): Promise<Response> {
  const user = { name: 'admin', password: adminPassword, domain: { name: 'sightline' } }
  const auth = { identity: { methods: ['password'], password: { user } }, scope: { project: { id: projectId } } }
  const headers = { 'content-type': 'application/json' }
  return fetch(`${endpoint}/v3/auth/tokens`, { method: 'POST', headers, body: JSON.stringify({ auth }) })
}

async function untilLogged(platform: Platform, text: string): Promise<void> {
  for (const startedMs = performance.now(); performance.now() - startedMs < patienceMs; await wait(pollMs)) {
    if (platform.child.stderr().includes(text)) return
  }
  assert.fail(`not logged: ${text}`)
}

test('nothing changes while a platform is in maintenance, and reads are answered', { timeout: 180_000 }, async () => {
  const dataDir = join(folder, 'data')
  const content = join(folder, 'content.jsonl')
  await writeContent(content)
  await transfer(['import', content, '--data-dir', dataDir])
  // The first start makes the user that signs in.
  {
    await using platform = await startPlatform({ dataDir, args: ['--maintenance', '--no-worker'] })
    assert.equal((await signIn(platform)).status, 201)
  }
  const exported = await transfer(['export', '-', '--data-dir', dataDir])
  {
    await using platform = await startPlatform({ dataDir, args: ['--maintenance'] })
    const token = (await signIn(platform)).headers.get('x-subject-token') ?? ''
    const tasks = `/v1/${projectId}/services/s1/tasks`
    const ask = (method: string, path: string) =>
      fetch(platform.endpoint + path, {
        method,
        headers: { 'x-auth-token': token, 'content-type': 'application/json' },
        ...(method !== 'GET' && { body: '{}' }),
      })
    await untilLogged(platform, 'a worker registered')
    const list = (await (await ask('GET', tasks)).json()) as { count: number; tasks: { state: string }[] }
    assert.equal(list.count, taskStates.length)
    assert.deepEqual(list.tasks.map(({ state }) => state).sort(), [...taskStates].sort())
    for (const [method, path] of [
      ['POST', tasks],
      ['DELETE', `${tasks}/${'0'.repeat(32)}`],
      ['POST', `${tasks}/${'0'.repeat(32)}/start`],
      ['POST', `${tasks}/${'0'.repeat(32)}/stop`],
      ['POST', `/v1/${projectId}/services`],
      ['PUT', `/v1/${projectId}/services/s1`],
      ['DELETE', `/v1/${projectId}/services/s1`],
      ['POST', '/v3/projects'],
      ['POST', `/v1/${projectId}/keys`],
    ] as const) {
      const answer = await ask(method, path)
      assert.equal(answer.status, 503, `${method} ${path}`)
      if (path.startsWith('/v1')) assert.match(await answer.text(), /"error_code":"ModelArts\.9510"/)
    }
    assert.equal((await fetch(`${platform.endpoint}/readyz`)).status, 200)
  }
  assert.equal(await transfer(['export', '-', '--data-dir', dataDir]), exported)
  await using platform = await startPlatform({ dataDir, args: ['--no-worker'] })
  const token = (await signIn(platform)).headers.get('x-subject-token') ?? ''
  const stateOf = async (id: string) => {
    const path = `/v1/${projectId}/services/s1/tasks/${id}`
    const answer = await fetch(platform.endpoint + path, { headers: { 'x-auth-token': token } })
    return answer.status === 404 ? 'gone' : ((await answer.json()) as { state: string }).state
  }
  const running = taskStates.indexOf('RUNNING').toString(16).padStart(32, '0')
  const deleting = taskStates.indexOf('DELETING').toString(16).padStart(32, '0')
  for (const startedMs = performance.now(); performance.now() - startedMs < patienceMs; await wait(pollMs)) {
    if ((await stateOf(running)) === 'RECOVERING' && (await stateOf(deleting)) === 'gone') return
  }
  assert.fail('the reconciler did not go on after the maintenance')
})
