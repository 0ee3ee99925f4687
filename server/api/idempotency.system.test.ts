import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { deleteOldIdempotencyKeys } from '../store/idempotency.ts'
import { openTestApi, type TestAnswer, type TestApi } from './test-api.ts'

let api: TestApi
before(async () => {
  api = await openTestApi()
})
after(() => api[Symbol.asyncDispose]())

const body = {
  name: 'gate',
  input: { type: 'url', data: [{ url: 'rtsp://camera.example/1' }, { url: 'rtsp://camera.example/2' }] },
  output: { webhook: { url: 'https://receiver.example/' } },
}

function create(key: string, change: object = {}): Promise<TestAnswer> {
  return api.ask({
    method: 'POST',
    path: api.tasksPath,
    headers: { 'idempotency-key': key },
    body: { ...body, ...change },
  })
}

async function countNamed(name: string): Promise<number> {
  const { body: list } = await api.ask({ path: `${api.tasksPath}?name_like=${name}` })
  return (list as { count: number }).count
}

test('the same key and body make tasks once, however often and at once they are sent', async () => {
  const answers = await Promise.all(Array.from({ length: 6 }, () => create('k1', { name: 'once' })))
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [201])
  assert.equal(new Set(answers.map((answer) => JSON.stringify(answer.body))).size, 1)
  assert.equal(await countNamed('once'), 2)
})

test('the same key with another body is refused, and makes nothing', async () => {
  await create('k2')
  const { status, body: answer } = await create('k2', { name: 'other' })
  const error_msg = 'The idempotency key k2 was used for another request body.'
  assert.deepEqual([status, answer], [409, { error_code: 'ModelArts.9512', error_msg }])
  assert.equal(await countNamed('other'), 0)
})

test('a refused request leaves its key free', async () => {
  assert.equal((await create('k3', { output: {} })).status, 400)
  assert.equal((await create('k3')).status, 201)
})

for (const key of ['', ' ', 'a b', 'x'.repeat(256)]) {
  test(`the key ${JSON.stringify(key.slice(0, 9))} of ${key.length} characters is refused`, async () => {
    assert.equal((await create(key)).status, 400)
  })
}

test('a key is free again after a day', async () => {
  const first = await create('k4', { name: 'daily' })
  api.clock.nowMs += 86_400_000
  await deleteOldIdempotencyKeys(api.database, api.clock.nowMs)
  const signedIn = await api.signIn({
    name: 'admin',
    password: 'a password for tests',
    projectId: api.tasksPath.split('/')[2] ?? '',
  })
  const second = await api.ask({
    method: 'POST',
    path: api.tasksPath,
    headers: { 'idempotency-key': 'k4', 'x-auth-token': String(signedIn.headers['x-subject-token']) },
    body: { ...body, name: 'daily' },
  })
  assert.equal(second.status, 201)
  assert.notDeepEqual(second.body, first.body)
})
