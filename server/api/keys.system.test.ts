// Access keys, and what they sign. Source: auth page, sections 2 to 4.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { insertAccount, insertAccountRole } from '../store/accounts.ts'
import { insertProject, selectProjects } from '../store/projects.ts'
import { hashPassword } from './password.ts'
import { openTestApi, type TestApi, type TestRequest, testPassword, testProjectId } from './test-api.ts'
import { signedHeadersOf, type TestKey } from './test-sign.ts'

let api: TestApi
let key: TestKey
let viewerToken: string
const otherProjectId = 'c8221234567890abcdef1234567eb467'
const keysPath = `/v1/${testProjectId}/keys`
const credentialsPath = '/v3.0/OS-CREDENTIAL/credentials'

before(async () => {
  api = await openTestApi()
  const { database, clock } = api
  const [project] = await selectProjects(database)
  const made = { domainId: project?.domainId ?? '', createdAtMs: clock.nowMs }
  await insertProject(database, { ...made, signingSecrets: [], id: otherProjectId, name: 'other' })
  await insertAccount(database, { ...made, id: 'viewer', name: 'viewer', passwordHash: await hashPassword('p') })
  await insertAccountRole(database, { accountId: 'viewer', projectId: testProjectId, role: 'viewer' })
  const { headers } = await api.signIn({ name: 'viewer', password: 'p', projectId: testProjectId })
  viewerToken = String(headers['x-subject-token'])
  key = await makeKey({})
})
after(() => api[Symbol.asyncDispose]())

async function makeKey(headers: Record<string, string>): Promise<TestKey> {
  const { body } = await api.ask({ method: 'POST', path: keysPath, body: { description: 'd' }, headers })
  return body as TestKey
}

type Signed = Omit<TestRequest, 'body'> & { body?: string }

/** Asks with a signature instead of a token; `change` is what happens to the headers on the way. */
async function askSigned(request: Signed, change: (headers: Record<string, string>) => void = () => {}) {
  const headers = signedHeadersOf(key, request, api.clock.nowMs)
  change(headers)
  const answer = await api.app.inject({
    method: request.method ?? 'GET',
    url: request.path,
    headers,
    ...(request.body !== undefined && { payload: Buffer.from(request.body) }),
  })
  return { status: answer.statusCode, body: answer.body === '' ? null : answer.json() }
}

test('a key is shown with its secret once, listed without, and gone when it is deleted', async () => {
  const made = await api.ask({ method: 'POST', path: keysPath, body: { description: 'ci' } })
  const { access, secret, ...rest } = made.body as TestKey
  assert.deepEqual([made.status, rest], [201, { description: 'ci', created_at: '2027-01-01T00:00:00Z' }])
  assert.match(access, /^[A-Z0-9]{20}$/)
  assert.match(secret, /^[A-Za-z0-9]{40}$/)
  const listed = (await api.ask({ path: keysPath })).body as { keys: { access: string }[] }
  assert.deepEqual(
    listed.keys.find((one) => one.access === access),
    { access, description: 'ci', created_at: '2027-01-01T00:00:00Z' },
  )
  const one = { method: 'DELETE', path: `${keysPath}/${access}` } as const
  assert.equal((await api.ask(one)).status, 204)
  assert.deepEqual((await api.ask(one)).body, {
    error_code: 'ModelArts.9520',
    error_msg: `Access key ${access} does not exist.`,
  })
})

test('a key of another does not exist', async () => {
  const headers = { 'x-auth-token': viewerToken }
  assert.equal((await api.ask({ method: 'DELETE', path: `${keysPath}/${key.access}`, headers })).status, 404)
  assert.deepEqual((await api.ask({ path: keysPath, headers })).body, { keys: [] })
})

