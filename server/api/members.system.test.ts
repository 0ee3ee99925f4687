// Users, roles and the record of calls. Source: auth page, section 5; platform API page, registries.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { insertAccount, insertAccountRole } from '../store/accounts.ts'
import { deleteOldAudit, insertAudit, selectAudit } from '../store/audit.ts'
import { insertProject, selectProjects } from '../store/projects.ts'
import { hashPassword } from './password.ts'
import { openTestApi, type TestApi, type TestRequest, testPassword, testProjectId } from './test-api.ts'

let api: TestApi
let domainId: string
const otherProjectId = 'c8221234567890abcdef1234567eb467'
const project = `/v1/${testProjectId}`
const password = 'Correct horse 1'

before(async () => {
  api = await openTestApi()
  const { database, clock } = api
  const [first] = await selectProjects(database)
  domainId = first?.domainId ?? ''
  const made = { domainId, createdAtMs: clock.nowMs }
  await insertProject(database, { ...made, signingSecrets: [], id: otherProjectId, name: 'other' })
  // Of the first project alone, and of both.
  for (const [id, projects] of [
    ['chief', [testProjectId]],
    ['roamer', [testProjectId, otherProjectId]],
  ] as const) {
    await insertAccount(database, { ...made, id, name: id, passwordHash: await hashPassword('p') })
    for (const projectId of projects) await insertAccountRole(database, { accountId: id, projectId, role: 'admin' })
  }
})
after(() => api[Symbol.asyncDispose]())

async function tokenOf(name: string, given = 'p', projectId = testProjectId): Promise<string> {
  return String((await api.signIn({ name, password: given, projectId })).headers['x-subject-token'])
}

async function makeUser(name: string, roles: string[], headers = {}): Promise<string> {
  const body = { name, password, roles }
  const made = await api.ask({ method: 'POST', path: `${project}/users`, body, headers })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  return (made.body as { id: string }).id
}

const codeOf = (answer: { status: number; body: unknown }) => [
  answer.status,
  (answer.body as { error_code?: string } | null)?.error_code,
]

