// The platform's processes: first contact, kills, stops, and two side by side.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { pidsOf, type ServeProcess, startServe } from './test-serve.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-serve-'))
})
after(() => rm(folder, { recursive: true, force: true }))

const patienceMs = 30_000
const pollMs = 50

/** Asks until the answer is as wanted; gives every status met on the way. */
async function until(
  url: string,
  isWanted: (status: number) => boolean,
  headers: Record<string, string> = {},
): Promise<number[]> {
  const statuses: number[] = []
  for (const startedMs = performance.now(); performance.now() - startedMs < patienceMs; ) {
    const status = await fetch(url, { headers }).then(
      (answer) => answer.status,
      () => 0,
    )
    statuses.push(status)
    if (isWanted(status)) return statuses
    await wait(pollMs)
  }
  throw new Error(`no such answer from ${url}: ${new Set(statuses)}`)
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function untilGone(pids: readonly number[], withinMs: number): Promise<void> {
  for (const startedMs = performance.now(); performance.now() - startedMs < withinMs; ) {
    if (!pids.some(isAlive)) return
    await wait(pollMs)
  }
  assert.fail(`still alive: ${pids.filter(isAlive)}`)
}

/** Whatever of them still lives: the death of one may have ended another. */
const kill = (pids: readonly number[]) => {
  for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
}
const everyPid = (serve: ServeProcess) => [...pidsOf(serve, ''), serve.child.pid ?? 0]

async function signIn(url: string, password: string): Promise<Response> {
  const user = { name: 'admin', password, domain: { name: 'sightline' } }
  const auth = { identity: { methods: ['password'], password: { user } }, scope: { project: { name: 'default' } } }
  const headers = { 'content-type': 'application/json' }
  return fetch(`${url}/v3/auth/tokens`, { method: 'POST', headers, body: JSON.stringify({ auth }) })
}

test('the first start prints a password that works and one ready line; the next prints no password', async () => {
  const dataDir = join(folder, 'first')
  {
    await using serve = startServe(dataDir)
    const url = await serve.ready
    const [password = ''] = serve.lines
    assert.match(password, /^admin password: \S{20}$/)
    assert.deepEqual(serve.lines.slice(1), [`ready ${url}`])
    assert.equal((await signIn(url, password.slice('admin password: '.length))).status, 201)
    assert.equal((await stat(join(dataDir, 'secret.key'))).mode & 0o777, 0o600)
  }
  await using again = startServe(dataDir, ['--admin-password', 'given'])
  const url = await again.ready
  assert.deepEqual(again.lines, [`ready ${url}`])
  assert.equal((await signIn(url, 'given')).status, 201)
})

test('two platforms run side by side, and a data directory has one', async () => {
  await using one = startServe(join(folder, 'one'))
  await using other = startServe(join(folder, 'other'))
  assert.notEqual(await one.ready, await other.ready)
  const third = startServe(join(folder, 'one'))
  const { code, stderr } = await third.ended
  assert.equal(code, 1)
  assert.equal(stderr, `sightline: the data directory ${join(folder, 'one')} is in use by another platform\n`)
})

for (const { name, args, env, line } of [
  {
    name: 'an unknown variable',
    args: [],
    env: { SIGHTLINE_PROT: '1' },
    line: 'sightline: SIGHTLINE_PROT: expected the twin of a flag, given an unknown variable\n',
  },
  {
    name: 'a malformed flag',
    args: ['--rate-limit', 'maybe'],
    env: {},
    line: 'sightline: --rate-limit: expected one of on, off, given "maybe"\n',
  },
]) {
  test(`${name} stops the start with one line and exit code 2`, async () => {
    const { code, stderr } = await startServe(join(folder, 'never'), args, env).ended
    assert.deepEqual([code, stderr], [2, line])
  })
}

test('a server that is killed comes back on the same port, and nothing is lost', async () => {
  await using serve = startServe(join(folder, 'killed'), ['--admin-password', 'given'])
  const url = await serve.ready
  kill(pidsOf(serve, 'server/main.ts'))
  await until(`${url}/readyz`, (status) => status === 200)
  assert.equal((await signIn(url, 'given')).status, 201)
  assert.deepEqual(serve.lines, [`ready ${url}`])
})

test('a database that is killed is answered with 503 and comes back by itself, and what was accepted is there', async () => {
  await using serve = startServe(join(folder, 'database'), ['--admin-password', 'given', '--rate-limit', 'off'])
  const url = await serve.ready
  const signedIn = await signIn(url, 'given')
  const project = ((await signedIn.json()) as { token: { project: { id: string } } }).token.project.id
  const headers = {
    'content-type': 'application/json',
    'x-auth-token': signedIn.headers.get('x-subject-token') ?? '',
  }
  const listed = await fetch(`${url}/v1/${project}/services`, { headers })
  const { services } = (await listed.json()) as { services: { service_id: string }[] }
  const tasks = `${url}/v1/${project}/services/${services[0]?.service_id}/tasks`
  const statuses: number[] = []
  const end = new AbortController()
  const ask = async (request: RequestInit) => {
    while (!end.signal.aborted) {
      const answer = await fetch(tasks, { ...request, headers })
      statuses.push(answer.status)
      await answer.arrayBuffer()
    }
  }
  const create = { method: 'POST', body: JSON.stringify(aTask) }
  const asking = [ask({}), ask({}), ask({}), ask(create), ask(create), ask(create)]
  for (const kind of ['first', 'second']) {
    await until(tasks, () => statuses.length > 50, headers)
    statuses.push(...(await killDatabase(serve, url, kind === 'first')))
  }
  end.abort()
  await Promise.all(asking)
  assert.deepEqual([...new Set(statuses)].sort(), [200, 201, 503])
  const { count } = (await (await fetch(tasks, { headers })).json()) as { count: number }
  assert.ok(count >= statuses.filter((status) => status === 201).length)
})

const aTask = {
  name: 'gate',
  input: { type: 'url', data: [{ url: 'rtsp://camera.example/1' }] },
  output: { webhook: { url: 'https://receiver.example/' } },
}

/** Kills all processes of the database, or all but those that guard it. */
async function killDatabase(serve: ServeProcess, url: string, withGuard: boolean): Promise<number[]> {
  const pids = pidsOf(serve, 'postgres')
  kill(withGuard ? pids : pidsOf(serve, '/postgres -D').slice(1))
  await until(`${url}/readyz`, (status) => status === 503)
  return (await until(`${url}/readyz`, (status) => status === 200)).slice(-1)
}

test('everything killed at once leaves a directory that the next start opens', async () => {
  const dataDir = join(folder, 'all')
  const serve = startServe(dataDir, ['--admin-password', 'given'])
  await serve.ready
  kill(everyPid(serve))
  await serve.ended
  await using again = startServe(dataDir, ['--admin-password', 'given'])
  assert.equal((await signIn(await again.ready, 'given')).status, 201)
})

test('children do not outlive a supervisor that is killed', async () => {
  const serve = startServe(join(folder, 'orphans'))
  await serve.ready
  const pids = pidsOf(serve, '')
  assert.ok(pids.length >= 3)
  kill([serve.child.pid ?? 0])
  await untilGone(pids, 10_000)
})

test('a platform that a program started ends in order when that program is gone', async () => {
  const serve = startServe(join(folder, 'started'))
  await serve.ready
  const pids = everyPid(serve)
  serve.child.disconnect()
  assert.equal((await serve.ended).code, 0)
  await untilGone(pids, 1_000)
})

test('a stop ends everything in order and leaves no pid file', async () => {
  const dataDir = join(folder, 'stopped')
  const serve = startServe(dataDir)
  await serve.ready
  const pids = everyPid(serve)
  serve.child.kill('SIGTERM')
  const { code } = await serve.ended
  assert.equal(code, 0)
  await untilGone(pids, 1_000)
  await assert.rejects(readFile(join(dataDir, 'postgres', 'postmaster.pid')))
})

test('a data directory with a long path works, and one of another PostgreSQL is refused', async () => {
  const dataDir = join(folder, 'long'.repeat(40))
  {
    await using serve = startServe(dataDir)
    await serve.ready
  }
  await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '17\n')
  const { code, stderr } = await startServe(dataDir).ended
  assert.equal(code, 1)
  assert.match(stderr, /^sightline: \S+ holds a database of PostgreSQL 17, expected 18: [^\n]*\n$/)
})

test('a database that is not there stops the start with one line', async () => {
  const url = 'postgresql://nobody:hush@127.0.0.1:1/nothing'
  const { code, stderr } = await startServe(join(folder, 'external'), ['--database-url', url]).ended
  assert.equal(code, 1)
  assert.match(stderr, /^sightline: [^\n]*database[^\n]*\n$/)
  assert.doesNotMatch(stderr, /hush/)
})
