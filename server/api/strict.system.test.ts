// Every line of the documents that is forgiven by default, both ways. Source: tasks API page, sections 3 and 10.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { insertService } from '../store/services.ts'
import { openTestApi, type TestApi, testProjectId } from './test-api.ts'

const profiles = ['ief', 'edge'] as const
type Profile = (typeof profiles)[number]

let lenient: TestApi
let strict: TestApi
before(async () => {
  ;[lenient, strict] = await Promise.all([openTestApi(), openTestApi({ isStrict: true })])
  for (const api of [lenient, strict]) for (const profile of profiles) await addService(api, profile, 'running')
  await addService(strict, 'failed', 'failed')
  await addService(lenient, 'failed', 'failed')
})
after(() => Promise.all([lenient, strict].map((api) => api[Symbol.asyncDispose]())))

function addService({ database, clock }: TestApi, id: string, status: 'running' | 'failed'): Promise<unknown> {
  return insertService(database, {
    ...{ projectId: testProjectId, id, serviceName: `gate-${id}`, description: '', algorithm: 'c-flowcount' },
    ...{ version: '1.0', profile: id === 'edge' ? 'edge' : 'ief', inferType: 'edge', status, owner: 'admin' },
    ...{ workspaceId: '0', config: '[]', createdAtMs: clock.nowMs },
  })
}

const tasksOf = (service: string) => `/v1/${testProjectId}/services/${service}/tasks`
const source_usage_estimate = { cpu: 0.1, memory: 32 }
const base = {
  name: 'gate',
  input: { type: 'url', data: [{ url: 'rtsp://camera.example/1' }] },
  output: { dis: { stream_name: 'out' } },
  source_usage_estimate,
}
const times = { begin_at: '08:00:00', end_at: '20:00:00' }
const daily = { type: 'daily', timezone: 'UTC', periods: [times] }
const frequency = { interval: 60, duration: 10 }
const hook = { url: 'https://hook.example/x' }
const invalid = (detail: string) => ({
  status: 400,
  body: { error_code: 'ModelArts.0101', error_msg: `Invalid argument. ${detail}` },
})
const notOnEdge = (field: string) => invalid(`The field [${field}] is not supported by services of profile [edge].`)
const notAtAll = (field: string, by: string) => invalid(`The field [${field}] is not supported by ${by}.`)

const askFor = async (api: TestApi, service: string, body: object) => {
  const { status, body: answer } = await api.ask({ method: 'POST', path: tasksOf(service), body })
  return status === 201 ? 'made' : { status, body: answer }
}

// What a strict service of the profile `edge` says; one of the profile `ief` makes all of these.
const onEdge = [
  { name: 'nothing special', changes: {}, expected: 'made' },
  { name: 'input restful', changes: { input: restful() }, expected: 'made' },
  { name: 'input edgecamera', changes: { input: { type: 'edgecamera', data: [{ id: 'c1' }] } }, expected: 'made' },
  { name: 'input vcn', changes: { input: vcn() }, expected: 'made' },
  {
    name: 'input obs',
    changes: { input: { type: 'obs', data: [{ bucket: 'videos', path: 'a.mp4' }] } },
    expected: notOnEdge('input.type'),
  },
  {
    name: 'input vis',
    changes: { input: { type: 'vis', data: [{ stream_name: 's' }] } },
    expected: notOnEdge('input.type'),
  },
  { name: 'output webhook', changes: { output: { webhook: { ...hook, headers: { A: 'b' } } } }, expected: 'made' },
  {
    name: 'output obs',
    changes: { output: { obs: { bucket: 'results', path: 'p' } } },
    expected: notOnEdge('output.obs'),
  },
  { name: 'schedule daily', changes: { schedule: daily }, expected: 'made' },
  {
    name: 'schedule once',
    changes: {
      schedule: {
        ...daily,
        type: 'once',
        periods: [{ begin_at: '2099-01-01T08:00:00', end_at: '2099-01-01T09:00:00' }],
      },
    },
    expected: 'made',
  },
  {
    name: 'schedule weekly',
    changes: { schedule: { ...daily, type: 'weekly', days_of_week: [1] } },
    expected: notOnEdge('schedule.type'),
  },
  {
    name: 'schedule monthly',
    changes: { schedule: { ...daily, type: 'monthly', days_of_month: [1] } },
    expected: notOnEdge('schedule.type'),
  },
  {
    name: 'mode frequency',
    changes: { schedule: { type: 'daily', timezone: 'UTC', frequency } },
    expected: notOnEdge('schedule.frequency'),
  },
  { name: 'config', changes: { config: { line_count_interval: 2 } }, expected: notOnEdge('config') },
  {
    name: 'no source_usage_estimate',
    changes: { source_usage_estimate: undefined },
    expected: invalid('The field [source_usage_estimate] is required and cannot be empty.'),
  },
  {
    name: 'camera_type and tag',
    changes: { input: { type: 'edgecamera', data: [{ id: 'c1', camera_type: 'ipc', tag: [{ a: 'b' }] }] } },
    expected: 'made',
  },
  { name: 'dis.stream_id', changes: { output: { dis: { stream_name: 'out', stream_id: 's1' } } }, expected: 'made' },
]

function restful() {
  const entry = { url: 'https://a.example/', certificate_check: true, rtsp_path_in_response: '/a' }
  return { type: 'restful', data: [entry] }
}

function vcn() {
  return { type: 'vcn', data: [{ device_id: 'd1' }], vcn: { ip: '10.0.0.1', port: 443, username: 'u', password: 'p' } }
}

