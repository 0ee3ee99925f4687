// Users who see and act on the tasks that carry their labels. Source: auth page, section 5; decisions/0023.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openTestApi, type TestApi, type TestRequest, testProjectId } from './test-api.ts'
import { signedHeadersOf, type TestKey } from './test-sign.ts'

let api: TestApi
const project = `/v1/${testProjectId}`
const password = 'Correct horse 1'

before(async () => {
  api = await openTestApi()
})
after(() => api[Symbol.asyncDispose]())

async function tokenOf(name: string): Promise<string> {
  return String((await api.signIn({ name, password, projectId: testProjectId })).headers['x-subject-token'])
}

const makeTask = async (name: string, labels: object | undefined, headers = {}) => {
  const input = { type: 'url', data: [{ url: 'rtsp://192.168.0.8/a' }] }
  const body = { name, input, output: { webhook: { url: 'http://192.168.0.9/' } }, ...(labels && { labels }) }
  return api.ask({ method: 'POST', path: api.tasksPath, body, headers })
}
const idOf = (answer: { body: unknown }) => (answer.body as { tasks: { id: string }[] }).tasks[0]?.id ?? ''

test('a limit by label lets a user see and act on the tasks that carry all of it, and on no other', async () => {
  const north = { site: 'north', line: '1' }
  const ids = {
    mine: idOf(await makeTask('mine', { ...north, more: 'x' })),
    half: idOf(await makeTask('half', { site: 'north' })),
    south: idOf(await makeTask('south', { site: 'south', line: '1' })),
    bare: idOf(await makeTask('bare', undefined)),
  }
  const body = { name: 'nora', password, roles: ['operator'], labels: north }
  const made = await api.ask({ method: 'POST', path: `${project}/users`, body })
  const { id, labels } = made.body as { id: string; labels: object }
  assert.deepEqual([made.status, labels], [201, north])
  const headers = { 'x-auth-token': await tokenOf('nora') }
  const listed = async (query = '') => {
    const { status, body: list } = await api.ask({ path: `${api.tasksPath}${query}`, headers })
    const { count, tasks } = list as { count?: number; tasks?: { id: string }[] }
    return [status, count, tasks?.map((task) => task.id)]
  }
  assert.deepEqual(await listed(), [200, 1, [ids.mine]])
  assert.deepEqual(await listed('?label=more=x'), [200, 1, [ids.mine]])
  assert.deepEqual(await listed(`?id=${ids.south}`), [200, 0, []])
  assert.deepEqual((await listed('?label=site=south'))[0], 403)
  for (const [name, of] of Object.entries(ids)) {
    const asked: TestRequest[] = [
      { path: `${api.tasksPath}/${of}` },
      { method: 'POST', path: `${api.tasksPath}/${of}/stop` },
      { method: 'DELETE', path: `${api.tasksPath}/${of}` },
    ]
    for (const request of asked) {
      const answer = await api.ask({ ...request, headers })
      if (name === 'mine') assert.ok(answer.status < 300, JSON.stringify(answer.body))
      else {
        const absent = await api.ask({ ...request, path: request.path.replace(of, '0'.repeat(32)), headers })
        assert.deepEqual(
          [answer.status, JSON.stringify(answer.body)],
          [404, JSON.stringify(absent.body).replace('0'.repeat(32), of)],
        )
      }
    }
  }
  assert.equal((await makeTask('hers', { ...north, more: 'y' }, headers)).status, 201)
  assert.equal((await makeTask('not-hers', { site: 'north' }, headers)).status, 403)
  assert.equal((await makeTask('not-hers', undefined, headers)).status, 403)
  const hers = idOf(await makeTask('relabelled', north, headers))
  const relabel = async (change: object | null) => {
    const request = { method: 'PUT', path: `${api.tasksPath}/${hers}`, body: { labels: change }, headers } as const
    return (await api.ask(request)).status
  }
  assert.deepEqual(
    [await relabel({ ...north, more: 'z' }), await relabel({ site: 'south' }), await relabel(null)],
    [200, 403, 403],
  )
  const batch = {
    method: 'POST',
    path: `${api.tasksPath}/batch`,
    body: { action: 'stop', filter: {} },
    headers,
  } as const
  assert.equal((await api.ask(batch)).status, 403)
  await api.ask({ method: 'PUT', path: `${project}/users/${id}`, body: { labels: {} } })
  assert.equal((await api.ask({ path: `${api.tasksPath}/${ids.south}`, headers })).status, 200)
})

test('a limit by label holds for requests that the key of such a user signs, and keeps services from changing', async () => {
  const policy = { Version: '1.1', Statement: [{ Effect: 'Allow', Action: ['modelarts:*'] }] }
  await api.ask({ method: 'POST', path: `${project}/roles`, body: { name: 'all', policy } })
  const body = { name: 'olaf', password, roles: ['all'], labels: { site: 'west' } }
  await api.ask({ method: 'POST', path: `${project}/users`, body })
  const headers = { 'x-auth-token': await tokenOf('olaf') }
  const key = (await api.ask({ method: 'POST', path: `${project}/keys`, body: {}, headers })).body as TestKey
  const signed = signedHeadersOf(key, { path: api.tasksPath }, api.clock.nowMs)
  const list = await api.app.inject({ url: api.tasksPath, headers: signed })
  assert.deepEqual(list.json(), { count: 0, tasks: [] })
  const service = api.tasksPath.replace(/\/tasks$/, '')
  assert.equal((await api.ask({ path: service, headers })).status, 200)
  assert.equal((await api.ask({ method: 'DELETE', path: service, headers })).status, 403)
  const stop = { method: 'PUT', path: service, body: { status: 'stopped' }, headers } as const
  assert.equal((await api.ask(stop)).status, 403)
})
