// The documents' own examples, as data.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { insertService } from '../store/services.ts'
import { openTestApi, type TestApi, testProjectId } from './test-api.ts'

type Examples = {
  service_id: string
  create: { name: string; body: object; status: number; answer: Answer }[]
  list: { name: string; service_id?: string; query: string; status: number; answer: Answer }[]
  show_delete_start_stop: { task_id?: string; status: number; answer: Answer }[]
}
type Answer = { count?: number; tasks?: Record<string, unknown>[]; error_code?: string; error_msg?: string }

const file = new URL('../../test/fixtures/documents-examples.json', import.meta.url)
const examples: Examples = JSON.parse(readFileSync(file, 'utf8'))

let api: TestApi
const tasksPath = (serviceId = examples.service_id) => `/v1/${testProjectId}/services/${serviceId}/tasks`

before(async () => {
  api = await openTestApi()
  await insertService(api.database, {
    ...{ projectId: testProjectId, id: examples.service_id, serviceName: 'face-detect', description: '' },
    ...{ algorithm: 'c-flowcount', version: '1.0', profile: 'ief', inferType: 'edge', status: 'running' },
    ...{ owner: 'admin', workspaceId: '0', config: '[]', createdAtMs: api.clock.nowMs },
  })
})
after(() => api[Symbol.asyncDispose]())

for (const { name, body, status, answer } of examples.create) {
  test(`create: ${name}`, async () => {
    const given = await api.ask({ method: 'POST', path: tasksPath(), body })
    assert.equal(given.status, status, JSON.stringify(given.body))
    if (!answer.tasks) return assert.deepEqual(given.body, answer)
    const { tasks } = given.body as { tasks: { id: string }[] }
    assert.deepEqual(
      tasks.map((task) => Object.keys(task)),
      answer.tasks.map(() => ['id']),
    )
    for (const { id } of tasks) assert.match(id, /^[0-9a-f]{32}$/)
  })
}

test(`list: ${examples.list[0]?.name}`, async () => {
  const [example] = examples.list
  const [expected] = example?.answer.tasks ?? []
  assert.ok(example && expected)
  await api.database.query('delete from task')
  await insertExample(expected)
  const given = await api.ask({ path: `${tasksPath()}?${example.query}` })
  assert.deepEqual(given.body, example.answer)
  assert.equal(given.status, example.status)
})

/** A running task as the example shows it; only a worker could bring it there through the API. */
async function insertExample(task: Record<string, unknown>): Promise<void> {
  await api.database.query(
    `insert into task (id, project_id, service_id, name, description, creator, input, output, config, cores, memory_mib,
                       is_finite, desired, state, state_since, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0.1, 32, false, 'run', $10, $11, $11, $12)`,
    [
      ...[task.id, task.project_id, task.service_id, task.name, task.description, task.creator],
      ...[JSON.stringify(task.input), JSON.stringify(task.output), JSON.stringify(task.config), task.state],
      ...[task.created_at, task.updated_at],
    ],
  )
}

for (const example of examples.list.slice(1)) {
  test(`list: ${example.name}`, async () => {
    const given = await api.ask({ path: `${tasksPath(example.service_id)}?${example.query}` })
    assert.deepEqual({ status: given.status, answer: given.body }, { status: example.status, answer: example.answer })
  })
}

test('show, delete, start and stop refuse a malformed task id', async () => {
  const [example] = examples.show_delete_start_stop
  const path = `${tasksPath()}/${example?.task_id}`
  const given = [
    await api.ask({ path }),
    await api.ask({ method: 'DELETE', path }),
    await api.ask({ method: 'POST', path: `${path}/start` }),
    await api.ask({ method: 'POST', path: `${path}/stop` }),
  ]
  for (const { status, body } of given) {
    assert.deepEqual({ status, body }, { status: example?.status, body: example?.answer })
  }
})

test('stop, start and delete are accepted with an empty body', async () => {
  const body = examples.create[0]?.body
  const made = await api.ask({ method: 'POST', path: tasksPath(), body })
  const path = `${tasksPath()}/${(made.body as { tasks: { id: string }[] }).tasks[0]?.id}`
  for (const request of [
    { method: 'POST', path: `${path}/stop` },
    { method: 'POST', path: `${path}/start`, body: {} },
    { method: 'DELETE', path },
  ] as const) {
    const { status, body, headers } = await api.ask(request)
    assert.deepEqual({ status, body, length: headers['content-length'] }, { status: 202, body: null, length: '0' })
  }
  assert.equal((await api.ask({ path })).status, 200)
})
