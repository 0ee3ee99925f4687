// Secrets of tasks, each a text that exists nowhere else, through the whole platform at its most talkative: none of them
// may appear in an answer, a log, a file, a list of processes, a metric or an export. Source: tasks API page, section 9.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startCamera } from '@sightline/camera/camera.ts'
import { startChild } from './child.ts'
import { adminPassword, type Platform, startPlatform } from './platform.ts'

const patienceMs = 120_000
const pollMs = 250

/** Also as Basic authentication writes it. */
const canaries = new Map<string, string>()
function canary(where: string): string {
  const text = `canary${randomBytes(9).toString('hex')}`
  canaries.set(where, text)
  canaries.set(`${where}, in base64`, Buffer.from(`watcher:${text}`).toString('base64').replace(/=+$/, ''))
  return text
}

/** No secret: shows that what is looked for would be found. */
const plainText = `plain${randomBytes(9).toString('hex')}`

function assertNone(what: string, given: Buffer | string): void {
  const bytes = Buffer.from(given)
  for (const [where, text] of canaries) {
    const at = bytes.indexOf(text)
    const around = bytes.subarray(Math.max(0, at - 150), at + 60).toString('latin1')
    assert.equal(at, -1, `${what} holds the secret "${where}": ${around}`)
  }
}

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-canary-'))
})
after(() => rm(folder, { recursive: true, force: true }))

/** Refuses whatever it is asked, and lets a test wait for that. */
async function startRefuser(status: number) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    request.resume()
    // A careless server sends back what it was sent.
    response.writeHead(status, { 'x-echo': request.url ?? '' }).end(`${request.url} ${request.headers.authorization}`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    host: `127.0.0.1:${port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Keeps everything that any answer held. */
class Caller {
  readonly answers: string[] = []
  readonly #endpoint: string
  #token = ''
  tasksPath = ''

  constructor(endpoint: string) {
    this.#endpoint = endpoint
  }

  async ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
    const answer = await fetch(this.#endpoint + path, {
      method,
      headers: {
        'x-auth-token': this.#token,
        'content-type': 'application/json',
        'idempotency-key': randomBytes(9).toString('hex'),
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await answer.text()
    this.answers.push(JSON.stringify([...answer.headers].filter(([name]) => name !== 'x-subject-token')), text)
    this.#token ||= answer.headers.get('x-subject-token') ?? ''
    return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : {} }
  }

  async signIn(): Promise<void> {
    const user = { name: 'admin', password: adminPassword, domain: { name: 'sightline' } }
    const identity = { methods: ['password'], password: { user } }
    const { body } = await this.ask('POST', '/v3/auth/tokens', {
      auth: { identity, scope: { project: { name: 'default' } } },
    })
    const { token } = body as { token: { project: { id: string } } }
    const services = `/v1/${token.project.id}/services`
    const list = (await this.ask('GET', services)).body as { services: { service_id: string; service_name: string }[] }
    const service = list.services.find(({ service_name }) => service_name === 'c-flowcount')
    this.tasksPath = `${services}/${service?.service_id}/tasks`
  }

  /** What is shown once, or sent by whoever signs in: looked for from now on. */
  async makeKey(): Promise<void> {
    const keys = this.tasksPath.replace(/services\/.*$/, 'keys')
    const { status, body } = await this.ask('POST', keys, { description: 'canary' })
    const shown = this.answers.pop() ?? ''
    assert.equal(status, 201, shown)
    canaries.set('an access key', String(body.secret))
    await this.ask('GET', keys)
    this.answers.push(shown.replace(String(body.secret), ''))
    canaries.set('a token', this.#token)
    canaries.set('a password', adminPassword)
  }

  async create(body: object): Promise<string> {
    const answer = await this.ask('POST', this.tasksPath, body)
    assert.equal(answer.status, 201, JSON.stringify(answer.body))
    return (answer.body as { tasks: { id: string }[] }).tasks[0]?.id ?? ''
  }
}

test('no secret of a task leaves its place', { timeout: 300_000 }, async () => {
  const password = canary('user-info of a camera that answers')
  await using camera = await startCamera({
    ...{ widthPx: 640, heightPx: 360, fps: 5, nowMs: Date.now },
    credentials: { user: 'watcher', password, scheme: 'digest' },
  })
  await using refuser = await startRefuser(403)
  await using receiver = await startRefuser(500)
  const dataDir = join(folder, 'data')
  {
    await using platform = await startPlatform({ dataDir, args: ['--log-level', 'trace'] })
    const logs = [platform.child.stderr()]
    platform.child.process.stderr?.on('data', (chunk) => logs.push(String(chunk)))
    const caller = new Caller(platform.endpoint)
    await caller.signIn()

    const running = await caller.create(taskThatRuns(camera.url, password, receiver.host))
    const failing = await createFailing(caller, refuser.host)
    await createWaiting(caller, refuser.host)
    await askWrongly(caller)

    await until(platform, async () => {
      const { body } = await caller.ask('GET', `${caller.tasksPath}/${running}`)
      return body.state !== 'STARTING' && body.state !== 'PENDING' && receiver.asked.length > 2
    })
    for (const id of failing) {
      await until(platform, async () => {
        const { body } = await caller.ask('GET', `${caller.tasksPath}/${id}`)
        return body.error !== undefined || /Retry|after/.test(String(body.status))
      })
    }
    await updateTask(caller, failing[3] ?? '', refuser.host)
    await askAround(caller, running)
    await caller.ask('GET', `${caller.tasksPath}?verbose=true`)
    await caller.ask('GET', '/metrics')
    for (const id of [running, ...failing]) await caller.ask('POST', `${caller.tasksPath}/${id}/stop`)
    await caller.makeKey()
    await platform.child[Symbol.asyncDispose]()
    assert.ok(logs.join('').includes(running), 'the log names no task')
    assertNone('the log', logs.join(''))
    for (const answer of caller.answers) assertNone('an answer', answer)
  }
  let seen = 0
  for (const path of readdirSync(dataDir, { recursive: true }).map((name) => join(dataDir, String(name)))) {
    if (!statSync(path).isFile()) continue
    const bytes = readFileSync(path)
    if (bytes.includes(plainText)) seen++
    assertNone(path, bytes)
  }
  assert.ok(seen > 0, 'what is no secret is not readable either: this looks in the wrong place')
  assertNone('an export', await exportOf(dataDir, []))
  assertNone('an export with secrets', await exportOf(dataDir, ['--with-secrets']))
})

function taskThatRuns(cameraUrl: string, password: string, receiver: string): object {
  const url = new URL(cameraUrl)
  url.username = 'watcher'
  url.password = password
  url.searchParams.set('floor', plainText)
  url.searchParams.set('token', canary('query of a camera that answers'))
  return {
    name: 'running',
    input: { type: 'url', data: [{ url: url.href }] },
    output: {
      webhook: {
        url: `http://watcher:${canary('user-info of a webhook')}@${receiver}/hook?signature=${canary('query of a webhook')}`,
        headers: { Authorization: canary('header of a webhook'), 'X-Api-Key': canary('another header of a webhook') },
      },
    },
  }
}