describe('users', () => {
  test('one is made, shown, listed and signs in', async () => {
    const id = await makeUser('anna', ['operator'])
    const anna = { id, name: 'anna', roles: ['operator'], enabled: true, created_at: '2027-01-01T00:00:00Z' }
    assert.deepEqual((await api.ask({ path: `${project}/users/${id}` })).body, anna)
    const { users } = (await api.ask({ path: `${project}/users` })).body as { users: { name: string }[] }
    assert.deepEqual(
      users.map(({ name }) => name),
      ['admin', 'anna', 'chief', 'roamer'],
    )
    const headers = { 'x-auth-token': await tokenOf('anna', password) }
    assert.equal((await api.ask({ path: api.tasksPath, headers })).status, 200)
    assert.equal((await api.ask({ path: `${project}/users`, headers })).status, 403)
  })

  test('te_admin is another name of admin', async () => {
    const id = await makeUser('ted', ['te_admin'])
    const { body } = await api.ask({ path: `${project}/users/${id}` })
    assert.deepEqual((body as { roles: string[] }).roles, ['admin'])
  })

  for (const { name, body, expected } of [
    { name: 'a name that is taken', body: { name: 'chief' }, expected: [409, 'ModelArts.9522'] },
    { name: 'a role that is not there', body: { roles: ['boss'] }, expected: [404, 'ModelArts.9523'] },
    {
      name: 'a password of one kind of character',
      body: { password: 'aaaaaaaaaa' },
      expected: [400, 'ModelArts.0101'],
    },
    { name: 'a short password', body: { password: 'Ab1$' }, expected: [400, 'ModelArts.0101'] },
    {
      name: 'the name backwards as the password',
      body: { name: 'Password1', password: '1drowssap' },
      expected: [400, 'ModelArts.0101'],
    },
    { name: 'no role', body: { roles: [] }, expected: [400, 'ModelArts.0101'] },
    {
      name: 'an admin with a limit by label',
      body: { roles: ['admin'], labels: { site: 'north' } },
      expected: [400, 'ModelArts.0101'],
    },
  ]) {
    test(`${name} is refused`, async () => {
      const whole = { name: 'bert', password, roles: ['viewer'], ...body }
      assert.deepEqual(codeOf(await api.ask({ method: 'POST', path: `${project}/users`, body: whole })), expected)
    })
  }

  test('a change of roles holds for the tokens that are out, a new password ends them', async () => {
    const id = await makeUser('carl', ['viewer'])
    const headers = { 'x-auth-token': await tokenOf('carl', password) }
    const make = { method: 'POST', path: api.tasksPath, body: {}, headers } as const
    assert.equal((await api.ask(make)).status, 403)
    const change = async (body: object) => api.ask({ method: 'PUT', path: `${project}/users/${id}`, body })
    assert.deepEqual(((await change({ roles: ['operator', 'viewer'] })).body as { roles: string[] }).roles, [
      'operator',
      'viewer',
    ])
    assert.equal((await api.ask(make)).status, 400)
    assert.equal((await change({ password: 'Another horse 2' })).status, 200)
    assert.deepEqual(codeOf(await api.ask(make)), [401, 'ModelArts.0203'])
    assert.equal((await api.signIn({ name: 'carl', password })).status, 401)
    assert.equal((await api.signIn({ name: 'carl', password: 'Another horse 2' })).status, 201)
    await change({ enabled: false })
    assert.equal((await api.signIn({ name: 'carl', password: 'Another horse 2' })).status, 401)
  })

  test('files of the nodes are for the admin of every project, not for that of one', async () => {
    const input = { type: 'url', data: [{ url: 'file:///etc/passwd' }] }
    const body = { name: 'files', input, output: { webhook: { url: 'http://192.168.0.9/' } } }
    const headers = { 'x-auth-token': await tokenOf('chief') }
    const refused = await api.ask({ method: 'POST', path: api.tasksPath, body, headers })
    assert.deepEqual(codeOf(refused), [400, 'ModelArts.0101'])
    assert.equal((await api.ask({ method: 'POST', path: api.tasksPath, body })).status, 201)
  })

  test('a deleted user is gone with its tokens', async () => {
    const id = await makeUser('dora', ['viewer'])
    const headers = { 'x-auth-token': await tokenOf('dora', password) }
    const one = { path: `${project}/users/${id}` }
    assert.equal((await api.ask({ ...one, method: 'DELETE' })).status, 204)
    assert.deepEqual(codeOf(await api.ask(one)), [404, 'ModelArts.9521'])
    assert.deepEqual(codeOf(await api.ask({ path: api.tasksPath, headers })), [401, 'ModelArts.0203'])
  })

  test('the admin of one project changes neither who is elsewhere too, nor itself', async () => {
    const headers = { 'x-auth-token': await tokenOf('chief') }
    const change = (id: string, body: object): TestRequest => ({
      ...{ method: 'PUT', path: `${project}/users/${id}`, body, headers },
    })
    assert.deepEqual(codeOf(await api.ask(change('roamer', { password }))), [403, 'ModelArts.0108'])
    assert.deepEqual(codeOf(await api.ask(change('roamer', { enabled: false }))), [403, 'ModelArts.0108'])
    assert.deepEqual(codeOf(await api.ask(change('chief', { roles: ['viewer'] }))), [400, 'ModelArts.0101'])
    const self = { method: 'DELETE', path: `${project}/users/chief`, headers } as const
    assert.deepEqual(codeOf(await api.ask(self)), [400, 'ModelArts.0101'])
    const one = { method: 'DELETE', path: `${project}/users/roamer`, headers } as const
    assert.equal((await api.ask(one)).status, 204)
    assert.equal((await api.signIn({ name: 'roamer', password: 'p', projectId: otherProjectId })).status, 201)
    assert.equal((await api.signIn({ name: 'roamer', password: 'p', projectId: testProjectId })).status, 401)
    assert.deepEqual(codeOf(await api.ask(change('roamer', { roles: ['viewer'] }))), [404, 'ModelArts.9521'])
  })

  test('the admin of every project brings an account of another project in', async () => {
    const path = `${project}/users/roamer`
    const { status, body } = await api.ask({ method: 'PUT', path, body: { roles: ['viewer'] } })
    assert.deepEqual([status, (body as { roles: string[] }).roles], [200, ['viewer']])
  })
})

