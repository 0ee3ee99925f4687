import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewTask } from '@sightline/task/task.ts'
import type { Database } from './database.ts'
import { describeStore, testNowMs } from './open-test-database.ts'
import { insertDomain, insertProject } from './projects.ts'
import { insertService } from './services.ts'
import { countTasksOfProject, foldTaskCounts } from './task-counts.ts'
import { countMatchingTasks, selectTaskPage, type TaskFilter } from './task-list.ts'
import { insertTasks, selectTask, updateTaskWishedDelete, updateTaskWishedRun, updateTaskWishedStop } from './tasks.ts'

const at = { projectId: 'p1', serviceId: 's1' }
const page = { order: { key: 'created_at', direction: 'desc' }, isSummary: false } as const

function aTask(change: Partial<NewTask> & { id: string }): NewTask {
  return {
    ...at,
    name: change.id.slice(0, 4),
    creator: 'admin',
    input: { type: 'url', data: [{ url: 'rtsp://camera.example/1' }] },
    output: { webhook: { url: 'https://receiver.example/' } },
    cores: 0.1,
    memoryMib: 32,
    isFinite: false,
    desired: 'run',
    state: 'PENDING',
    createdAtMs: testNowMs,
    dueAtMs: testNowMs,
    cause: 'created',
    ...change,
  }
}

const idOf = (digit: string) => digit.repeat(32)

async function insert(database: Database, tasks: NewTask[]): Promise<void> {
  const stored = { input: '{"type": "url"}', output: '{}' }
  await database.transaction((tx) =>
    insertTasks(
      tx,
      tasks.map((task) => ({ task, stored })),
    ),
  )
}

async function prepare(database: Database): Promise<void> {
  await insertDomain(database, { id: 'd1', name: 'sightline' })
  await insertProject(database, {
    id: 'p1',
    domainId: 'd1',
    name: 'default',
    signingSecrets: [],
    createdAtMs: testNowMs,
  })
  await insertService(database, {
    ...{ projectId: 'p1', id: 's1', serviceName: 'flow', description: '', algorithm: 'c-flowcount', version: '1.0' },
    ...{ profile: 'ief', inferType: 'edge', status: 'running', owner: 'admin', workspaceId: '0', config: '[]' },
    createdAtMs: testNowMs,
  })
}

