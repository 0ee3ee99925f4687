import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { testNowMs } from '../store/open-test-database.ts'
import { openTestApi, type TestAnswer, type TestApi } from './test-api.ts'

let api: TestApi
before(async () => {
  api = await openTestApi()
})
after(() => api[Symbol.asyncDispose]())

const good = {
  name: 'gate',
  input: { type: 'url', data: [{ url: 'rtsp://user:hush@camera.example/1' }, { url: 'rtsp://camera.example/2' }] },
  output: { webhook: { url: 'https://receiver.example/' } },
  source_usage_estimate: { cpu: 1, memory: 64 },
}

const rehearse = (body: object): Promise<TestAnswer> =>
  api.ask({ method: 'POST', path: `${api.tasksPath}?dry_run=true`, body })

const notProbed = ['whether the inputs open', 'whether the outputs accept', 'the windows of the schedule']
const nothing = { inputs: [], estimate: { cores: 0, memory_mib: 0, more_such_tasks: 0 }, not_probed: notProbed }

test('a rehearsal makes nothing and says what is missing for each input', async () => {
  const { status, body } = await rehearse(good)
  const placement = { reason: 'Waiting: no worker is connected.' }
  const url = (address: string) => ({ type: 'url', data: [{ url: address }] })
  assert.deepEqual(
    [status, body],
    [
      200,
      {
        ...{ dry_run: true, faults: [] },
        inputs: [
          { name: 'gate_0', input: url('rtsp://user:****@camera.example/1'), placement },
          { name: 'gate_1', input: url('rtsp://camera.example/2'), placement },
        ],
        estimate: { cores: 2, memory_mib: 128, more_such_tasks: 0 },
        not_probed: notProbed,
      },
    ],
  )
  assert.equal(((await api.ask({ path: api.tasksPath })).body as { count: number }).count, 0)
})

test('with a node it says who would get it and how many more fit', async () => {
  await api.database.query(
    `insert into node (id, name, credential_hash, lease_until, cores, memory_mib, inputs, outputs, algorithms, version,
                       registered_at)
     values ('n1', 'north', '\\x00', $1, 4, 4096, '{url}', '{webhook}', '{c-flowcount}', '1', $1)`,
    [new Date(testNowMs + 60_000)],
  )
  const { inputs, estimate } = (await rehearse(good)).body as { inputs: { placement: object }[]; estimate: object }
  const placement = { node_id: 'n1', node_name: 'north' }
  assert.deepEqual(
    inputs.map((one) => one.placement),
    [placement, placement],
  )
  assert.deepEqual(estimate, { cores: 2, memory_mib: 128, more_such_tasks: 2 })
})

test('it says every fault of the form, not only the first', async () => {
  const { status, body } = await rehearse({ ...good, name: 'a b', output: { webhook: { url: 'nowhere' } }, config: 5 })
  const { faults, ...rest } = body as { faults: { error_msg: string }[] }
  assert.deepEqual([status, rest], [200, { dry_run: true, ...nothing }])
  assert.equal(faults.length, 3)
})

test('it says every fault of the parts, not only the first', async () => {
  const { body } = await rehearse({
    ...good,
    input: { type: 'url', data: [{ url: 'rtsp://127.0.0.1/1' }] },
    output: {},
  })
  const { faults } = body as { faults: { error_code: string }[] }
  assert.deepEqual(
    faults.map(({ error_code }) => error_code),
    ['ModelArts.9505', 'ModelArts.0101'],
  )
})

test('a service that is not there is said as ever', async () => {
  const path = `${api.tasksPath.replace(api.serviceId, 'nowhere')}?dry_run=true`
  assert.equal((await api.ask({ method: 'POST', path, body: good })).status, 404)
})