const looker = {
  Version: '1.1',
  Statement: [
    { Effect: 'Allow', Action: ['modelarts:service:*'] },
    { Effect: 'Deny', Action: ['modelarts:service:delete', 'modelarts:serviceTask:delete'] },
  ],
}

describe('roles', () => {
  test('the built-in ones come first, and cannot be made or deleted', async () => {
    const { roles } = (await api.ask({ path: `${project}/roles` })).body as { roles: { name: string }[] }
    assert.deepEqual(
      roles.map(({ name }) => name),
      ['admin', 'operator', 'viewer'],
    )
    for (const name of ['admin', 'te_admin']) {
      const body = { name, policy: looker }
      assert.deepEqual(codeOf(await api.ask({ method: 'POST', path: `${project}/roles`, body })), [
        409,
        'ModelArts.9524',
      ])
    }
    const remove = { method: 'DELETE', path: `${project}/roles/viewer` } as const
    assert.deepEqual(codeOf(await api.ask(remove)), [404, 'ModelArts.9523'])
  })

  test('a role of the project gives what its policy says, until it is changed or deleted', async () => {
    const body = { name: 'looker', description: 'd', policy: looker }
    const made = await api.ask({ method: 'POST', path: `${project}/roles`, body })
    assert.deepEqual([made.status, made.body], [201, { ...body, built_in: false }])
    await makeUser('emil', ['looker'])
    const headers = { 'x-auth-token': await tokenOf('emil', password) }
    const statuses = async () => {
      const task = `${api.tasksPath}/${'0'.repeat(32)}`
      const asked: TestRequest[] = [
        { path: api.tasksPath },
        { method: 'POST', path: api.tasksPath, body: {} },
        { method: 'POST', path: `${task}/stop` },
        { method: 'DELETE', path: task },
        { path: `${project}/users` },
      ]
      return Promise.all(asked.map(async (request) => (await api.ask({ ...request, headers })).status))
    }
    assert.deepEqual(await statuses(), [200, 400, 404, 403, 403])
    const policy = { Version: '1.1', Statement: [{ Effect: 'Deny', Action: ['modelarts:*'] }] }
    await api.ask({ method: 'PUT', path: `${project}/roles/looker`, body: { policy } })
    assert.deepEqual(await statuses(), [403, 403, 403, 403, 403])
    assert.equal((await api.ask({ method: 'DELETE', path: `${project}/roles/looker` })).status, 204)
    assert.deepEqual(await statuses(), [403, 403, 403, 403, 403])
  })

  for (const { name, statement } of [
    { name: 'an action outside of ModelArts', statement: { Effect: 'Allow', Action: ['iam:users:create'] } },
    { name: 'everything', statement: { Effect: 'Allow', Action: ['*'] } },
    {
      name: 'a condition',
      statement: { Effect: 'Allow', Action: ['modelarts:*'], Condition: { Bool: { 'g:MFAPresent': ['true'] } } },
    },
  ]) {
    test(`a policy with ${name} is refused`, async () => {
      const body = { name: 'odd', policy: { Version: '1.1', Statement: [statement] } }
      const answer = await api.ask({ method: 'POST', path: `${project}/roles`, body })
      assert.deepEqual(codeOf(answer), [400, 'ModelArts.0101'])
    })
  }
})