test('the form of IAM makes, lists, shows and deletes the same keys', async () => {
  const credential = { user_id: 'viewer', description: 'iam' }
  const made = await api.ask({ method: 'POST', path: credentialsPath, body: { credential } })
  const { access, secret, ...rest } = (made.body as { credential: TestKey }).credential
  const shown = { ...credential, status: 'active', create_time: '2027-01-01T00:00:00.000000Z' }
  assert.deepEqual([made.status, rest, secret.length], [201, shown, 40])
  const ofViewer = { path: `${credentialsPath}?user_id=viewer` }
  assert.deepEqual((await api.ask(ofViewer)).body, { credentials: [{ access, ...shown }] })
  const one = { path: `${credentialsPath}/${access}`, headers: { 'x-auth-token': viewerToken } }
  assert.deepEqual((await api.ask(one)).body, { credential: { access, ...shown } })
  assert.equal((await api.ask({ ...one, path: `${credentialsPath}/${key.access}` })).status, 404)
  assert.equal((await api.ask({ ...one, path: `${credentialsPath}?user_id=admin` })).status, 403)
  assert.equal((await api.ask({ ...one, method: 'DELETE' })).status, 204)
})

test('an account has at most twenty keys', async () => {
  const headers = { 'x-auth-token': viewerToken }
  for (let count = 0; count < 20; count++) await makeKey(headers)
  const { status, body } = await api.ask({ method: 'POST', path: keysPath, body: {}, headers })
  const error_msg = 'The expected number of access keys exceeds the quota limit.'
  assert.deepEqual({ status, body }, { status: 400, body: { error_code: 'ModelArts.0118', error_msg } })
})

test('a signed request is answered like one with a token', async () => {
  const path = `${api.tasksPath}?limit=1&name_like=a%20b*`
  for (const request of [{ path }, { path, body: '{}' }, { path, headers: { 'x-project-id': testProjectId } }]) {
    assert.deepEqual(await askSigned(request), { status: 200, body: { count: 0, tasks: [] } })
  }
  assert.equal((await askSigned({ path: '/v3/auth/projects' })).status, 200)
})

test('a signature wins over a token', async () => {
  const spoilt = { error_code: 'ModelArts.0206', error_msg: 'Invalid AK/SK.' }
  const answer = await askSigned({ path: api.tasksPath }, (headers) => {
    headers.authorization = `${headers.authorization}0`
    headers['x-auth-token'] = api.token
  })
  assert.deepEqual(answer, { status: 403, body: spoilt })
})

const invalid = { status: 403, body: { error_code: 'ModelArts.0206', error_msg: 'Invalid AK/SK.' } }
const unreadable = {
  status: 401,
  body: { error_code: 'ModelArts.0208', error_msg: 'Failed to check the authorization request header.' },
}

for (const { name, change, expected } of [
  {
    name: 'an unknown access key',
    change: (headers: Record<string, string>) => {
      headers.authorization = headers.authorization?.replace(/Access=\w+/, 'Access=NOBODY') ?? ''
    },
    expected: invalid,
  },
  {
    name: 'another host',
    change: (headers: Record<string, string>) => {
      headers.host = 'h:2'
    },
    expected: invalid,
  },
  {
    name: 'a session token that no permanent key has',
    change: (headers: Record<string, string>) => {
      headers['x-security-token'] = 'a'
    },
    expected: invalid,
  },
  {
    name: 'a date that is far off',
    change: (headers: Record<string, string>) => {
      headers['x-sdk-date'] = '20270101T001501Z'
    },
    expected: invalid,
  },
  {
    name: 'no date',
    change: (headers: Record<string, string>) => {
      delete headers['x-sdk-date']
    },
    expected: unreadable,
  },
  {
    name: 'no list of signed headers',
    change: (headers: Record<string, string>) => {
      headers.authorization = headers.authorization?.replace(/SignedHeaders=[^,]+, /, '') ?? ''
    },
    expected: unreadable,
  },
]) {
  test(`${name} is refused`, async () => {
    assert.deepEqual(await askSigned({ path: api.tasksPath }, change), expected)
  })
}

