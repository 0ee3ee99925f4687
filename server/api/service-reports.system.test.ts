import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createReconciler } from '../reconcile/loop.ts'
import { testNowMs } from '../store/open-test-database.ts'
import { openTestApi, type TestApi } from './test-api.ts'

let api: TestApi
let servicePath: string
let taskId: string

before(async () => {
  api = await openTestApi()
  servicePath = api.tasksPath.replace(/\/tasks$/, '')
  await api.database.query(
    `insert into node (id, name, credential_hash, lease_until, cores, memory_mib, inputs, outputs, algorithms, version,
                       registered_at)
     values ('n1', 'north', '\\x00', $1, 4, 4096, '{url}', '{webhook}', '{c-flowcount}', '1', $1)`,
    [new Date(testNowMs + 60_000)],
  )
  const body = {
    name: 'gate',
    input: { type: 'url', data: [{ url: 'rtsp://camera.example/1' }] },
    output: { webhook: { url: 'https://receiver.example/' } },
    source_usage_estimate: { cpu: 0.5, memory: 64 },
  }
  const made = await api.ask({ method: 'POST', path: api.tasksPath, body })
  taskId = (made.body as { tasks: { id: string }[] }).tasks[0]?.id ?? ''
  api.clock.nowMs += 60_000
  await api.database.query(`update node set lease_until = $1`, [new Date(api.clock.nowMs + 60_000)])
  await createReconciler({ database: api.database, clock: () => api.clock.nowMs, log: api.door.log }).round()
  api.clock.nowMs += 60_000
  await api.database.query(`update run set phase = 'running', counters = '{"frames_analysed": 30}'`)
})
after(() => api[Symbol.asyncDispose]())

const get = async (rest: string) => (await api.ask({ path: `${servicePath}${rest}` })).body

test('events are those of the deployment and of the tasks, newest first', async () => {
  const { events, ...rest } = (await get('/events')) as { events: { event_info: string; occur_time: number }[] }
  assert.deepEqual(rest, { service_id: api.serviceId, service_name: 'c-flowcount', total_count: 7, count: 7 })
  assert.deepEqual(events[0], {
    event_type: 'normal',
    event_info: `[task ${taskId}] PENDING -> STARTING: placed on north`,
    occur_time: testNowMs + 60_000,
  })
})

for (const { query, count } of [
  { query: 'event_type=abnormal', count: 0 },
  { query: 'event_info=STARTING', count: 1 },
  { query: 'event_info=image', count: 2 },
  { query: `start_time=${testNowMs + 1}`, count: 1 },
  { query: `end_time=${testNowMs}`, count: 6 },
  { query: 'offset=5&limit=1', count: 1 },
]) {
  test(`the events of ${query.replaceAll(/\d{9,}/g, 'a time')} are ${count}`, async () => {
    assert.equal(((await get(`/events?${query}`)) as { count: number }).count, count)
  })
}

test('a text with characters that the documents forbid is refused', async () => {
  assert.equal((await api.ask({ path: `${servicePath}/events?event_info=(x)` })).status, 400)
})

test('the monitor tells what the live runs take and did', async () => {
  assert.deepEqual(await get('/monitor'), {
    ...{ service_id: api.serviceId, service_name: 'c-flowcount' },
    ...{ service_instance_count: 1, service_running_instance_count: 1, req_count_per_min: 30 },
    monitors: [
      {
        ...{
          model_id: 'c-flowcount',
          model_name: 'c-flowcount',
          model_version: '1.0',
          node_id: 'n1',
          node_name: 'north',
        },
        ...{ invocation_times: 30, failed_times: 0, cpu_core_usage: 0.5, cpu_core_total: 4, cpu_memory_usage: 64 },
        ...{ cpu_memory_total: 4096, model_instance_count: 1, model_running_instance_count: 1 },
      },
    ],
  })
  assert.deepEqual(((await get('/monitor?node_id=n2')) as { monitors: object[] }).monitors, [])
})

test('the log holds the deployment and the nodes that hold its runs', async () => {
  const { logs } = (await get('/logs')) as { logs: { update_time: number; result: string; result_detail: object[] }[] }
  assert.deepEqual(
    logs.map(({ update_time, result, result_detail }) => ({ update_time, result, result_detail })),
    [
      {
        ...{ update_time: testNowMs, result: 'SUCCESS' },
        result_detail: [{ node_id: 'n1', node_name: 'north', operation: 'deploy', result: true }],
      },
    ],
  )
  assert.deepEqual(((await get('/logs?update_time=1')) as { logs: object[] }).logs, [])
})

test('specifications are not taken for a service', async () => {
  const { status, body } = await api.ask({ path: servicePath.replace(api.serviceId, 'specifications?infer_type=edge') })
  const [only] = (body as { specifications: { specification: string; cpu_info: object }[] }).specifications
  assert.deepEqual([status, only?.specification, only?.cpu_info], [200, 'custom', { arch: 'x86_64', cpu: 4 }])
})