describe('the record of calls', () => {
  type Entry = { operation: string; status: number; user_name: string; error_code?: string; time: string }
  const audit = async (query = '', headers = {}) => {
    const { status, body } = await api.ask({ path: `${project}/audit${query}`, headers })
    assert.equal(status, 200, JSON.stringify(body))
    return body as { audit: Entry[]; next_cursor?: string }
  }

  test('a write is one row however it ends, a read is none', async () => {
    api.clock.nowMs += 1000
    const fromMs = api.clock.nowMs
    const path = `${api.tasksPath}/${'0'.repeat(32)}`
    await api.ask({ path: api.tasksPath })
    const made = await api.ask({ method: 'POST', path: `${project}/keys`, body: {} })
    const stopped = await api.ask({ method: 'POST', path: `${path}/stop` })
    const headers = { 'x-auth-token': await tokenOf('chief') }
    const foreign = api.tasksPath.replace(testProjectId, otherProjectId)
    const refused = await api.ask({ method: 'POST', path: foreign, body: {}, headers })
    const common = { time: new Date(fromMs).toISOString(), address: '127.0.0.1', method: 'POST' }
    const by = (user_id: string, user_name: string) => ({ ...common, user_id, user_name })
    const { audit: entries } = await audit(`?from=${fromMs}`)
    const { id: adminId } = (
      (await api.ask({ path: `${project}/users` })).body as { users: { id: string; name: string }[] }
    ).users.find(({ name }) => name === 'admin') ?? { id: '' }
    assert.deepEqual(
      entries.map(({ id, ...entry }: Entry & { id?: number }) => entry),
      [
        {
          ...by('chief', 'chief'),
          ...{ operation: 'CreateTasks', target: foreign, status: 403, error_code: 'ModelArts.0210' },
          request_id: refused.headers['x-request-id'],
        },
        {
          ...by(adminId, 'admin'),
          ...{ operation: 'StopTask', target: `${path}/stop`, status: 404, error_code: 'ModelArts.9501' },
          request_id: stopped.headers['x-request-id'],
        },
        {
          ...by(adminId, 'admin'),
          ...{ operation: 'CreateKey', target: `${project}/keys`, status: 201 },
          request_id: made.headers['x-request-id'],
        },
      ],
    )
  })

  test('pages follow one another to the end', async () => {
    const whole = await audit('?limit=1000')
    const walked: Entry[] = []
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const page = await audit(`?limit=3&cursor=${cursor}`)
      walked.push(...page.audit)
      cursor = page.next_cursor
    }
    assert.ok(walked.length > 6)
    assert.deepEqual(walked, whole.audit)
  })

  test('calls outside of every project are for the admin of all of them', async () => {
    const { headers } = await api.signIn({ name: 'admin', password: testPassword })
    const unscoped = String(headers['x-subject-token'])
    await api.ask({
      method: 'DELETE',
      path: '/v3/auth/tokens',
      headers: { 'x-subject-token': unscoped, 'x-auth-token': unscoped },
    })
    const { audit: entries } = await audit('?scope=deployment')
    assert.deepEqual([entries[0]?.operation, entries[0]?.status], ['deleteToken', 204])
    const chief = { 'x-auth-token': await tokenOf('chief') }
    assert.equal((await api.ask({ path: `${project}/audit?scope=deployment`, headers: chief })).status, 403)
  })

  for (const query of ['?from=a', '?limit=0', '?cursor=1', '?scope=all']) {
    test(`${query} is refused`, async () => {
      assert.deepEqual(codeOf(await api.ask({ path: `${project}/audit${query}` })), [400, 'ModelArts.0101'])
    })
  }

  test('what is older than ninety days is forgotten', async () => {
    const { database } = api
    const entry = {
      ...{ projectId: 'p', accountId: 'a', accountName: 'a', method: 'POST', operation: 'O', target: '/' },
      ...{ status: 200, requestId: 'r', address: '' },
    }
    const day = 86_400_000
    for (const atMs of [0, day]) await insertAudit(database, { ...entry, atMs })
    await deleteOldAudit(database, 90 * day + 1)
    const kept = await selectAudit(database, { projectId: 'p', fromMs: 0, toMs: 2 * day, limit: 10 })
    assert.deepEqual(
      kept.map(({ atMs }) => atMs),
      [day],
    )
  })
})
