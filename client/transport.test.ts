import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ApiError, NoAnswerError } from './api-error.ts'
import { type HttpRequest, send } from './transport.ts'

type Reply = { status: number; headers?: Record<string, string>; body?: string } | 'no answer'

/** Sends a request to a platform that gives these replies in order, and tells what happened. */
async function sendTo(replies: readonly Reply[], request: HttpRequest) {
  let calls = 0
  const pausesMs: number[] = []
  const transport = {
    endpoint: 'http://platform',
    timeoutMs: 1000,
    fetch: async () => {
      const reply = replies[calls++]
      if (reply === undefined || reply === 'no answer') throw new TypeError('fetch failed')
      return new Response(reply.body ?? null, { status: reply.status, headers: reply.headers ?? {} })
    },
    pause: async (ms: number) => {
      pausesMs.push(ms)
    },
  }
  const result = await send(transport, request).then(
    ({ body }) => body,
    (error: unknown) => error,
  )
  return { result, calls, pausesMs }
}

const good = { status: 200, body: '{}' }

describe('tries', () => {
  for (const { name, method, replies, calls, isGood } of [
    {
      name: 'a GET without an answer is sent again',
      method: 'GET',
      replies: ['no answer', good],
      calls: 2,
      isGood: true,
    },
    {
      name: 'a GET meets a gateway that has no server',
      method: 'GET',
      replies: [{ status: 502 }, good],
      calls: 2,
      isGood: true,
    },
    { name: 'a POST without an answer is not', method: 'POST', replies: ['no answer', good], calls: 1, isGood: false },
    {
      name: 'a POST meets a gateway that has no server',
      method: 'POST',
      replies: [{ status: 502 }, good],
      calls: 1,
      isGood: false,
    },
    {
      name: 'a POST that came too fast is sent again',
      method: 'POST',
      replies: [{ status: 429 }, good],
      calls: 2,
      isGood: true,
    },
    {
      name: 'a DELETE during maintenance is sent again',
      method: 'DELETE',
      replies: [{ status: 503 }, good],
      calls: 2,
      isGood: true,
    },
    {
      name: 'a fault of the server is not hidden by trying again',
      method: 'GET',
      replies: [{ status: 500 }, good],
      calls: 1,
      isGood: false,
    },
    { name: 'a refusal stays one', method: 'GET', replies: [{ status: 404 }, good], calls: 1, isGood: false },
    { name: 'there is an end', method: 'GET', replies: Array(9).fill('no answer'), calls: 4, isGood: false },
  ] as { name: string; method: string; replies: Reply[]; calls: number; isGood: boolean }[]) {
    test(name, async () => {
      const outcome = await sendTo(replies, { method, path: '/x' })
      assert.deepEqual({ calls: outcome.calls, isGood: outcome.result === '{}' }, { calls, isGood })
    })
  }
})

describe('Retry-After', () => {
  test('is kept, with a little jitter on top', async () => {
    const { pausesMs } = await sendTo([{ status: 429, headers: { 'retry-after': '2' } }, good], {
      method: 'POST',
      path: '/x',
    })
    assert.ok(pausesMs.length === 1 && pausesMs.every((ms) => ms >= 2000 && ms <= 2200), String(pausesMs))
  })

  test('is not waited for when it is too long', async () => {
    const { calls, result } = await sendTo([{ status: 503, headers: { 'retry-after': '3600' } }, good], {
      method: 'GET',
      path: '/x',
    })
    assert.deepEqual([calls, result instanceof ApiError], [1, true])
  })
})

describe('errors', () => {
  for (const { name, body, expected } of [
    {
      name: 'a body of the services',
      body: '{"error_code":"ModelArts.3502","error_msg":"Service x does not exist."}',
      expected: { errorCode: 'ModelArts.3502', message: 'Service x does not exist.' },
    },
    {
      name: 'a body of Keystone',
      body: '{"error":{"code":401,"message":"The username or password is wrong.","title":"Unauthorized"}}',
      expected: { errorCode: '401', message: 'The username or password is wrong.' },
    },
    { name: 'a page of a proxy', body: '<html>', expected: { errorCode: '', message: 'the answer was 404' } },
  ]) {
    test(name, async () => {
      const reply = { status: 404, headers: { 'x-request-id': 'r1' }, body }
      const { result } = await sendTo([reply], { method: 'GET', path: '/x' })
      assert.ok(result instanceof ApiError)
      const { status, errorCode, message, requestId } = result
      assert.deepEqual({ status, errorCode, message, requestId }, { status: 404, requestId: 'r1', ...expected })
    })
  }

  test('no answer names the endpoint and keeps the cause', async () => {
    const { result } = await sendTo(['no answer'], { method: 'POST', path: '/x' })
    assert.ok(result instanceof NoAnswerError && result.cause instanceof TypeError)
    assert.equal(result.message, 'no answer from http://platform')
  })
})
