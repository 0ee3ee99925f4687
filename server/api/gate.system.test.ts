// Who is let in, and what the others are told. Source: auth page, sections 2, 4 and 5.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { insertAccount, insertAccountRole } from '../store/accounts.ts'
import { insertProject, selectProjects } from '../store/projects.ts'
import { hashPassword } from './password.ts'
import { openTestApi, signInBody, type TestApi, type TestRequest, testPassword, testProjectId } from './test-api.ts'

let api: TestApi
const tokens: Record<string, string> = {}
const otherProjectId = 'c8221234567890abcdef1234567eb467'

before(async () => {
  api = await openTestApi()
  const { database, clock } = api
  const [project] = await selectProjects(database)
  const domainId = project?.domainId ?? ''
  const made = { domainId, signingSecrets: [], createdAtMs: clock.nowMs }
  await insertProject(database, { ...made, id: otherProjectId, name: 'other' })
  const passwordHash = await hashPassword('p')
  for (const role of ['operator', 'viewer']) {
    await insertAccount(database, { id: role, name: role, domainId, passwordHash, createdAtMs: clock.nowMs })
    await insertAccountRole(database, { accountId: role, projectId: testProjectId, role })
    tokens[role] = await tokenOf(role, 'p', testProjectId)
  }
  tokens.admin = api.token
  tokens.unscoped = await tokenOf('admin', testPassword)
  tokens.other = await tokenOf('admin', testPassword, otherProjectId)
})
after(() => api[Symbol.asyncDispose]())

async function tokenOf(name: string, password: string, projectId?: string): Promise<string> {
  const { headers } = await api.signIn({ name, password, ...(projectId !== undefined && { projectId }) })
  return String(headers['x-subject-token'])
}

const bare = (headers: Record<string, string>) => api.app.inject({ url: api.tasksPath, headers })

for (const { name, headers, status, body } of [
  {
    name: 'no token',
    headers: () => ({}),
    status: 401,
    body: { error_code: 'ModelArts.0201', error_msg: "Token doesn't exist." },
  },
  {
    name: 'an empty token',
    headers: () => ({ 'x-auth-token': '' }),
    status: 401,
    body: { error_code: 'ModelArts.0201', error_msg: "Token doesn't exist." },
  },
  {
    name: 'a token of nobody',
    headers: () => ({ 'x-auth-token': 'A'.repeat(43) }),
    status: 401,
    body: { error_code: 'ModelArts.0203', error_msg: 'Invalid token.' },
  },
  {
    name: 'no token at all in the token header',
    headers: () => ({ 'x-auth-token': "' or 1=1 --" }),
    status: 401,
    body: { error_code: 'ModelArts.0203', error_msg: 'Invalid token.' },
  },
  {
    name: 'a scheme that is not offered, even beside a good token',
    headers: () => ({ authorization: 'Basic YTpi', 'x-auth-token': api.token }),
    status: 401,
    body: { error_code: 'ModelArts.0206', error_msg: 'Incorrect authorization request header format.' },
  },
  {
    name: 'a token without a project',
    headers: () => ({ 'x-auth-token': tokens.unscoped ?? '' }),
    status: 401,
    body: {
      error_code: 'ModelArts.0212',
      error_msg: 'Invalid token header because the token does not contain a project.',
    },
  },
  {
    name: 'a token of another project',
    headers: () => ({ 'x-auth-token': tokens.other ?? '' }),
    status: 403,
    body: {
      error_code: 'ModelArts.0210',
      error_msg: 'The project id in the request URL does not match the token.',
    },
  },
  {
    name: 'a project header that names another project',
    headers: () => ({ 'x-auth-token': api.token, 'x-project-id': otherProjectId }),
    status: 403,
    body: {
      error_code: 'ModelArts.0210',
      error_msg: 'The project id in the request URL does not match the token.',
    },
  },
]) {
  test(`${name} is refused`, async () => {
    const answer = await bare(headers())
    assert.deepEqual({ status: answer.statusCode, body: answer.json() }, { status, body })
    assert.match(String(answer.headers['x-request-id']), /^[0-9a-f]{32}$/)
  })
}

test('a malformed project id is refused', async () => {
  const { status, body } = await api.ask({ path: '/v1/a%20b/services' })
  assert.deepEqual(
    { status, body },
    { status: 400, body: { error_code: 'ModelArts.0210', error_msg: 'Invalid project ID.' } },
  )
})

test('a service of another project does not exist', async () => {
  const path = api.tasksPath.replace(testProjectId, otherProjectId)
  const { status, body } = await api.ask({ path, headers: { 'x-auth-token': tokens.other ?? '' } })
  const error_msg = `Service ${api.serviceId} does not exist.`
  assert.deepEqual({ status, body }, { status: 404, body: { error_code: 'ModelArts.3502', error_msg } })
})

