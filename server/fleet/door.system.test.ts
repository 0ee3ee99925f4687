import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { issueJoinToken, joinTokenForMs } from './credentials.ts'
import { openTestFleet, type TestFleet, taskIdOf } from './test-fleet.ts'

const t1 = taskIdOf(1)
const registration = {
  name: 'north',
  capabilities: {
    cores: 1,
    memory_mib: 1024,
    inputs: ['url'],
    outputs: ['webhook'],
    algorithms: ['c-flowcount'],
    version: '0.1.0',
    labels: { site: 'gate' },
  },
}

describe('the door for workers', () => {
  let fleet: TestFleet
  before(async () => {
    fleet = await openTestFleet()
  })
  after(() => fleet[Symbol.asyncDispose]())

  const register = (body: object, credential?: string) => fleet.post('/v1/fleet/register', body, credential)

  test('a join token is good once, and gives a credential', async () => {
    const { token } = await issueJoinToken(fleet.database, fleet.door.clock())
    const first = await register({ ...registration, join_token: token })
    assert.deepEqual(
      { ...first.json, node_id: typeof first.json.node_id, credential: typeof first.json.credential },
      { node_id: 'string', credential: 'string', epoch: 1, lease_ms: 20_000, heartbeat_every_ms: 5_000 },
    )
    const second = await register({ ...registration, join_token: token })
    assert.deepEqual([second.status, second.json.error_code], [401, 'ModelArts.9601'])
  })

  test('a worker that is back with its credential keeps its id, under the next epoch', async () => {
    const worker = await fleet.join('north')
    const { status, json } = await register(registration, worker.credential)
    assert.deepEqual(
      [status, json],
      [200, { node_id: worker.nodeId, epoch: 2, lease_ms: 20_000, heartbeat_every_ms: 5_000 }],
    )
  })

  test('a join token is not good after an hour', async () => {
    const { token } = await issueJoinToken(fleet.database, fleet.door.clock() - joinTokenForMs)
    const { status, json } = await register({ ...registration, join_token: token })
    assert.deepEqual([status, json.error_code], [401, 'ModelArts.9601'])
  })

  for (const { name, path, body, credential, expected } of [
    {
      name: 'a registration without a token',
      path: 'register',
      body: registration,
      credential: undefined,
      expected: [401, 'ModelArts.9600'],
    },
    {
      name: 'a registration with an unknown credential',
      path: 'register',
      body: registration,
      credential: 'abc',
      expected: [401, 'ModelArts.9600'],
    },
    {
      name: 'a registration without capabilities',
      path: 'register',
      body: { name: 'north' },
      credential: 'abc',
      expected: [400, 'ModelArts.0101'],
    },
    {
      name: 'a lease of an unknown credential',
      path: 'lease',
      body: { epoch: 1 },
      credential: 'abc',
      expected: [401, 'ModelArts.9600'],
    },
    {
      name: 'reports of an unknown credential',
      path: 'reports',
      body: { epoch: 1, reports: [] },
      credential: 'abc',
      expected: [401, 'ModelArts.9600'],
    },
  ]) {
    test(`${name} is refused with ${expected.join(' ')}`, async () => {
      const { status, json } = await fleet.post(`/v1/fleet/${path}`, body, credential)
      assert.deepEqual([status, json.error_code], expected)
    })
  }

  test('a lease is renewed under the current epoch only', async () => {
    const worker = await fleet.join('north')
    const renewed = await fleet.post('/v1/fleet/lease', { epoch: 1, cpu_used: 0.4 }, worker.credential)
    assert.deepEqual([renewed.status, renewed.json], [200, { lease_ms: 20_000 }])
    const stale = await fleet.post('/v1/fleet/lease', { epoch: 2 }, worker.credential)
    assert.deepEqual(
      [stale.status, stale.json],
      [409, { error_code: 'ModelArts.9602', error_msg: 'The lease of epoch 2 is over; register again.' }],
    )
  })

  test('an assignment holds all that a worker needs, secrets in clear, to no other node', async () => {
    const worker = await fleet.join('north', { algorithms: ['c-flowcount'] })
    const input = { type: 'url' as const, data: [{ url: 'rtsp://ann:secret@camera.example/1' }] }
    const output = { webhook: { url: 'https://receiver.example/', headers: { Authorization: 'Bearer x' } } }
    await fleet.insert({
      id: t1,
      config: { line_count_interval: 5, common: { line_count_interval: 9, render_roi_sw: 1 } },
      secrets: fleet.secretBox.seal(JSON.stringify({ input, output }), { table: 'task', id: t1, projectId: 'p1' }),
    })
    await fleet.database.query('update node set is_cordoned = true where id <> $1', [worker.nodeId])
    await fleet.pass(0)
    const { assignments } = await worker.assignments()
    assert.deepEqual(assignments, [
      {
        task_id: t1,
        project_id: 'p1',
        generation: 1,
        input,
        output,
        algorithm: { name: 'c-flowcount', version: '1.0' },
        config: { line_count_interval: 5, render_roi_sw: 1 },
        signing_secrets: ['whsec_AAAA'],
        address_policy: { preset: 'lan', allow: [], deny: [], own: [] },
        last_sequence: 0,
      },
    ])
    const other = await fleet.join('south')
    assert.deepEqual(await other.assigned(), [])
  })

  test('who waits for assignments is answered when there is one', async () => {
    const worker = await fleet.join('north', { algorithms: ['c-intrusiondetection'] })
    const { version } = await worker.assignments()
    const waited = worker.assignments(version, 30_000)
    await fleet.database.query(`update service set algorithm = 'c-intrusiondetection'`)
    await fleet.insert({ id: taskIdOf(2) })
    await fleet.pass(0)
    const { assignments } = await waited
    assert.deepEqual(
      assignments.map(({ task_id }) => task_id),
      [taskIdOf(2)],
    )
  })

  test('who waits in vain gets the same version again', async () => {
    const worker = await fleet.join('north')
    const { version } = await worker.assignments()
    assert.deepEqual(await worker.assignments(version, 1), { version, assignments: [] })
  })

  test('assignments of an old epoch are refused, to those who wait too', async () => {
    const worker = await fleet.join('north')
    const { version } = await worker.assignments()
    const waited = worker.assignments(version, 30_000)
    await worker.register()
    assert.deepEqual(await waited, {
      error_code: 'ModelArts.9602',
      error_msg: 'The lease of epoch 1 is over; register again.',
    })
  })
})
