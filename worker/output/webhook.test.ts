import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import type { Message } from '../spool/messages.ts'
import { anOutput } from '../spool/test-results.ts'
import { shareOf } from './data-category.ts'
import { signatureOf } from './signature.ts'
import { streamIdOf } from './stream-id.ts'
import { pauseAfterMs, readRetryAfterMs } from './timetable.ts'
import { bodyOf, headersOf } from './webhook.ts'

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const aMessage = (over: Partial<Message> = {}): Message => ({
  taskId: 't1',
  output: 'webhook',
  id: 1,
  generation: 1,
  sequence: 1,
  messageId: '0B0E4C0C-9B7E-4C9D-9E3B-1D2C3B4A5968',
  eventType: 196609,
  createdAtMs: 0,
  attempts: 0,
  head: '{"event_type":196609,"task_id":"t1"}',
  data: '{"event_set":[]}',
  picture: undefined,
  ...over,
})

test('the signature is the one of the Standard Webhooks reference', () => {
  const body = Buffer.from('{"test": 2432232314}')
  assert.equal(
    signatureOf([secret], 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, body),
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  )
})

test('during a rotation every secret signs, newest first', () => {
  const other = `whsec_${Buffer.from('another secret of 24 byte').toString('base64')}`
  const body = Buffer.from('x')
  const single = [other, secret].map((one) => signatureOf([one], 'm', 1, body))
  assert.equal(signatureOf([other, secret], 'm', 1, body), single.join(' '))
})

test('the body is the envelope with the picture spliced in', () => {
  assert.equal(String(bodyOf(aMessage())), '{"event_type":196609,"task_id":"t1","data":{"event_set":[]}}')
  const body = JSON.parse(String(bodyOf(aMessage({ picture: new Uint8Array([255, 216, 255]) }))))
  assert.deepEqual(Object.keys(body), ['event_type', 'task_id', 'image_base64', 'data'])
  assert.equal(body.image_base64, '/9j/')
})

test('headers of the task are sent, ours and those of the transport are not the task’s to set', () => {
  const headers = {
    Authorization: 'Bearer x',
    Host: 'evil',
    'Content-LENGTH': '1',
    'Webhook-Id': 'x',
    'X-Task-Id': 'y',
  }
  const config = anOutput({ settings: { url: 'http://a.example/', headers } })
  const body = Buffer.from('{}')
  const id = aMessage().messageId
  const digest = createHmac('sha256', Buffer.from(secret.slice(6), 'base64')).update(`${id}.1700000000.{}`)
  assert.deepEqual(headersOf(aMessage(), config, body, 1_700_000_000_999), {
    'Content-Type': 'application/json',
    'User-Agent': 'Sightline',
    Authorization: 'Bearer x',
    'webhook-id': id,
    'webhook-timestamp': '1700000000',
    'webhook-signature': `v1,${digest.digest('base64')}`,
    'X-Task-Id': 't1',
    'X-Event-Type': '196609',
  })
})

test('a task may set the content type', () => {
  const config = anOutput({
    settings: { url: 'http://a.example/', headers: { 'content-type': 'text/json' } },
    signingSecrets: [],
  })
  const headers = headersOf(aMessage(), config, Buffer.from(''), 0)
  assert.deepEqual(
    [headers['content-type'], headers['Content-Type'], headers['webhook-signature']],
    ['text/json', undefined, undefined],
  )
})

test('a user and a password in the address become an Authorization header, unless the task sets one', () => {
  const authorizationOf = (headers: Record<string, string>) =>
    headersOf(aMessage(), anOutput({ settings: { url: 'http://us:p%40w@a.example/', headers } }), Buffer.from(''), 0)
      .Authorization
  assert.deepEqual([authorizationOf({}), authorizationOf({ Authorization: 'own' })], ['Basic dXM6cEB3', 'own'])
})

const seconds = 1000
const hour = 3600 * seconds
for (const { name, failures, random = 0.5, retryAfterMs, expected } of [
  { name: 'the first pause is 5 s', failures: 1, expected: 5 * seconds },
  { name: 'the second pause is 15 s', failures: 2, expected: 15 * seconds },
  { name: 'the third pause is 30 s', failures: 3, expected: 30 * seconds },
  { name: 'the fourth pause is 2 min', failures: 4, expected: 120 * seconds },
  { name: 'the seventh pause is 30 min', failures: 7, expected: hour / 2 },
  { name: 'then it is hourly', failures: 8, expected: hour },
  { name: 'it stays hourly', failures: 50, expected: hour },
  { name: 'jitter shortens by at most 10 %', failures: 1, random: 0, expected: 4.5 * seconds },
  { name: 'jitter lengthens by at most 10 %', failures: 1, random: 1, expected: 5.5 * seconds },
  { name: 'a receiver may ask for a longer pause', failures: 1, retryAfterMs: 60 * seconds, expected: 60 * seconds },
  { name: 'a receiver cannot ask for a shorter pause', failures: 3, retryAfterMs: 1, expected: 30 * seconds },
  { name: 'a receiver cannot ask for more than an hour', failures: 1, retryAfterMs: 9 * hour, expected: hour },
] as { name: string; failures: number; random?: number; retryAfterMs?: number; expected: number }[]) {
  test(name, () => assert.equal(pauseAfterMs(failures, random, retryAfterMs), expected))
}

test('Retry-After is read as seconds or as a date', () => {
  const read = ['120', 'Thu, 01 Jan 1970 00:00:30 GMT', 'Thu, 01 Jan 1970 00:00:05 GMT', 'soon', undefined]
  assert.deepEqual(
    read.map((value) => readRetryAfterMs(value, 10_000)),
    [120_000, 20_000, 0, undefined, undefined],
  )
})

for (const [filter, category, hasPicture, expected] of [
  [undefined, 'Heatmap', true, 'data_and_picture'],
  [[], 'StructuredData', false, 'data'],
  [['OriginImage'], 'OriginImage', true, 'data_and_picture'],
  [['OriginImage'], 'StructuredData', true, 'data_and_picture'],
  [['OriginImage'], 'StructuredData', false, 'nothing'],
  [['StructuredData'], 'StructuredData', true, 'data'],
  [['StructuredData'], 'OriginImage', true, 'data'],
  [['StructuredData'], 'Heatmap', true, 'nothing'],
  [['Heatmap'], 'Heatmap', true, 'data_and_picture'],
  [['FaceImage'], 'OriginImage', true, 'nothing'],
] as const) {
  test(`a filter ${JSON.stringify(filter)} gives ${expected} of ${category}, ${hasPicture ? 'with' : 'without'} picture`, () => {
    assert.equal(shareOf(filter, category, hasPicture), expected)
  })
}

for (const [url, expected] of [
  ['rtsp://user:pw@10.0.0.1:554/live/cam%201?token=x', 'cam 1'],
  ['http://10.0.0.1/a/clip.mp4', 'clip.mp4'],
  ['rtsp://10.0.0.1/', '10.0.0.1'],
  ['file:///data/clip.mp4', 'clip.mp4'],
] as const) {
  test(`the stream of ${url} is ${expected}`, () =>
    assert.equal(streamIdOf({ type: 'url', data: [{ url }] }), expected))
}
