// HTTP as the API limits it, over real sockets where a client library would not send such a thing.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { openTestApi, type TestApi, testPassword, testProjectId } from './test-api.ts'

let api: TestApi
let port: number

before(async () => {
  api = await openTestApi()
  await api.app.listen({ host: '127.0.0.1', port: 0 })
  port = (api.app.server.address() as AddressInfo).port
})
after(() => api[Symbol.asyncDispose]())

/** Sends bytes, gives the whole answer. */
async function send(request: string | Uint8Array): Promise<{ status: number; head: string; body: string }> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(request)
  const answer = await text(socket)
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  return { status: Number(head.split(' ')[1]), head: head.toLowerCase(), body }
}

const head = (line: string, headers: string[] = []) =>
  [line, 'Host: h', 'Connection: close', `X-Auth-Token: ${api.token}`, ...headers, '', ''].join('\r\n')
const post = (body: string | Uint8Array, headers = ['Content-Type: application/json']) =>
  send(
    Buffer.concat([
      Buffer.from(head(`POST ${api.tasksPath} HTTP/1.1`, [...headers, `Content-Length: ${body.length}`])),
      Buffer.from(body),
    ]),
  )
const codeOf = (body: string) => (JSON.parse(body) as { error_code: string }).error_code

for (const { name, request, expected } of [
  {
    name: 'a URL of 17 KiB',
    request: () => head(`GET /${'a'.repeat(17_000)} HTTP/1.1`),
    expected: [414, 'ModelArts.9509'],
  },
  {
    name: 'a URL of 60 KiB',
    request: () => head(`GET /${'a'.repeat(60_000)} HTTP/1.1`),
    expected: [414, 'ModelArts.9509'],
  },
  {
    name: 'a head of 17 KiB',
    request: () => head('GET / HTTP/1.1', [`A: ${'a'.repeat(17_000)}`]),
    expected: [431, 'ModelArts.9509'],
  },
  {
    name: 'a head of 60 KiB',
    request: () => head('GET / HTTP/1.1', [`A: ${'a'.repeat(60_000)}`]),
    expected: [431, 'ModelArts.9509'],
  },
  { name: 'what is no HTTP', request: () => 'hello\r\n\r\n', expected: [400, 'ModelArts.4105'] },
  {
    name: 'a request without a Host',
    request: () => 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n',
    expected: [400, 'ModelArts.0101'],
  },
  {
    name: 'an expectation that nobody knows',
    request: () => head('GET /v1/x/y HTTP/1.1', ['Expect: magic']),
    expected: [404, 'ModelArts.4204'],
  },
  {
    name: 'a method of another protocol',
    request: () => head('PROPFIND /healthz HTTP/1.1'),
    expected: [405, 'ModelArts.4204'],
  },
  {
    name: 'a method that must say the type of its body, and does not',
    request: () => head(`QUERY ${api.tasksPath} HTTP/1.1`),
    expected: [405, 'ModelArts.4204'],
  },
  {
    name: 'such a method on an unknown path',
    request: () => head('QUERY /v1/x/y HTTP/1.1', ['Content-Length: 0']),
    expected: [404, 'ModelArts.4204'],
  },
  {
    name: 'an id with U+0000',
    request: () => head(`GET /v1/${testProjectId}/services/%00/tasks HTTP/1.1`),
    expected: [404, 'ModelArts.4204'],
  },
  { name: 'an unknown path', request: () => head('GET /v1/x/y HTTP/1.1'), expected: [404, 'ModelArts.4204'] },
  { name: 'a malformed path', request: () => head('GET /v1/%zz/services HTTP/1.1'), expected: [404, 'ModelArts.4204'] },
  {
    name: 'two tokens',
    request: () => head(`GET ${api.tasksPath} HTTP/1.1`, [`x-auth-token: ${api.token}`]),
    expected: [401, 'ModelArts.0203'],
  },
  {
    name: 'two authorizations',
    request: () => head(`GET ${api.tasksPath} HTTP/1.1`, ['Authorization: a', 'Authorization: b']),
    expected: [401, 'ModelArts.0203'],
  },
]) {
  test(`${name} is answered with ${expected.join(' ')} and a request id`, async () => {
    const answer = await send(request())
    assert.deepEqual([answer.status, codeOf(answer.body)], expected)
    assert.match(answer.head, /\r\nx-request-id: [0-9a-f]{32}\r\n/)
  })
}

test('a wrong method is answered with 405 and the right ones', async () => {
  const answer = await send(head(`PATCH ${api.tasksPath} HTTP/1.1`))
  assert.deepEqual([answer.status, codeOf(answer.body)], [405, 'ModelArts.4204'])
  assert.match(answer.head, /\r\nallow: post, get, head\r\n/)
})

test('a body of 1 MiB is read, a longer one is not', async () => {
  const bytes = 1024 * 1024
  const fits = await post(`{"name":"${'a'.repeat(bytes - 11)}"}`)
  assert.equal(fits.status, 400)
  const tooLong = await post(`{"name":"${'a'.repeat(bytes - 10)}"}`)
  assert.deepEqual(
    [tooLong.status, JSON.parse(tooLong.body)],
    [413, { error_code: 'ModelArts.9509', error_msg: 'The request body exceeds 1048576 bytes.' }],
  )
})