describeStore('tasks', (database) => {
  test('a task comes back as it was stored, JSON text unchanged', async () => {
    await prepare(database())
    await insert(database(), [aTask({ id: idOf('1'), name: 'Gate-one', description: 'the gate', config: { a: 1 } })])
    assert.deepEqual(await selectTask(database(), { ...at, id: idOf('1') }), {
      ...{ id: idOf('1'), name: 'Gate-one', description: 'the gate', creator: 'admin', project_id: 'p1' },
      ...{ service_id: 's1', created_at: testNowMs, updated_at: testNowMs, state: 'PENDING', status: null },
      ...{ error_code: null, error_message: null, hold: 'none', armed: null, schedule: null },
      ...{ input: '{"type": "url"}', output: '{}', config: '{"a":1}', labels: null, cores: 0.1, memory_mib: 32 },
      service_name: 'flow',
      revision: 1,
    })
  })

  test('a task of another service is absent', async () => {
    assert.equal(await selectTask(database(), { ...at, serviceId: 's2', id: idOf('1') }), undefined)
  })

  test('pages with ties follow the id, and the count is that of all matches', async () => {
    const ties = ['4', '2', '3'].map((digit) => aTask({ id: idOf(digit), createdAtMs: testNowMs + 5 }))
    await insert(database(), ties)
    const first = await selectTaskPage(database(), at, { ...page, start: { offset: 0 }, limit: 2 })
    const second = await selectTaskPage(database(), at, { ...page, start: { offset: 2 }, limit: 2 })
    assert.deepEqual(
      [...first, ...second].map(({ id }) => id[0]),
      ['2', '3', '4', '1'],
    )
    assert.equal(await countMatchingTasks(database(), at), 4)
  })

  const filters: { name: string; filter: Partial<TaskFilter>; expected: string[] }[] = [
    { name: 'a part of the name in any letter case', filter: { nameLike: 'GATE' }, expected: ['1'] },
    { name: 'a wildcard is a plain character', filter: { nameLike: '%' }, expected: [] },
    { name: 'the lower bound is inclusive', filter: { createdSinceMs: testNowMs + 5 }, expected: ['2', '3', '4'] },
    { name: 'the upper bound is inclusive', filter: { createdUntilMs: testNowMs }, expected: ['1'] },
    {
      name: 'bounds beyond all times',
      filter: { createdSinceMs: -(2 ** 53), createdUntilMs: 2 ** 53 },
      expected: ['2', '3', '4', '1'],
    },
    { name: 'several states', filter: { states: ['RUNNING', 'PENDING'] }, expected: ['2', '3', '4', '1'] },
    { name: 'a state that none has', filter: { states: ['RUNNING'] }, expected: [] },
    { name: 'an id', filter: { id: idOf('3') }, expected: ['3'] },
    { name: 'a part of an id', filter: { idLike: '222' }, expected: ['2'] },
  ]
  for (const { name, filter, expected } of filters) {
    test(`the list matches ${name}`, async () => {
      const found = await selectTaskPage(database(), { ...at, ...filter }, { ...page, start: { offset: 0 }, limit: 10 })
      assert.deepEqual(
        found.map(({ id }) => id[0]),
        expected,
      )
      assert.equal(await countMatchingTasks(database(), { ...at, ...filter }), expected.length)
    })
  }

  test('a wish to stop and a wish to run are taken, and due at once', async () => {
    const key = { ...at, id: idOf('2') }
    assert.deepEqual(await updateTaskWishedStop(database(), key, { nowMs: testNowMs + 9, by: 'admin' }), {
      kind: 'taken',
    })
    assert.deepEqual(await updateTaskWishedRun(database(), key, { nowMs: testNowMs + 10, by: 'admin' }), {
      kind: 'taken',
    })
    const { rows } = await database().query('select desired, armed, due_at from task where id = $1', [key.id])
    assert.deepEqual(rows, [{ desired: 'run', armed: null, due_at: testNowMs + 10 }])
  })

  test('a task whose deletion was asked for shows and lists as DELETING and takes no other wish', async () => {
    const key = { ...at, id: idOf('3') }
    assert.deepEqual(await updateTaskWishedDelete(database(), key, { nowMs: testNowMs, by: 'admin' }), {
      kind: 'taken',
    })
    assert.deepEqual(await updateTaskWishedDelete(database(), key, { nowMs: testNowMs, by: 'admin' }), {
      kind: 'taken',
    })
    assert.deepEqual(await updateTaskWishedRun(database(), key, { nowMs: testNowMs, by: 'admin' }), {
      kind: 'refused',
      state: 'DELETING',
    })
    assert.deepEqual(await updateTaskWishedStop(database(), key, { nowMs: testNowMs, by: 'admin' }), {
      kind: 'refused',
      state: 'DELETING',
    })
    assert.equal((await selectTask(database(), key))?.state, 'DELETING')
    assert.equal(await countMatchingTasks(database(), { ...at, states: ['DELETING'] }), 1)
    assert.equal(await countMatchingTasks(database(), { ...at, states: ['PENDING'] }), 3)
  })

  test('a wish for a task that is not there is answered so', async () => {
    assert.deepEqual(
      await updateTaskWishedRun(database(), { ...at, id: idOf('9') }, { nowMs: testNowMs, by: 'admin' }),
      { kind: 'absent' },
    )
  })

  test('the number of tasks follows what is inserted and deleted, before and after it is folded', async () => {
    const count = () => countTasksOfProject(database(), 'p1')
    assert.equal(await count(), 4)
    await database().query('delete from task where id = any ($1)', [[idOf('1'), idOf('2')]])
    assert.equal(await count(), 2)
    await foldTaskCounts(database())
    await foldTaskCounts(database())
    assert.equal(await count(), 2)
    const { rows } = await database().query(
      'select project_id, service_id, state, change from task_count order by state',
    )
    assert.deepEqual(rows, [
      { project_id: 'p1', service_id: 's1', state: 'DELETING', change: 1 },
      { project_id: 'p1', service_id: 's1', state: 'PENDING', change: 1 },
    ])
    await database().query('delete from task')
    await foldTaskCounts(database())
    assert.deepEqual(await countMatchingTasks(database(), at), 0)
  })
})