for (const { name, changes, expected } of onEdge) {
  test(`section 3.4, ${name}: refused by strict edge alone, where it is`, async () => {
    const body = { ...base, ...changes }
    const given = []
    for (const api of [lenient, strict]) for (const profile of profiles) given.push(await askFor(api, profile, body))
    assert.deepEqual(given, ['made', 'made', 'made', expected])
  })
}

for (const { name, changes, expected } of [
  {
    name: 'output.hosting',
    changes: { output: { ...base.output, hosting: {} } },
    expected: notAtAll('output.hosting', 'service tasks'),
  },
  {
    name: 'output.localpath',
    changes: { output: { ...base.output, localpath: { path: '/tmp' } } },
    expected: notAtAll('output.localpath', 'service tasks'),
  },
  {
    name: 'a webhook without headers',
    changes: { output: { webhook: hook } },
    expected: invalid('The field [output.webhook.headers] is required and cannot be empty.'),
  },
  {
    name: 'a webhook with no header in its headers',
    changes: { output: { webhook: { ...hook, headers: {} } } },
    expected: invalid('The field [output.webhook.headers] is required and cannot be empty.'),
  },
  {
    name: 'a parameter that the algorithm does not know',
    changes: { config: { colour: 1 } },
    expected: notAtAll('config.colour', 'the algorithm [c-flowcount]'),
  },
  {
    name: 'an https address with a schedule',
    changes: { schedule: daily, input: { type: 'url', data: [{ url: 'https://live.example/a.m3u8' }] } },
    expected: invalid('The field [schedule] cannot be used with https addresses of this kind.'),
  },
  {
    name: 'days of the week of a daily schedule',
    changes: { schedule: { ...daily, days_of_week: [1] } },
    expected: notAtAll('schedule.days_of_week', 'schedules of type [daily]'),
  },
  {
    name: 'days of the month of a weekly schedule',
    changes: { schedule: { ...daily, type: 'weekly', days_of_week: [1], days_of_month: [1] } },
    expected: notAtAll('schedule.days_of_month', 'schedules of type [weekly]'),
  },
]) {
  test(`${name} is forgiven, and refused where nothing is`, async () => {
    const body = { ...base, ...changes }
    assert.deepEqual([await askFor(lenient, 'ief', body), await askFor(strict, 'ief', body)], ['made', expected])
  })
}

test('a failed service takes no tasks where nothing is forgiven', async () => {
  const error_msg = 'Invalid request because requested service failed is unavailable.'
  assert.deepEqual(
    [await askFor(lenient, 'failed', base), await askFor(strict, 'failed', base)],
    ['made', { status: 400, body: { error_code: 'ModelArts.4203', error_msg } }],
  )
})

async function madeTask(api: TestApi, profile: Profile): Promise<string> {
  const { body } = await api.ask({ method: 'POST', path: tasksOf(profile), body: base })
  return `${tasksOf(profile)}/${(body as { tasks: { id: string }[] }).tasks[0]?.id}`
}

for (const operation of ['stop', 'start']) {
  test(`section 3.4, ${operation}: refused by strict edge alone`, async () => {
    const given = []
    for (const api of [lenient, strict]) {
      for (const profile of profiles) {
        const path = `${await madeTask(api, profile)}/${operation}`
        const { status, body } = await api.ask({ method: 'POST', path })
        given.push({ status, body })
      }
    }
    const taken = { status: 202, body: null }
    const refused = invalid(`The operation [${operation}] is not supported by services of profile [edge].`)
    assert.deepEqual(given, [taken, taken, taken, refused])
  })
}

for (const query of [
  'state=RUNNING',
  'name_like=a',
  `id=${'0'.repeat(32)}`,
  'created_since=1',
  'created_until=1',
  'sort_key=name',
  'sort_dir=asc',
  'order=name:ASC',
]) {
  test(`section 3.4, a list with ${query}: refused by strict edge alone`, async () => {
    const given = []
    for (const api of [lenient, strict]) {
      for (const profile of profiles) given.push((await api.ask({ path: `${tasksOf(profile)}?${query}` })).status)
    }
    assert.deepEqual(given, [200, 200, 200, 400])
    const { body } = await strict.ask({ path: `${tasksOf('edge')}?${query}` })
    assert.deepEqual(body, notOnEdge(query.split('=')[0] ?? '').body)
  })
}

test('a list of strict edge has pages', async () => {
  assert.equal((await strict.ask({ path: `${tasksOf('edge')}?offset=0&limit=1` })).status, 200)
})

test('a strict edge task is updated without saying again what it takes', async () => {
  const path = await madeTask(strict, 'edge')
  const body = { input: { type: 'url', data: [{ url: 'rtsp://camera.example/2' }] } }
  assert.equal((await strict.ask({ method: 'PUT', path, body })).status, 200)
})

test('a missing task and a state that forbids are told under documented codes where nothing else is known', async () => {
  const id = '0'.repeat(32)
  const missing = { path: `${tasksOf('ief')}/${id}` }
  const deleted = await madeTask(strict, 'ief')
  await strict.ask({ method: 'DELETE', path: deleted })
  const late = await strict.ask({ method: 'POST', path: `${deleted}/start` })
  const error_msg = `Task ${id} does not exist.`
  assert.deepEqual(
    [(await lenient.ask(missing)).body, (await strict.ask(missing)).body, late.status, late.body],
    [
      { error_code: 'ModelArts.9501', error_msg },
      { error_code: 'ModelArts.3502', error_msg },
      400,
      invalid(`Operation [start] is not allowed because task ${deleted.split('/').at(-1)} is in the [DELETING] state.`)
        .body,
    ],
  )
})
