// Updates, history and batches, end to end.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openTestApi, type TestAnswer, type TestApi } from './test-api.ts'

let api: TestApi
before(async () => {
  api = await openTestApi()
})
after(() => api[Symbol.asyncDispose]())

const secretUrl = 'rtsp://user:hush@camera.example/1?token=hush'
const maskedUrl = 'rtsp://user:****@camera.example/1?token=****'
const good = {
  name: 'gate',
  description: 'the gate',
  input: { type: 'url', data: [{ url: secretUrl }] },
  output: { webhook: { url: 'https://receiver.example/', headers: { Authorization: 'hush' } } },
  config: { line_count_interval: 5 },
}

async function create(body: object = good): Promise<string> {
  const answer = await api.ask({ method: 'POST', path: api.tasksPath, body })
  assert.equal(answer.status, 201, JSON.stringify(answer.body))
  return (answer.body as { tasks: { id: string }[] }).tasks[0]?.id ?? ''
}

function update(id: string, body: object, headers: Record<string, string> = {}): Promise<TestAnswer> {
  return api.ask({ method: 'PUT', path: `${api.tasksPath}/${id}`, body, headers })
}

async function show(id: string): Promise<Record<string, unknown>> {
  return (await api.ask({ path: `${api.tasksPath}/${id}` })).body as Record<string, unknown>
}

async function clearSpec(id: string): Promise<unknown> {
  const { rows } = await api.database.query<{ secrets: Buffer; project_id: string }>(
    'select secrets, project_id from task where id = $1',
    [id],
  )
  const [{ secrets, project_id }] = rows as [{ secrets: Buffer; project_id: string }]
  return JSON.parse(api.door.secretBox.open(secrets, { table: 'task', id, projectId: project_id }))
}

test('what is named is replaced whole, what is absent stays, and null takes away', async () => {
  const id = await create()
  const before = await show(id)
  api.clock.nowMs += 2_000
  const { status, body } = await update(id, {
    name: 'door',
    description: null,
    service_config: { line_count_interval: 9 },
  })
  const { description: _, ...rest } = before
  assert.deepEqual(
    [status, body],
    [200, { ...rest, name: 'door', config: { line_count_interval: 9 }, updated_at: '2027-01-01T00:00:02Z' }],
  )
  assert.deepEqual(await show(id), body)
})

test('what is sent back as it was shown keeps every secret', async () => {
  const id = await create()
  const { input, output, config } = await show(id)
  assert.deepEqual((await update(id, { input, output, config })).status, 200)
  assert.deepEqual(await clearSpec(id), { input: good.input, output: good.output })
})

test('a new secret replaces the stored one', async () => {
  const id = await create()
  const input = { type: 'url', data: [{ url: 'rtsp://user:new@camera.example/1?token=new' }] }
  assert.equal((await update(id, { input })).status, 200)
  assert.deepEqual(await clearSpec(id), { input, output: good.output })
})

for (const { name, body, field } of [
  {
    name: 'another host',
    body: { input: { type: 'url', data: [{ url: maskedUrl.replace('camera', 'other') }] } },
    field: 'input.data[0].url',
  },
  {
    name: 'another path',
    body: { output: { webhook: { url: 'https://receiver.example/x', headers: { Authorization: '****' } } } },
    field: 'output.webhook.headers.Authorization',
  },
  {
    name: 'a header that was not there',
    body: { output: { webhook: { url: 'https://receiver.example/', headers: { 'X-Token': '****' } } } },
    field: 'output.webhook.headers.X-Token',
  },
  {
    name: 'another type',
    body: {
      input: {
        type: 'vcn',
        data: [{ device_id: 'd1' }],
        vcn: { ip: '192.168.0.7', port: 443, username: 'u', password: '****' },
      },
    },
    field: 'input.vcn.password',
  },
]) {
  test(`a masked secret is not kept for ${name}`, async () => {
    const id = await create()
    const { status, body: answer } = await update(id, body)
    const error_msg = `The masked value of the field [${field}] cannot be kept because its address has changed.`
    assert.deepEqual([status, answer], [400, { error_code: 'ModelArts.9506', error_msg }])
    assert.deepEqual(await clearSpec(id), { input: good.input, output: good.output })
  })
}

for (const { name, body, says } of [
  {
    name: 'two inputs',
    body: { input: { type: 'url', data: [{ url: 'rtsp://a.example/1' }, { url: 'rtsp://a.example/2' }] } },
    says: 'Invalid argument. Only one input is allowed in the field [input.data] for update.',
  },
  { name: 'a null name', body: { name: null }, says: 'Invalid argument. The field [name] should be a string.' },
  {
    name: 'no output',
    body: { output: {} },
    says: 'Invalid argument. The field [output] is required and cannot be empty.',
  },
]) {
  test(`an update with ${name} is refused`, async () => {
    const id = await create()
    const { status, body: answer } = await update(id, body)
    assert.deepEqual([status, (answer as { error_msg: string }).error_msg], [400, says])
  })
}