/** Each fails another way, with its address in the words of whatever failed. */
function createFailing(caller: Caller, refuser: string): Promise<string[]> {
  const addresses = [
    ['http', refuser, '/clip.mp4'],
    ['http', refuser, '/live/list.m3u8'],
    ['rtsp', refuser, '/stream'],
    ['rtsp', '127.0.0.1:9', '/stream'],
    ['rtmp', '127.0.0.1:9', '/app/stream'],
    ['http', 'nowhere.invalid', '/clip.mp4'],
  ]
  return Promise.all(
    addresses.map(([scheme, host, path], at) =>
      caller.create({
        name: `failing-${at}`,
        input: {
          type: 'url',
          data: [
            {
              url: `${scheme}://watcher:${canary(`user-info ${at}`)}@${host}${path}?auth_key=${canary(`query ${at}`)}`,
            },
          ],
        },
        output: { webhook: { url: 'http://127.0.0.1:9/', headers: { Cookie: canary(`cookie ${at}`) } } },
      }),
    ),
  )
}

/** Of input types that may wait for a node that serves them. */
async function createWaiting(caller: Caller, refuser: string): Promise<void> {
  const output = { dis: { stream_name: 's' } }
  const vcn = { ip: '127.0.0.1', port: 9, username: 'watcher', password: canary('password of a vcn') }
  await caller.create({ name: 'vcn', input: { type: 'vcn', data: [{ device_id: '1' }], vcn }, output })
  const entry = {
    url: `http://watcher:${canary('user-info of a restful input')}@${refuser}/list?access_token=${canary('query of it')}`,
    headers: { 'X-Auth-Token': canary('header of it'), Session: canary('another header of it') },
    certificate_check: false,
    rtsp_path_in_response: '/url',
  }
  await caller.create({ name: 'restful', input: { type: 'restful', data: [entry] }, output })
}

/** Other secrets for a task, then masks: kept for the address they belong to, refused for another. */
async function updateTask(caller: Caller, id: string, refuser: string): Promise<void> {
  const path = `${caller.tasksPath}/${id}`
  const webhook = (url: string, secret: string) => ({
    output: { webhook: { url, headers: { Authorization: secret, 'X-Secret': canary(`header of an update ${url}`) } } },
  })
  const url = `rtsp://watcher:${canary('user-info of an update')}@${refuser}/other?token=${canary('query of an update')}`
  const statuses = [
    await caller.ask('PUT', path, { input: { type: 'url', data: [{ url }] } }),
    await caller.ask('PUT', path, webhook('http://127.0.0.1:9/', canary('header of an update'))),
    await caller.ask('PUT', path, webhook('http://127.0.0.1:9/', '****')),
    await caller.ask('PUT', path, webhook(`http://${refuser}/`, '****')),
    await caller.ask('PUT', path, { input: { type: 'url', data: [{ url: url.replace('rtsp:', 'canary:') }] } }),
  ].map(({ status }) => status)
  assert.deepEqual(statuses, [200, 200, 200, 400, 400])
}

