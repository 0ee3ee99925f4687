import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { algorithms } from '@sightline/contract/algorithms.ts'
import { openTestApi, type TestApi, testProjectId } from './test-api.ts'

let api: TestApi
const path = `/v1/${testProjectId}/services`
before(async () => {
  api = await openTestApi()
})
after(() => api[Symbol.asyncDispose]())

type Item = { service_id: string; service_name: string; status: string }
type List = { total_count: number; count: number; services: Item[] }

const list = async (query = '') => (await api.ask({ path: `${path}${query}` })).body as List
const good = { service_name: 'gate', infer_type: 'edge', config: [{ model_id: 'c-flowcount-edge', instance_count: 1 }] }

test('a first start offers every algorithm under its own name', async () => {
  const { services } = await list('?sort_by=service_name&order=asc')
  assert.deepEqual(
    services.map(({ service_name, status }) => [service_name, status]),
    Object.keys(algorithms)
      .sort()
      .map((name) => [name, 'running']),
  )
})

test('a deployed service is shown as it was sent', async () => {
  api.clock.nowMs += 1000
  const video = { algorithm: 'c-intrusiondetection-cloud', version: '3.0', task_profile: 'edge' }
  const body = { ...good, description: 'the gate', additional_properties: { video, other: 1 } }
  const deployed = await api.ask({ method: 'POST', path, body })
  assert.equal(deployed.status, 200)
  const { service_id, resource_ids } = deployed.body as { service_id: string; resource_ids: string[] }
  assert.deepEqual(resource_ids, [])
  const { tenant, ...shown } = (await api.ask({ path: `${path}/${service_id}` })).body as Record<string, unknown>
  assert.match(String(tenant), /^[0-9a-f]{32}$/)
  assert.deepEqual(shown, {
    ...{ service_id, service_name: 'gate', description: 'the gate', owner: 'admin', project: testProjectId },
    ...{ infer_type: 'edge', status: 'running', workspace_id: '0', publish_at: api.clock.nowMs },
    ...{ transition_at: api.clock.nowMs, invocation_times: 0, failed_times: 0, is_shared: false, shared_count: 0 },
    ...{ is_free: true, is_opened_sample_collection: false },
    additional_properties: {
      video: { algorithm: 'c-intrusiondetection', version: '3.0', task_profile: 'edge' },
      other: 1,
    },
  })
})

for (const { name, body, expected } of [
  { name: 'a name that is taken', body: good, expected: [409, 'ModelArts.3503', 'Service gate already exists.'] },
  {
    name: 'an algorithm that is not there',
    body: { ...good, service_name: 'x', config: [{ model_id: 'c-nothing' }] },
    expected: [
      400,
      'ModelArts.0101',
      `Invalid argument. The field [config[0].model_id] should be one of [${Object.keys(algorithms).join(', ')}].`,
    ],
  },
  {
    name: 'no name',
    body: { ...good, service_name: undefined },
    expected: [400, 'ModelArts.0101', 'Invalid argument. The field [service_name] is required and cannot be empty.'],
  },
]) {
  test(`${name} deploys nothing`, async () => {
    const { status, body: answer } = await api.ask({ method: 'POST', path, body })
    const { error_code, error_msg } = answer as { error_code: string; error_msg: string }
    assert.deepEqual([status, error_code, error_msg], expected)
  })
}

test('lists are filtered and paged', async () => {
  assert.deepEqual(
    (await list('?service_name=GAT')).services.map(({ service_name }) => service_name),
    ['gate'],
  )
  const paged = await list('?limit=1&offset=1&page_mode=page&sort_by=service_name&order=desc')
  assert.deepEqual([paged.total_count, paged.count, paged.services[0]?.service_name], [3, 1, 'c-intrusiondetection'])
  const beyond = await list('?offset=100')
  assert.deepEqual([beyond.total_count, beyond.count], [3, 0])
})

test('a service stops, and is told to others as it is', async () => {
  const [service] = (await list('?service_name=gate')).services
  const one = `${path}/${service?.service_id}`
  const { status, body } = await api.ask({ method: 'PUT', path: one, body: { status: 'stopped', description: 'shut' } })
  assert.deepEqual([status, body], [200, {}])
  const { description, status: shown } = (await api.ask({ path: one })).body as Record<string, string>
  assert.deepEqual([shown, description], ['stopped', 'shut'])
})

test('a service with tasks is deleting until they are gone, one without is gone at once', async () => {
  const [gate] = (await list('?service_name=gate')).services
  assert.equal((await api.ask({ method: 'DELETE', path: `${path}/${gate?.service_id}` })).status, 200)
  assert.equal((await api.ask({ path: `${path}/${gate?.service_id}` })).status, 404)
  await api.ask({
    method: 'POST',
    path: api.tasksPath,
    body: {
      name: 'a',
      input: { type: 'url', data: [{ url: 'rtsp://camera.example/1' }] },
      output: { webhook: { url: 'https://receiver.example/' } },
    },
  })
  const one = `${path}/${api.serviceId}`
  assert.deepEqual((await api.ask({ method: 'DELETE', path: one })).body, {})
  assert.equal(((await api.ask({ path: one })).body as Item).status, 'deleting')
  const { status, body } = await api.ask({ method: 'PUT', path: one, body: { status: 'running' } })
  const error_msg = `Service ${api.serviceId} in the [deleting] state cannot be updated.`
  assert.deepEqual([status, body], [400, { error_code: 'ModelArts.3519', error_msg }])
  const { tasks } = (await api.ask({ path: api.tasksPath })).body as { tasks: { state: string }[] }
  assert.deepEqual(
    tasks.map(({ state }) => state),
    ['DELETING'],
  )
})