test('an update is refused when another came first, if the caller asks for that', async () => {
  const id = await create()
  const { headers } = await api.ask({ path: `${api.tasksPath}/${id}` })
  const match = { 'if-match': String(headers.etag) }
  assert.equal((await update(id, { name: 'one' }, match)).status, 200)
  const { status, body } = await update(id, { name: 'two' }, match)
  const error_msg = `Task ${id} was changed by another request.`
  assert.deepEqual([status, body], [409, { error_code: 'ModelArts.9503', error_msg }])
  assert.equal((await update(id, { name: 'three' }, { 'if-match': '*' })).status, 200)
})

test('a task being deleted takes no update', async () => {
  const id = await create()
  await api.ask({ method: 'DELETE', path: `${api.tasksPath}/${id}` })
  const { status, body } = await update(id, { name: 'late' })
  const error_msg = `Operation [update] is not allowed because task ${id} is in the [DELETING] state.`
  assert.deepEqual([status, body], [400, { error_code: 'ModelArts.9502', error_msg }])
})

test('only what the algorithm or the media see replaces the run', async () => {
  const id = await create()
  await api.database.query('update task set generation = 3 where id = $1', [id])
  const outdated = async () => {
    const { rows } = await api.database.query('select outdated_generation as of from task where id = $1', [id])
    return rows
  }
  const { input, output, config } = await show(id)
  await update(id, { name: 'other', labels: { floor: '1' }, input, output, config })
  assert.deepEqual(await outdated(), [{ of: 0 }])
  await update(id, { config: { line_count_interval: 7 } })
  assert.deepEqual(await outdated(), [{ of: 3 }])
})

test('the history tells who asked for what, newest first', async () => {
  const id = await create()
  api.clock.nowMs += 1_000
  await update(id, { name: 'other' })
  const { status, body } = await api.ask({ path: `${api.tasksPath}/${id}/history?limit=5` })
  const time = api.clock.nowMs
  assert.deepEqual(
    [status, body],
    [
      200,
      {
        count: 2,
        history: [
          { time, from: 'PENDING', to: 'PENDING', cause: 'updated', actor: 'admin', generation: 0 },
          { time: time - 1_000, to: 'PENDING', cause: 'created', actor: 'admin', generation: 0 },
        ],
      },
    ],
  )
  const unknown = await api.ask({ path: `${api.tasksPath}/${'0'.repeat(32)}/history` })
  assert.equal(unknown.status, 404)
})

async function batch(body: object): Promise<TestAnswer> {
  return api.ask({ method: 'POST', path: `${api.tasksPath}/batch`, body })
}

test('a batch takes what it can and says of each task what became of it', async () => {
  const [one, two, three] = [await create(), await create(), await create()]
  const nowhere = 'f'.repeat(32)
  await api.ask({ method: 'DELETE', path: `${api.tasksPath}/${two}` })
  const { status, body } = await batch({ action: 'stop', ids: [three, two, nowhere, one, one] })
  assert.deepEqual(
    [status, body],
    [
      202,
      {
        dry_run: false,
        count: 4,
        tasks: [
          { id: three, accepted: true, state: 'PENDING' },
          {
            ...{ id: two, accepted: false, state: 'DELETING', error_code: 'ModelArts.9502' },
            error_msg: `Operation [stop] is not allowed because task ${two} is in the [DELETING] state.`,
          },
          { id: nowhere, accepted: false, error_code: 'ModelArts.9501', error_msg: `Task ${nowhere} does not exist.` },
          { id: one, accepted: true, state: 'PENDING' },
        ],
      },
    ],
  )
  const { rows } = await api.database.query(
    'select desired, wished_by from task where id = any ($1) order by desired',
    [[one, two, three]],
  )
  assert.deepEqual(rows, [
    { desired: 'delete', wished_by: 'admin' },
    { desired: 'stop', wished_by: 'admin' },
    { desired: 'stop', wished_by: 'admin' },
  ])
})

test('a batch by filter shows what it would touch, and touches it when it is meant', async () => {
  const ids = [await create({ ...good, name: 'shed-1' }), await create({ ...good, name: 'shed-2' })].sort()
  const asked = { action: 'delete', filter: { name_like: 'SHED', state: 'PENDING' } }
  const shown = (await batch({ ...asked, dry_run: true })).body as { count: number; tasks: { id: string }[] }
  assert.deepEqual([shown.count, shown.tasks.map(({ id }) => id)], [2, ids])
  assert.equal((await show(ids[0] ?? '')).state, 'PENDING')
  await batch(asked)
  assert.equal((await show(ids[0] ?? '')).state, 'DELETING')
})

for (const body of [
  { action: 'stop' },
  { action: 'stop', ids: ['x'] },
  { action: 'fly', ids: ['0'.repeat(32)] },
  { action: 'stop', ids: ['0'.repeat(32)], filter: {} },
  { action: 'stop', filter: { colour: 'red' } },
  { action: 'stop', filter: { state: 'HAPPY' } },
]) {
  test(`the batch ${JSON.stringify(body).slice(0, 60)} is refused`, async () => {
    assert.equal((await batch(body)).status, 400)
  })
}