for (const { name, body, headers, expected } of [
  { name: 'an empty body', body: '', headers: ['Content-Type: application/json'], expected: [400, 'ModelArts.4202'] },
  { name: 'a list', body: '[]', headers: ['Content-Type: application/json'], expected: [400, 'ModelArts.4105'] },
  {
    name: 'a form',
    body: 'name=a',
    headers: ['Content-Type: application/x-www-form-urlencoded'],
    expected: [415, 'ModelArts.4105'],
  },
  {
    name: 'a multipart form',
    body: '--x--',
    headers: ['Content-Type: multipart/form-data; boundary=x'],
    expected: [415, 'ModelArts.4105'],
  },
  { name: 'text', body: '{}', headers: ['Content-Type: text/plain'], expected: [415, 'ModelArts.4105'] },
  { name: 'a type that is none', body: '{}', headers: ['Content-Type: json'], expected: [415, 'ModelArts.4105'] },
  {
    name: 'a packed body',
    body: '{}',
    headers: ['Content-Type: application/json', 'Content-Encoding: gzip'],
    expected: [415, 'ModelArts.4105'],
  },
  { name: 'a JSON body without a type', body: '{}', headers: [], expected: [400, 'ModelArts.0101'] },
  {
    name: 'a JSON body with a charset',
    body: '{}',
    headers: ['Content-Type: application/json; charset=utf-8'],
    expected: [400, 'ModelArts.0101'],
  },
]) {
  test(`${name} on create is answered with ${expected.join(' ')}`, async () => {
    const answer = await post(body, headers)
    assert.deepEqual([answer.status, codeOf(answer.body)], expected)
  })
}

test('small bodies are ignored where none is expected, larger ones are refused', async () => {
  const withBody = (line: string, bytes: number) =>
    send(head(line, ['Content-Type: text/plain', `Content-Length: ${bytes}`]) + 'x'.repeat(bytes))
  const start = `POST ${api.tasksPath}/${'0'.repeat(32)}/start HTTP/1.1`
  const list = `GET ${api.tasksPath} HTTP/1.1`
  const statuses = [
    (await withBody(list, 2)).status,
    (await withBody(list, 4096)).status,
    (await withBody(list, 4097)).status,
    (await withBody(start, 4096)).status,
    (await withBody(start, 4097)).status,
  ]
  assert.deepEqual(statuses, [200, 200, 413, 404, 413])
})

test('health, readiness and the document need no token', async () => {
  for (const path of ['/healthz', '/readyz', '/openapi.json', '/v3', '/v3/']) {
    assert.equal((await api.app.inject(path)).statusCode, 200, path)
  }
  const document = (await api.app.inject('/openapi.json')).json()
  assert.ok(document.paths['/v1/{project_id}/services/{service_id}/tasks'].post.requestBody)
})

test('a final slash changes nothing', async () => {
  assert.equal((await api.ask({ path: `/v1/${testProjectId}/services/` })).status, 200)
})

test('in maintenance reads and tokens go on and writes wait', async () => {
  await using resting = await openTestApi({ isMaintenance: true })
  assert.equal((await resting.ask({ path: resting.tasksPath })).status, 200)
  const { status, body } = await resting.ask({ method: 'POST', path: resting.tasksPath, body: {} })
  assert.deepEqual([status, body], [503, { error_code: 'ModelArts.9510', error_msg: 'The platform is not ready.' }])
})

test('reads, and tokens by address, have limits of their own that fill up again', async () => {
  await using limited = await openTestApi({ hasRateLimit: true })
  const read = async () => (await limited.ask({ path: limited.tasksPath })).status
  const signIn = async () => (await limited.signIn({ name: 'admin', password: testPassword })).status
  const statusesOf = (count: number, act: () => Promise<number>) =>
    Array.fromAsync(Array.from({ length: count }), () => act())
  assert.deepEqual(await statusesOf(101, read), [...Array(100).fill(200), 429])
  // One was taken by the sign-in of the test itself.
  assert.deepEqual(await statusesOf(5, signIn), [...Array(4).fill(201), 429])
  limited.clock.nowMs += 200
  assert.deepEqual(await statusesOf(11, read), [...Array(10).fill(200), 429])
  assert.deepEqual(await statusesOf(2, signIn), [201, 429])
})

test('calls that come too fast are told when to come again', async () => {
  await using limited = await openTestApi({ hasRateLimit: true })
  const statuses = []
  for (let call = 1; call <= 21; call++) {
    statuses.push((await limited.ask({ method: 'POST', path: limited.tasksPath, body: {} })).status)
  }
  assert.deepEqual(statuses, [...Array(20).fill(400), 429])
  const { body, headers } = await limited.ask({ method: 'POST', path: limited.tasksPath, body: {} })
  const error_msg = `Excessive number of requests to ${limited.tasksPath}.`
  assert.deepEqual([body, headers['retry-after']], [{ error_code: 'ModelArts.4206', error_msg }, '1'])
  assert.equal((await limited.ask({ path: limited.tasksPath })).status, 200)
})