/** Whatever else tells of tasks: histories, events, logs, records, rehearsals. */
async function askAround(caller: Caller, id: string): Promise<void> {
  const service = caller.tasksPath.replace(/\/tasks$/, '')
  const project = service.replace(/\/services\/.*$/, '')
  const ofService = ['events', 'monitor', 'logs'].map((what) => `${service}/${what}`)
  for (const path of [`${caller.tasksPath}/${id}/history`, ...ofService, `${project}/audit`, `${project}/services`]) {
    const { status } = await caller.ask('GET', path)
    assert.equal(status, 200, path)
  }
  const url = `rtsp://watcher:${canary('user-info of a rehearsal')}@127.0.0.1:9/?token=${canary('query of a rehearsal')}`
  const body = {
    ...{ name: 'rehearsal', input: { type: 'url', data: [{ url }] } },
    output: { webhook: { url: 'http://169.254.169.254/', headers: { Cookie: canary('header of a rehearsal') } } },
  }
  await caller.ask('POST', `${caller.tasksPath}?dry_run=true`, body)
}

/** Bodies that are refused, the secret in or beside the member that is at fault. */
async function askWrongly(caller: Caller): Promise<void> {
  const output = { dis: { stream_name: 's' } }
  const vcn = { ip: 'x', port: 9, username: 'watcher', password: canary('password beside a fault') }
  const url = (text: string) => ({ name: 'wrong', input: { type: 'url', data: [{ url: text }] }, output })
  const webhook = (headers: object) => ({
    ...{ name: 'wrong', input: { type: 'url', data: [{ url: 'rtsp://camera.example/' }] } },
    output: { webhook: { url: 'http://127.0.0.1:9/', headers } },
  })
  const wrong = [
    { name: 'wrong', input: { type: 'vcn', data: [{ device_id: '1' }], vcn: { ...vcn, port: 'x' } }, output },
    {
      name: 'wrong',
      input: {
        type: 'vcn',
        data: [{ device_id: '1' }],
        vcn: { ...vcn, password: [canary('password that is a list')] },
      },
      output,
    },
    {
      name: 'wrong',
      input: { type: 'vcn', data: [{ device_id: '1' }], vcn: { ...vcn, password: canary('long password').repeat(99) } },
      output,
    },
    url(`no address ${canary('text that is no address')}`),
    url(`gopher://watcher:${canary('user-info of another scheme')}@camera.example/`),
    url(
      `rtsp://watcher:${canary('user-info of a refused address')}@169.254.169.254/?token=${canary('query of it, refused')}`,
    ),
    url(`rtsp://watcher:${canary('user-info of a bad port')}@camera.example:99999/`),
    webhook({ Authorization: [canary('header that is a list')] }),
    webhook({ Authorization: `${canary('header with a line end')}\r\nx: y` }),
    webhook({ Authorization: canary('long header').repeat(400) }),
    webhook({ Host: canary('forbidden header') }),
    { ...webhook({ Authorization: canary('header beside a fault') }), name: 'no name!' },
    `{"name":"broken","password":"${canary('broken JSON')}`,
    { password: canary('unknown member'), name: 1 },
  ]
  for (const body of wrong) {
    const { status } = await caller.ask('POST', caller.tasksPath, body)
    assert.equal(status, 400, JSON.stringify(body).slice(0, 200))
  }
}

/** Asks again until it is so; looks at the arguments and environments of all processes meanwhile. */
async function until(platform: Platform, isSo: () => Promise<boolean>): Promise<void> {
  for (const startedMs = performance.now(); performance.now() - startedMs < patienceMs; ) {
    assertProcesses()
    if (await isSo()) return
    await wait(pollMs)
  }
  assert.fail(`it did not come to that: ${platform.child.stderr().slice(-4_000)}`)
}

function assertProcesses(): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const file of ['cmdline', 'environ']) assertNone(`/proc/${pid}/${file}`, readOrNothing(`/proc/${pid}/${file}`))
  }
}

/** A process may end between the listing and the look, or belong to somebody else. */
function readOrNothing(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch {
    return Buffer.of()
  }
}

async function exportOf(dataDir: string, words: string[]): Promise<Buffer> {
  const main = fileURLToPath(new URL('../server/transfer/main.ts', import.meta.url))
  const file = join(folder, 'export.jsonl')
  await using child = startChild(process.execPath, [main, 'export', file, '--data-dir', dataDir, ...words], {
    env: { PATH: '/usr/bin:/bin', SIGHTLINE_EXPORT_PASSPHRASE: 'a long enough one' },
  })
  assert.equal(await child.exited, 0, child.stderr())
  assertNone('what an export says', child.stderr())
  return readFileSync(file)
}