test('in the style of the gateway a bad signature is a 401 of its own', async () => {
  await using gateway = await openTestApi({ isGatewayStyle: true })
  const headers = signedHeadersOf(key, { path: gateway.tasksPath }, gateway.clock.nowMs)
  const { status, body } = await gateway.ask({ path: gateway.tasksPath, headers })
  const error_msg = 'Incorrect IAM authentication information: verify aksk signature fail'
  assert.deepEqual({ status, body }, { status: 401, body: { error_code: 'APIGW.0301', error_msg } })
})

test('a body that is not the signed one is refused, whatever it holds', async () => {
  const request = { method: 'POST', path: api.tasksPath, headers: { 'content-type': 'application/json' } } as const
  const headers = signedHeadersOf(key, { ...request, body: '{"name":"a"}' }, api.clock.nowMs)
  for (const body of ['{"name":"b"}', '{', '']) {
    const { status } = await api.ask({ ...request, headers, body: Buffer.from(body) })
    assert.equal(status, 403)
  }
})

test('a write is taken once, a read as often as it comes', async () => {
  const path = `${api.tasksPath}/${'0'.repeat(32)}`
  assert.deepEqual([(await askSigned({ path })).status, (await askSigned({ path })).status], [404, 404])
  const stop = { method: 'POST', path: `${path}/stop` } as const
  assert.deepEqual([(await askSigned(stop)).status, await askSigned(stop)], [404, invalid])
  api.clock.nowMs += 1000
  assert.equal((await askSigned(stop)).status, 404)
})

test('a project in which the owner of the key has no role is told like one that is not there', async () => {
  const own = key
  const { keys } = (await api.ask({ path: keysPath, headers: { 'x-auth-token': viewerToken } })).body as {
    keys: { access: string }[]
  }
  await api.ask({
    method: 'DELETE',
    path: `${keysPath}/${keys[0]?.access}`,
    headers: { 'x-auth-token': viewerToken },
  })
  key = await makeKey({ 'x-auth-token': viewerToken })
  const told = async (projectId: string) => askSigned({ path: api.tasksPath.replace(testProjectId, projectId) })
  assert.equal((await told(testProjectId)).status, 200)
  const error_msg = 'The project id in the request URL does not match the token.'
  const mismatch = { status: 403, body: { error_code: 'ModelArts.0210', error_msg } }
  assert.deepEqual([await told(otherProjectId), await told('nowhere')], [mismatch, mismatch])
  assert.equal((await told('a%20b')).status, 400)
  key = own
})

test('a header that names another project or account is refused', async () => {
  for (const header of ['x-project-id', 'x-domain-id']) {
    const { status, body } = await askSigned({ path: api.tasksPath, headers: { [header]: 'other' } })
    assert.deepEqual([status, (body as { error_code: string }).error_code], [403, 'ModelArts.0210'])
  }
})

test('a pair of keys gives a token, and five wrong ones lock it', async () => {
  const signIn = async (secret: string, more = {}) => {
    const hw_ak_sk = { access: { key: key.access }, secret: { key: secret }, ...more }
    const auth = { identity: { methods: ['hw_ak_sk'], hw_ak_sk }, scope: { project: { id: testProjectId } } }
    return api.ask({ method: 'POST', path: '/v3/auth/tokens', body: { auth } })
  }
  const good = await signIn(key.secret)
  assert.equal(good.status, 201)
  const headers = { 'x-auth-token': String(good.headers['x-subject-token']) }
  assert.equal((await api.ask({ path: api.tasksPath, headers })).status, 200)
  assert.equal((await signIn(key.secret, { security_token: { key: 'a' } })).status, 401)
  for (let tries = 2; tries <= 5; tries++) assert.equal((await signIn('wrong')).status, 401)
  assert.equal((await signIn(key.secret)).status, 401)
  api.clock.nowMs += 15 * 60_000
  assert.equal((await signIn(key.secret)).status, 201)
})

test('the admin of the first start signs in after all of it', async () => {
  assert.equal((await api.signIn({ name: 'admin', password: testPassword })).status, 201)
})