const taskPath = () => `${api.tasksPath}/${'0'.repeat(32)}`
const servicePath = () => api.tasksPath.replace(/\/tasks$/, '')
const calls: { action: string; request: () => TestRequest; allowed: string[] }[] = [
  { action: 'serviceTask:list', request: () => ({ path: api.tasksPath }), allowed: ['admin', 'operator', 'viewer'] },
  { action: 'serviceTask:get', request: () => ({ path: taskPath() }), allowed: ['admin', 'operator', 'viewer'] },
  {
    action: 'serviceTask:create',
    request: () => ({ method: 'POST', path: api.tasksPath, body: {} }),
    allowed: ['admin', 'operator'],
  },
  {
    action: 'serviceTask:delete',
    request: () => ({ method: 'DELETE', path: taskPath() }),
    allowed: ['admin', 'operator'],
  },
  {
    action: 'serviceTask:action',
    request: () => ({ method: 'POST', path: `${taskPath()}/start` }),
    allowed: ['admin', 'operator'],
  },
  {
    action: 'serviceTask:action',
    request: () => ({ method: 'POST', path: `${taskPath()}/stop` }),
    allowed: ['admin', 'operator'],
  },
  {
    action: 'service:list',
    request: () => ({ path: `/v1/${testProjectId}/services` }),
    allowed: ['admin', 'operator', 'viewer'],
  },
  { action: 'service:get', request: () => ({ path: servicePath() }), allowed: ['admin', 'operator', 'viewer'] },
  {
    action: 'service:create',
    request: () => ({ method: 'POST', path: `/v1/${testProjectId}/services`, body: {} }),
    allowed: ['admin'],
  },
  { action: 'service:update', request: () => ({ method: 'PUT', path: servicePath(), body: {} }), allowed: ['admin'] },
]

for (const { action, request, allowed } of calls) {
  test(`modelarts:${action} is for ${allowed.join(', ')} only`, async () => {
    for (const role of ['admin', 'operator', 'viewer']) {
      const { status, body } = await api.ask({ ...request(), headers: { 'x-auth-token': tokens[role] ?? '' } })
      if (allowed.includes(role)) assert.notEqual(status, 403, `${role} ${JSON.stringify(body)}`)
      else {
        const error_msg = `You are not authorized to perform the (modelarts:${action}) operation.`
        assert.deepEqual({ status, body }, { status: 403, body: { error_code: 'ModelArts.0108', error_msg } })
      }
    }
  })
}

test('a token says who it is for and where the API is', async () => {
  const { status, body } = await api.ask({
    path: '/v3/auth/tokens',
    headers: { 'x-subject-token': tokens.viewer ?? '', host: 'h:1' },
  })
  const { token } = body as {
    token: { catalog: { name: string; endpoints: { url: string }[] }[]; user: { domain: object } }
  }
  const { domain } = token.user
  assert.equal(status, 200)
  assert.deepEqual(
    { ...token, catalog: token.catalog.map(({ name, endpoints }) => [name, endpoints[0]?.url]) },
    {
      expires_at: '2027-01-02T00:00:00.000000Z',
      issued_at: '2027-01-01T00:00:00.000000Z',
      methods: ['password'],
      user: { id: 'viewer', name: 'viewer', domain },
      project: { id: testProjectId, name: 'default', domain },
      roles: [{ id: 'viewer', name: 'viewer' }],
      catalog: [
        ['identity', 'http://h:1/v3'],
        ['modelarts', `http://h:1/v1/${testProjectId}`],
        ['dis', `http://h:1/v2/${testProjectId}`],
      ],
    },
  )
})

test('a token that holds is told by HEAD alone', async () => {
  const headers = { 'x-subject-token': tokens.viewer ?? '' }
  const { status, body } = await api.ask({ method: 'HEAD', path: '/v3/auth/tokens', headers })
  assert.deepEqual([status, body], [200, null])
  const unknown = { 'x-subject-token': 'A'.repeat(43) }
  assert.equal((await api.ask({ method: 'HEAD', path: '/v3/auth/tokens', headers: unknown })).status, 404)
})

test('?nocatalog leaves the catalogue out', async () => {
  const { body } = await api.ask({
    method: 'POST',
    path: '/v3/auth/tokens?nocatalog',
    body: signInBody('viewer', 'p', testProjectId),
  })
  assert.equal('catalog' in (body as { token: object }).token, false)
})

