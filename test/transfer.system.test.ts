// Export and import as a user calls them: embedded to external and back, killed on the way, refused beside a server.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startExternalPostgres } from './external-postgres.ts'
import { adminPassword, startPlatform } from './platform.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-transfer-'))
})
after(() => rm(folder, { recursive: true, force: true }))

const main = fileURLToPath(new URL('../server/transfer/main.ts', import.meta.url))
const passphrase = { SIGHTLINE_EXPORT_PASSPHRASE: 'a long enough one' }

type Ended = { code: number | null; stdout: string; stderr: string }

function start(words: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [main, ...words], { env: { PATH: '/usr/bin:/bin', ...env } })
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]).then(
    ([stdout, stderr, [code]]): Ended => ({ code, stdout, stderr }),
  )
  return { child, ended }
}

async function run(words: string[], env: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await start(words, env).ended
  assert.equal(code, 0, stderr)
  return stdout
}

async function signIn(endpoint: string): Promise<{ token: string; projectId: string }> {
  const user = { name: 'admin', password: adminPassword, domain: { name: 'sightline' } }
  const auth = { identity: { methods: ['password'], password: { user } }, scope: { project: { name: 'default' } } }
  const answer = await fetch(`${endpoint}/v3/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth }),
  })
  const { token } = (await answer.json()) as { token: { project: { id: string } } }
  return { token: answer.headers.get('x-subject-token') ?? '', projectId: token.project.id }
}

/** Every task of every service, as the API shows it. */
async function listTasks(endpoint: string): Promise<unknown[]> {
  const { token, projectId } = await signIn(endpoint)
  const ask = async (path: string) => {
    const answer = await fetch(`${endpoint}/v1/${projectId}/services${path}`, { headers: { 'x-auth-token': token } })
    return (await answer.json()) as { services?: { service_id: string }[]; tasks?: unknown[] }
  }
  const { services = [] } = await ask('')
  const lists = await Promise.all(services.map(({ service_id }) => ask(`/${service_id}/tasks`)))
  return lists.flatMap(({ tasks = [] }) => tasks)
}

async function createTask(endpoint: string): Promise<void> {
  const { token, projectId } = await signIn(endpoint)
  const headers = { 'x-auth-token': token, 'content-type': 'application/json' }
  const list = await fetch(`${endpoint}/v1/${projectId}/services`, { headers })
  const { services } = (await list.json()) as { services: { service_id: string }[] }
  const body = {
    name: 'gate',
    input: { type: 'url', data: [{ url: 'rtsp://user:hush@127.0.0.1/1' }] },
    output: { webhook: { url: 'http://127.0.0.1/', headers: { Authorization: 'hush' } } },
  }
  const answer = await fetch(`${endpoint}/v1/${projectId}/services/${services[0]?.service_id}/tasks`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
  assert.equal(answer.status, 201)
}

test('content walks from embedded to external and back, and no line of it changes', { timeout: 180_000 }, async () => {
  await using external = await startExternalPostgres()
  const [dataDir, keys, last] = ['first', 'keys', 'last'].map((name) => join(folder, name)) as [string, string, string]
  const path = (name: string) => join(folder, name)
  let tasks: unknown[]
  {
    await using platform = await startPlatform({ dataDir, args: ['--no-worker'] })
    await createTask(platform.endpoint)
    tasks = await listTasks(platform.endpoint)
    const { code, stderr } = await start(['export', path('held'), '--data-dir', dataDir]).ended
    assert.deepEqual([code, stderr], [1, `sightline: the data directory ${dataDir} is in use by another platform\n`])
  }
  await run(['export', path('1'), '--data-dir', dataDir, '--with-secrets'], passphrase)
  const there = ['--database-url', external.url, '--data-dir', keys]
  await run(['import', path('1'), ...there], passphrase)
  await run(['export', path('2'), ...there, '--with-secrets'], passphrase)
  await run(['import', path('2'), '--data-dir', last], passphrase)
  const again = await run(['export', '-', '--data-dir', last, '--with-secrets'], passphrase)
  const plain = (lines: string) => lines.replace(/"secrets":("[^"]+"|\{.*?\})/g, '')
  const first = await readFile(path('1'), 'utf8')
  assert.equal(plain(again), plain(first))
  assert.equal(plain(await readFile(path('2'), 'utf8')), plain(first))
  assert.doesNotMatch(first, /hush/)
  // In maintenance nothing changes state, so what the API shows is what was exported.
  await using platform = await startPlatform({ dataDir: last, args: ['--no-worker', '--maintenance'] })
  assert.deepEqual(await listTasks(platform.endpoint), tasks)
  assert.equal(tasks.length, 1)
})

test('an import that is killed and run again ends as one that was not', { timeout: 180_000 }, async () => {
  const file = join(folder, 'many.jsonl')
  const taskOf = (at: number) => ({
    ...{ kind: 'task', id: at.toString(16).padStart(32, '0'), project_id: 'p', service_id: 's', name: `t-${at}` },
    ...{ creator: 'mia', state: 'STOPPED', input: { type: 'url', data: [{ url: `rtsp://camera.example/${at}` }] } },
    ...{
      output: { dis: { stream_name: 's' } },
      created_at: 1_700_000_000_000 + at,
      updated_at: 1_700_000_100_000 + at,
    },
  })
  const lines = [
    { kind: 'sightline', version: 1 },
    { kind: 'project', id: 'p', name: 'default', created_at: 1_700_000_000_000 },
    {
      ...{ kind: 'service', id: 's', project_id: 'p', service_name: 's', algorithm: 'c-flowcount' },
      ...{ task_profile: 'ief', status: 'running', owner: 'mia', created_at: 1_700_000_000_000 },
    },
    ...Array.from({ length: 30_000 }, (_, at) => taskOf(at)),
  ]
  await writeFile(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const exported = async (name: string) => run(['export', '-', '--data-dir', join(folder, name)])
  await run(['import', file, '--data-dir', join(folder, 'whole')])

  const killed = ['import', file, '--data-dir', join(folder, 'killed')]
  const { child, ended } = start(killed)
  // Its key is there once the database is; the first batches follow within a second. Whenever it ends, the result is
  // the same.
  await untilThere(join(folder, 'killed', 'secret.key'))
  await wait(killAfterMs)
  child.kill('SIGKILL')
  await ended
  await run(killed)
  const withoutDomain = (content: string) => content.replace(/"domain":\{[^}]*\}/g, '')
  assert.equal(withoutDomain(await exported('killed')), withoutDomain(await exported('whole')))
})

const pollMs = 20
const killAfterMs = 700

async function untilThere(path: string): Promise<void> {
  while (!existsSync(path)) await wait(pollMs)
}
