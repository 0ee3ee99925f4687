// The task operations end to end, but for what the documents' examples already show.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openTestApi, type TestApi, testProjectId } from './test-api.ts'

let api: TestApi
before(async () => {
  api = await openTestApi()
})
after(() => api[Symbol.asyncDispose]())

const good = {
  name: 'gate',
  input: { type: 'url', data: [{ url: 'rtsp://camera.example/1' }] },
  output: { webhook: { url: 'https://receiver.example/' } },
}

async function create(body: object): Promise<string[]> {
  const answer = await api.ask({ method: 'POST', path: api.tasksPath, body })
  assert.equal(answer.status, 201, JSON.stringify(answer.body))
  return (answer.body as { tasks: { id: string }[] }).tasks.map(({ id }) => id)
}

const show = async (id: string, query = '') => (await api.ask({ path: `${api.tasksPath}/${id}${query}` })).body
const list = async (query: string) =>
  (await api.ask({ path: `${api.tasksPath}?${query}` })).body as { count: number; tasks: { name: string }[] }

test('several inputs make as many tasks, numbered, in order', async () => {
  const data = ['1', '2', '3'].map((at) => ({ url: `rtsp://camera.example/${at}` }))
  const ids = await create({ ...good, name: 'many', input: { type: 'url', data } })
  const shown = (await Promise.all(ids.map((id) => show(id)))) as { name: string; input: object }[]
  assert.deepEqual(
    shown.map(({ name, input }) => ({ name, input })),
    data.map((entry, at) => ({ name: `many_${at}`, input: { type: 'url', data: [entry] } })),
  )
})

test('one bad input makes no task at all', async () => {
  const data = [{ url: 'rtsp://camera.example/1' }, { url: 'rtsp://127.0.0.1/1' }]
  const { status, body } = await api.ask({
    method: 'POST',
    path: api.tasksPath,
    body: { ...good, name: 'none', input: { type: 'url', data } },
  })
  const error_msg = 'The address in the field [input.data[1].url] is not allowed by the address policy.'
  assert.deepEqual([status, body], [400, { error_code: 'ModelArts.9505', error_msg }])
  assert.equal((await list('name_like=none')).count, 0)
})

test('secrets come back masked, and are stored so that only the key opens them', async () => {
  const [id = ''] = await create({
    ...good,
    input: { type: 'url', data: [{ url: 'rtsp://user:hush@camera.example/1?token=hush' }] },
    output: { webhook: { url: 'https://receiver.example/', headers: { Authorization: 'hush', Accept: '*/*' } } },
  })
  const { input, output } = (await show(id)) as { input: unknown; output: unknown }
  assert.deepEqual(input, { type: 'url', data: [{ url: 'rtsp://user:****@camera.example/1?token=****' }] })
  assert.deepEqual(output, {
    webhook: { url: 'https://receiver.example/', headers: { Authorization: '****', Accept: '*/*' } },
  })
  const { rows } = await api.database.query<{ row: string; secrets: Buffer }>(
    'select to_json(task)::text as row, secrets from task where id = $1',
    [id],
  )
  assert.equal(rows[0]?.row.includes('hush'), false)
  const clear = api.door.secretBox.open(rows[0]?.secrets ?? Buffer.of(), {
    table: 'task',
    id,
    projectId: testProjectId,
  })
  assert.equal(clear.split('hush').length - 1, 3)
})

test('a task shows exactly the members that have a value', async () => {
  const [id = ''] = await create({ ...good, name: 'plain', config: { line_count_interval: 5 }, labels: { floor: '2' } })
  const project_id = api.tasksPath.split('/')[2]
  assert.deepEqual(await show(id, '?verbose=true'), {
    ...{ id, name: 'plain', service_name: 'c-flowcount', creator: 'admin', project_id, service_id: api.serviceId },
    ...{ created_at: '2027-01-01T00:00:00Z', updated_at: '2027-01-01T00:00:00Z', state: 'PENDING' },
    input: good.input,
    output: { webhook: { url: 'https://receiver.example/', headers: { 'Content-Type': 'application/json' } } },
    config: { line_count_interval: 5 },
    labels: { floor: '2' },
    source_usage_estimate: { cpu: 0.1, memory: 32 },
  })
})

test('pages of the list are cut after sorting, and the count is that of all matches', async () => {
  await create({ ...good, name: 'Zeta' })
  await create({ ...good, name: 'alpha' })
  const { count, tasks } = await list('sort_key=name&sort_dir=asc&limit=2&offset=1&name_like=')
  assert.deepEqual([count, tasks.map(({ name }) => name)], [7, ['alpha', 'gate']])
})

test('an unknown task is told apart from an unknown service', async () => {
  const id = '0'.repeat(32)
  const unknown = (await api.ask({ method: 'POST', path: `${api.tasksPath}/${id}/stop` })).body
  assert.deepEqual(unknown, { error_code: 'ModelArts.9501', error_msg: `Task ${id} does not exist.` })
  const other = (await api.ask({ path: `${api.tasksPath.replace(api.serviceId, 'nowhere')}/${id}` })).body
  assert.deepEqual(other, { error_code: 'ModelArts.3502', error_msg: 'Service nowhere does not exist.' })
})

test('a task being deleted takes no start and no stop, and is deleted again without a word', async () => {
  const [id = ''] = await create(good)
  const path = `${api.tasksPath}/${id}`
  assert.equal((await api.ask({ method: 'DELETE', path })).status, 202)
  assert.equal(((await show(id)) as { state: string }).state, 'DELETING')
  for (const op of ['start', 'stop']) {
    const { status, body } = await api.ask({ method: 'POST', path: `${path}/${op}` })
    const error_msg = `Operation [${op}] is not allowed because task ${id} is in the [DELETING] state.`
    assert.deepEqual([status, body], [400, { error_code: 'ModelArts.9502', error_msg }])
  }
  assert.equal((await api.ask({ method: 'DELETE', path })).status, 202)
})

test('nothing starts while its service is stopped', async () => {
  const [id = ''] = await create(good)
  const service = api.tasksPath.replace(/\/tasks$/, '')
  assert.equal((await api.ask({ method: 'PUT', path: service, body: { status: 'stopped' } })).status, 200)
  const { status, body } = await api.ask({ method: 'POST', path: `${api.tasksPath}/${id}/start` })
  const error_msg = `Invalid request because requested service ${api.serviceId} is unavailable.`
  assert.deepEqual([status, body], [400, { error_code: 'ModelArts.4203', error_msg }])
  await api.ask({ method: 'PUT', path: service, body: { status: 'running' } })
})