test('a token takes a token into another project, and lives no longer', async () => {
  api.clock.nowMs += 1000
  const identity = { methods: ['token'], token: { id: tokens.unscoped } }
  const scope = { project: { name: 'other' } }
  const { status, body } = await api.ask({
    method: 'POST',
    path: '/v3/auth/tokens',
    body: { auth: { identity, scope } },
  })
  const { project, expires_at } = (body as { token: { project: { id: string }; expires_at: string } }).token
  assert.deepEqual([status, project.id, expires_at], [201, otherProjectId, '2027-01-02T00:00:00.000000Z'])
})

test('the projects of an account are those it has a role in', async () => {
  const named = async (headers: Record<string, string>, query = '') => {
    const { body } = await api.ask({ path: `/v3/auth/projects${query}`, headers })
    return (body as { projects: { name: string }[] }).projects.map(({ name }) => name)
  }
  assert.deepEqual(await named({}), ['default', 'other'])
  assert.deepEqual(await named({}, '?name=other'), ['other'])
  assert.deepEqual(await named({ 'x-auth-token': tokens.viewer ?? '' }), ['default'])
})

test('the admin of every project makes one, with its services', async () => {
  const make = (name: string, headers = {}) =>
    api.ask({ method: 'POST', path: '/v3/projects', body: { project: { name } }, headers })
  const { status, body } = await make('third')
  const { id, links, domain_id, parent_id, ...rest } = (body as { project: Record<string, unknown> }).project
  assert.deepEqual([status, rest], [201, { name: 'third', is_domain: false, enabled: true, description: '' }])
  assert.deepEqual([(await make('third')).status, (await make('a b')).status], [409, 400])
  assert.equal((await make('fourth', { 'x-auth-token': tokens.operator ?? '' })).status, 403)
  const headers = { 'x-auth-token': await tokenOf('admin', testPassword, String(id)) }
  const listed = (await api.ask({ path: `/v1/${id}/services`, headers })).body as { total_count: number }
  assert.ok(listed.total_count > 1)
})

test('a project without a role in it gives no token', async () => {
  const { status } = await api.signIn({ name: 'viewer', password: 'p', projectId: otherProjectId })
  assert.equal(status, 401)
})

test('a revoked token is refused at once', async () => {
  const token = await tokenOf('viewer', 'p', testProjectId)
  const revoke = { path: '/v3/auth/tokens', headers: { 'x-subject-token': token } }
  assert.equal((await api.ask({ ...revoke, method: 'DELETE' })).status, 204)
  assert.equal((await bare({ 'x-auth-token': token })).json().error_code, 'ModelArts.0203')
  assert.equal((await api.ask(revoke)).status, 404)
})

test('the token of another is not found', async () => {
  const headers = { 'x-auth-token': tokens.viewer ?? '', 'x-subject-token': api.token }
  assert.equal((await api.ask({ path: '/v3/auth/tokens', headers })).status, 404)
})

test('a wrong password is told as Keystone tells it, and five of them lock the name for 15 minutes', async () => {
  const wrong = { name: 'operator', password: 'wrong' }
  const refused = { error: { code: 401, message: 'The username or password is wrong.', title: 'Unauthorized' } }
  for (let tries = 1; tries <= 5; tries++) {
    const { status, body } = await api.signIn(wrong)
    assert.deepEqual({ status, body }, { status: 401, body: refused })
  }
  const right = { name: 'operator', password: 'p' }
  assert.equal((await api.signIn(right)).status, 401)
  assert.equal((await api.signIn({ name: 'viewer', password: 'p' })).status, 201)
  api.clock.nowMs += 15 * 60_000
  assert.equal((await api.signIn(right)).status, 201)
})

test('an unknown user is told the same as a wrong password', async () => {
  const { status, body } = await api.signIn({ name: 'nobody', password: 'p' })
  assert.deepEqual(
    [status, (body as { error: { message: string } }).error.message],
    [401, 'The username or password is wrong.'],
  )
})

test('a token request that lacks a member is a 400 in the shape of Keystone', async () => {
  const auth = { identity: { methods: ['password'], password: { user: { name: 'admin' } } } }
  const { status, body } = await api.ask({ method: 'POST', path: '/v3/auth/tokens', body: { auth } })
  const message = 'Invalid argument. The field [auth.identity.password.user.password] is required and cannot be empty.'
  assert.deepEqual({ status, body }, { status: 400, body: { error: { code: 400, message, title: 'Bad Request' } } })
})

test('an expired token says that it has expired', async () => {
  api.clock.nowMs += 24 * 3_600_000
  const answer = await bare({ 'x-auth-token': api.token })
  const error_msg = 'Invalid token header because the token has expired.'
  assert.deepEqual([answer.statusCode, answer.json()], [401, { error_code: 'ModelArts.0202', error_msg }])
})
