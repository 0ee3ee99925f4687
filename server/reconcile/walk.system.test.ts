import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { openTestFleet, type TestFleet, taskIdOf } from '../fleet/test-fleet.ts'
import { selectHistory } from '../store/history.ts'
import { testNowMs } from '../store/open-test-database.ts'
import { markServiceDeleting, selectService, updateService, updateTasksDueOfService } from '../store/services.ts'
import { createReconciler } from './loop.ts'

const t1 = taskIdOf(1)
const error = { code: 'VIN.201', message: 'no answer' }

describe('a task walks through its states', () => {
  let fleet: TestFleet
  before(async () => {
    fleet = await openTestFleet()
  })
  after(() => fleet[Symbol.asyncDispose]())
  afterEach(async () => {
    await fleet.database.query('delete from run')
    await fleet.database.query('delete from task')
    await fleet.database.query('delete from task_history')
    await fleet.database.query('delete from node')
    await fleet.database.query(`update service set status = 'running'`)
  })

  test('from creation over running and stopped to gone', async () => {
    await fleet.insert({ id: t1 })
    await fleet.pass(0)
    assert.equal(await fleet.see(t1), 'PENDING, Waiting: no worker is connected.')

    const worker = await fleet.join('north')
    await fleet.pass(1)
    assert.equal(await fleet.see(t1), 'STARTING')
    assert.deepEqual(await worker.assigned(), [[t1, 1]])

    assert.equal(await worker.report(t1, 1, 'opening'), 1)
    await fleet.pass(1)
    assert.equal(await fleet.see(t1), 'STARTING')

    await worker.report(t1, 1, 'running')
    await fleet.pass(1)
    assert.equal(await fleet.see(t1), 'RUNNING')

    await worker.report(t1, 1, 'abnormal', { error, detail: 'The camera is away since noon.' })
    await fleet.pass(1)
    assert.equal(await fleet.see(t1), 'ABNORMAL, VIN.201, The camera is away since noon.')

    await worker.report(t1, 1, 'running')
    await fleet.pass(1)
    assert.equal(await fleet.see(t1), 'RUNNING')

    await fleet.wish('stop', t1)
    await fleet.pass(1)
    assert.equal(await fleet.see(t1), 'STOPPING')
    assert.deepEqual(await worker.assigned(), [])

    assert.equal(await worker.report(t1, 1, 'released'), 1)
    await fleet.pass(1)
    assert.equal(await fleet.see(t1), 'STOPPED')

    await fleet.wish('run', t1)
    await fleet.pass(1)
    assert.equal(await fleet.see(t1), 'STARTING')
    assert.deepEqual(await worker.assigned(), [[t1, 3]])

    await fleet.wish('delete', t1)
    assert.equal(await fleet.see(t1), 'DELETING')
    await fleet.pass(1)
    await worker.report(t1, 3, 'released')
    await fleet.pass(1)
    assert.equal(await fleet.see(t1), undefined)

    const entries = await selectHistory(fleet.database, t1)
    assert.deepEqual(
      entries.map((entry) => [entry.seq, entry.from_state, entry.to_state, entry.cause, entry.node_id !== null]),
      [
        [1, null, 'PENDING', 'created', false],
        [2, 'PENDING', 'STARTING', 'placed on north', true],
        [3, 'STARTING', 'RUNNING', 'the first frame was analysed', true],
        [4, 'RUNNING', 'ABNORMAL', 'The camera is away since noon.', true],
        [5, 'ABNORMAL', 'RUNNING', 'frames again and outputs accept', true],
        [6, 'RUNNING', 'STOPPING', 'a stop was asked', true],
        [7, 'STOPPING', 'STOPPED', 'the worker let go', false],
        [8, 'STOPPED', 'PENDING', 'it should run', false],
        [9, 'PENDING', 'STARTING', 'placed on north', true],
        [10, 'STARTING', 'DELETING', 'a delete was asked', true],
        [11, 'DELETING', 'DELETING', 'removed', false],
      ],
    )
  })

  test('a task that is deleted while it waits is gone in one round', async () => {
    await fleet.insert({ id: t1 })
    await fleet.pass(0)
    await fleet.wish('delete', t1)
    await fleet.pass(0)
    assert.equal(await fleet.see(t1), undefined)
  })

  test('a task whose worker is lost runs on on another one', async () => {
    const north = await fleet.join('north')
    await fleet.insert({ id: t1 })
    await fleet.pass(0)
    await north.report(t1, 1, 'running')
    await fleet.pass(5_000)
    const south = await fleet.join('south')
    await fleet.pass(14_999)
    await south.renew()
    assert.equal(await fleet.see(t1), 'RUNNING')

    await fleet.pass(1)
    assert.equal(await fleet.path(t1), 'PENDING STARTING RUNNING RECOVERING STARTING')
    assert.deepEqual(await south.assigned(), [[t1, 2]])

    assert.equal(await north.renew(), 409)
    assert.equal(await north.report(t1, 1, 'running'), '409 ModelArts.9602')
    assert.equal(await south.report(t1, 2, 'running'), 1)
    await fleet.pass(1)
    assert.equal(await fleet.see(t1), 'RUNNING')
  })

  test('a worker that starts again gets its tasks back without waiting for its lease', async () => {
    const north = await fleet.join('north')
    await fleet.insert({ id: t1 })
    await fleet.pass(0)
    await north.report(t1, 1, 'running')
    await fleet.pass(1_000)
    const { nodeId } = north
    await north.register()
    assert.deepEqual([north.nodeId, north.epoch], [nodeId, 2])
    await fleet.pass(1)
    assert.equal(await fleet.path(t1), 'PENDING STARTING RUNNING RECOVERING STARTING')
    assert.deepEqual(await north.assigned(), [[t1, 2]])
  })

  test('a report with an older generation, an older number or of another node changes nothing', async () => {
    const north = await fleet.join('north')
    await fleet.insert({ id: t1 })
    await fleet.pass(0)
    await north.report(t1, 1, 'failed', { error })
    await fleet.pass(0)
    await fleet.pass(1_000)
    assert.deepEqual(await north.assigned(), [[t1, 2]])

    const south = await fleet.join('south')
    assert.equal(await north.report(t1, 1, 'running'), 0)
    assert.equal(await north.report(t1, 3, 'running'), 0)
    assert.equal(await south.report(t1, 2, 'running'), 0)
    await fleet.pass(0)
    assert.equal(await fleet.see(t1), 'STARTING')

    assert.equal(await north.report(t1, 2, 'running', { seq: 50 }), 1)
    assert.equal(await north.report(t1, 2, 'failed', { seq: 49, is_permanent: true, error }), 0)
    assert.equal(await north.report(t1, 2, 'running', { seq: 50 }), 0)
    await fleet.pass(0)
    assert.equal(await fleet.see(t1), 'RUNNING')
  })

  test('a start that fails is tried again with growing pauses, and then given up', async () => {
    const north = await fleet.join('north')
    await fleet.insert({ id: t1 })
    await fleet.pass(0)
    const said: (string | undefined)[] = []
    for (const pauseMs of [1_000, 2_000, 4_000, 8_000, 16_000, 0]) {
      const [[, generation] = assert.fail()] = await north.assigned()
      await north.report(t1, generation, 'failed', { error })
      await fleet.pass(0)
      said.push(await fleet.see(t1))
      await north.renew()
      await fleet.pass(pauseMs)
    }
    assert.deepEqual(said, [
      'PENDING, Retry 1 of 5 in 1 s, after: no answer',
      'PENDING, Retry 2 of 5 in 2 s, after: no answer',
      'PENDING, Retry 3 of 5 in 4 s, after: no answer',
      'PENDING, Retry 4 of 5 in 8 s, after: no answer',
      'PENDING, Retry 5 of 5 in 16 s, after: no answer',
      'START_FAILED, VIN.201',
    ])
  })

  test('a worker that does not let go loses the run after 30 s', async () => {
    const north = await fleet.join('north')
    await fleet.insert({ id: t1 })
    await fleet.pass(0)
    await fleet.wish('stop', t1)
    await fleet.pass(0)
    await north.renew()
    await fleet.pass(15_000)
    await north.renew()
    await fleet.pass(14_999)
    assert.equal(await fleet.see(t1), 'STOPPING')
    await fleet.pass(1)
    assert.equal(await fleet.see(t1), 'STOPPED')
    assert.equal(await north.report(t1, 1, 'running'), 0)
  })

  test('a file that is analysed to its end has succeeded, and does not begin again', async () => {
    const north = await fleet.join('north')
    await fleet.insert({ id: t1, isFinite: true })
    await fleet.pass(0)
    await north.report(t1, 1, 'ended', { last_sequence: 12 })
    await fleet.pass(0)
    await fleet.pass(60_000)
    assert.equal(await fleet.see(t1), 'SUCCEEDED')
    const { rows } = await fleet.database.query('select desired, last_sequence from task')
    assert.deepEqual(rows, [{ desired: 'stop', last_sequence: 12 }])
  })

  test('tasks that wait for room are placed when a run ends', async () => {
    const north = await fleet.join('north', { cores: 1 })
    await fleet.insert({ id: t1, cores: 0.8 }, { id: taskIdOf(2), cores: 0.8 })
    await fleet.pass(0)
    assert.equal(await fleet.see(taskIdOf(2)), 'PENDING, Waiting: no node has 0.8 free cores.')
    await north.report(t1, 1, 'ended')
    await fleet.pass(1)
    assert.equal(await fleet.see(taskIdOf(2)), 'STARTING')
  })

  test('the tasks of a stopped service stop, and run again with it', async () => {
    const at = { projectId: 'p1', serviceId: 's1', nowMs: testNowMs }
    await fleet.join('north')
    await fleet.insert({ id: t1 })
    await fleet.pass(0)
    await updateService(fleet.database, { projectId: 'p1', id: 's1', status: 'stopped', nowMs: testNowMs })
    await updateTasksDueOfService(fleet.database, at)
    await fleet.pass(0)
    assert.equal(await fleet.see(t1), 'STOPPING')
    await updateService(fleet.database, { projectId: 'p1', id: 's1', status: 'running', nowMs: testNowMs })
    await updateTasksDueOfService(fleet.database, at)
    await fleet.pass(30_000)
    assert.equal(await fleet.path(t1), 'PENDING STARTING STOPPING PENDING')
  })

  test('a scheduled task stays stopped', async () => {
    await fleet.join('north')
    const schedule = { type: 'daily', timezone: 'UTC', periods: [{ begin_at: '08:00', end_at: '09:00' }] } as const
    await fleet.insert({
      id: t1,
      schedule: { ...schedule, periods: [...schedule.periods] },
      armed: false,
      desired: 'stop',
      state: 'STOPPED',
      status: 'Later.',
    })
    await fleet.wish('run', t1)
    await fleet.pass(0)
    assert.equal(await fleet.see(t1), 'STOPPED, Later.')
  })

  test('a control plane that was away does not take its workers for lost', async () => {
    await fleet.join('north')
    await fleet.insert({ id: t1 })
    await fleet.pass(0)
    // Its leases are over by its own clock, but nobody could renew them.
    await using late = createReconciler({ ...fleet.door, clock: () => fleet.door.clock() + 30_000 })
    await late.round()
    assert.equal(await fleet.see(t1), 'STARTING')
  })

  test('a task that cannot be applied holds up no other', async () => {
    const north = await fleet.join('north')
    await fleet.insert({ id: t1 }, { id: taskIdOf(2) })
    // The run that the next order would make is there already.
    await fleet.database.query(
      `insert into run (task_id, generation, node_id, epoch, ordered_at, ended_at) values ($1, 1, $2, 1, $3, $3)`,
      [t1, north.nodeId, new Date(testNowMs)],
    )
    await fleet.pass(0)
    assert.deepEqual([await fleet.see(t1), await fleet.see(taskIdOf(2))], ['PENDING', 'STARTING'])
  })

  test('the service of a deletion goes with its last task', async () => {
    const north = await fleet.join('north')
    await fleet.insert({ id: t1 }, { id: taskIdOf(2), state: 'STOPPED', desired: 'stop' })
    await fleet.pass(0)
    await markServiceDeleting(fleet.database, { projectId: 'p1', serviceId: 's1', nowMs: testNowMs })
    await fleet.pass(0)
    assert.equal((await selectService(fleet.database, 'p1', 's1'))?.status, 'deleting')
    await north.report(t1, 1, 'released')
    await fleet.pass(0)
    assert.equal(await selectService(fleet.database, 'p1', 's1'), undefined)
  })
})

test('two reconcilers side by side place 1,000 tasks once each', async () => {
  await using fleet = await openTestFleet()
  await fleet.join('north', { cores: 1_000 })
  await fleet.join('south', { cores: 1_000 })
  await fleet.insert(...Array.from({ length: 1_000 }, (_, at) => ({ id: taskIdOf(at) })))
  await using other = createReconciler(fleet.door)
  await Promise.all([fleet.reconciler.round(), other.round(), fleet.reconciler.round(), other.round()])
  const { rows } = await fleet.database.query(
    `select t.state, count(*) as tasks, count(r.task_id) as runs, count(distinct r.node_id) as nodes, max(r.generation)
       from task t left join run r on r.task_id = t.id
      group by t.state`,
  )
  assert.deepEqual(rows, [{ state: 'STARTING', tasks: 1_000, runs: 1_000, nodes: 2, max: 1 }])
})
