import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { Spool } from '../spool/spool.ts'
import { aDirectory, anOutput, aResult, spoolOptions } from '../spool/test-results.ts'
import { Delivery } from './delivery.ts'
import { openOutputs } from './outputs.ts'
import { type Answer, type Received, startReceiver } from './test-receiver.ts'

const lane = { taskId: 't1', output: 'webhook' }
const startMs = 1_700_000_000_000

/** A spool and its delivery under a clock that the test moves. */
function openWorld(directory = aDirectory()) {
  const clock = { atMs: startMs, nowMs: () => clock.atMs }
  const spool = new Spool(spoolOptions(directory.path, { clock }))
  const outputs = openOutputs(clock)
  const delivery = new Delivery({ spool, outputs, clock, random: () => 0.5, logger: pino({ level: 'silent' }) })
  return {
    clock,
    spool,
    delivery,
    directory,
    pass(ms: number) {
      clock.atMs += ms
      delivery.wake()
    },
    async ledgerHas(taskId: string, count: number) {
      while (spool.ledger(taskId).length < count) await new Promise(setImmediate)
      return spool.ledger(taskId).map(({ outcome, status, attempt }) => [outcome, attempt, status])
    },
    async close() {
      await delivery[Symbol.asyncDispose]()
      spool[Symbol.dispose]()
      await Promise.all([...outputs.values()].map((output) => output.close()))
    },
    async [Symbol.asyncDispose]() {
      await this.close()
      directory[Symbol.dispose]()
    },
  }
}
const ok = (): Answer => ({ status: 200 })
const sequences = (received: Received[]) => received.map(({ body }) => JSON.parse(body).data.ext.sequence)
const settingsFor = (url: string, over = {}) => anOutput({ settings: { url, headers: { 'X-Key': 'k' }, ...over } })

test('messages arrive in order, one at a time, with every header', async () => {
  await using receiver = await startReceiver(ok)
  await using world = openWorld()
  await world.spool.putOutput(lane, 1, settingsFor(receiver.url))
  const picture = new Uint8Array([255, 216, 255])
  await Promise.all(
    Array.from({ length: 20 }, () => world.spool.append(aResult({ outputs: [{ kind: 'webhook', picture }] }))),
  )
  assert.equal(await world.delivery.flush('t1', 5000), true)
  assert.deepEqual(
    sequences(receiver.received),
    Array.from({ length: 20 }, (_, index) => index + 1),
  )
  const [first] = receiver.received
  assert.ok(first)
  const {
    'webhook-signature': signature,
    'webhook-id': id,
    connection: _c,
    'content-length': _l,
    host: _h,
    ...headers
  } = first.headers
  assert.match(String(signature), /^v1,[A-Za-z0-9+/]{43}=$/)
  assert.deepEqual(headers, {
    'content-type': 'application/json',
    'user-agent': 'Sightline',
    'x-key': 'k',
    'x-task-id': 't1',
    'x-event-type': '196609',
    'webhook-timestamp': '1700000000',
  })
  assert.deepEqual(JSON.parse(first.body), {
    event_type: 196609,
    task_id: 't1',
    stream_id: 'cam',
    timestamp: 1700000000,
    message_id: id,
    image_base64: '/9j/',
    data: { event_set: [], ext: { sequence: 1, generation: 1, captured_at_ms: 1_700_000_000_250 } },
  })
})

test('a receiver that fails is asked again, the same message first', async () => {
  await using receiver = await startReceiver((_received, index) => ({ status: index < 2 ? 500 : 200 }))
  await using world = openWorld()
  await world.spool.putOutput(lane, 1, settingsFor(receiver.url))
  await world.spool.append(aResult())
  await world.spool.append(aResult())
  assert.deepEqual(await world.ledgerHas('t1', 1), [['failed', 1, 500]])
  assert.deepEqual(world.delivery.faults('t1'), [
    {
      output: 'webhook',
      sinceMs: startMs,
      error: { code: 'VOUT.101', message: `The webhook at 127.0.0.1:${receiver.port} answered 500.` },
      isPaused: false,
    },
  ])
  world.pass(4999)
  world.pass(1)
  await world.ledgerHas('t1', 2)
  world.pass(14_999)
  assert.equal(receiver.received.length, 2)
  world.pass(1)
  assert.deepEqual(await world.ledgerHas('t1', 4), [
    ['failed', 1, 500],
    ['failed', 2, 500],
    ['delivered', 3, 200],
    ['delivered', 1, 200],
  ])
  assert.deepEqual(sequences(receiver.received), [1, 1, 1, 2])
  assert.equal(new Set(receiver.received.slice(0, 3).map(({ headers }) => headers['webhook-id'])).size, 1)
  assert.deepEqual(world.delivery.faults('t1'), [])
})

test('Retry-After lengthens the pause', async () => {
  const busy = { status: 503, headers: { 'Retry-After': '60' } }
  await using receiver = await startReceiver((_received, index) => (index === 0 ? busy : { status: 204 }))
  await using world = openWorld()
  await world.spool.putOutput(lane, 1, settingsFor(receiver.url))
  await world.spool.append(aResult())
  await world.ledgerHas('t1', 1)
  world.pass(59_999)
  assert.equal(receiver.received.length, 1)
  world.pass(1)
  assert.deepEqual(await world.ledgerHas('t1', 2), [
    ['failed', 1, 503],
    ['delivered', 2, 204],
  ])
})

test('no redirect is followed', async () => {
  await using receiver = await startReceiver(() => ({ status: 302, headers: { Location: '/elsewhere' } }))
  await using world = openWorld()
  await world.spool.putOutput(lane, 1, settingsFor(receiver.url))
  await world.spool.append(aResult())
  assert.deepEqual(await world.ledgerHas('t1', 1), [['failed', 1, 302]])
  assert.deepEqual(
    receiver.received.map(({ path }) => path),
    ['/hook'],
  )
})

test('a slow receiver of many tasks delays no other one', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  await using slow = await startReceiver(() => ({ status: 200, until: promise }))
  await using quick = await startReceiver(ok)
  await using world = openWorld()
  const slowTasks = Array.from({ length: 40 }, (_, index) => `slow${index}`)
  for (const taskId of slowTasks) {
    await world.spool.putOutput({ taskId, output: 'webhook' }, 1, settingsFor(slow.url))
    await world.spool.append(aResult({ taskId }))
  }
  await slow.until(16)
  await world.spool.putOutput(lane, 1, settingsFor(quick.url))
  await Promise.all(Array.from({ length: 50 }, () => world.spool.append(aResult())))
  assert.equal(await world.delivery.flush('t1', 5000), true)
  assert.equal(slow.received.length, 16)
  resolve()
  await slow.until(40)
})

test('a receiver that is gone is asked no more until the task has a newer generation', async () => {
  await using receiver = await startReceiver((_received, index) => ({ status: index === 0 ? 410 : 200 }))
  await using world = openWorld()
  await world.spool.putOutput(lane, 1, settingsFor(receiver.url))
  await world.spool.append(aResult())
  await world.ledgerHas('t1', 1)
  while (!world.spool.output(lane)?.isPaused) await new Promise(setImmediate)
  world.pass(3_600_000)
  assert.equal(await world.delivery.flush('t1', 50), false)
  assert.deepEqual([receiver.received.length, world.delivery.faults('t1')[0]?.isPaused], [1, true])
  await world.spool.putOutput(lane, 2, settingsFor(receiver.url))
  world.delivery.outputChanged(lane)
  assert.equal(await world.delivery.flush('t1', 5000), true)
  assert.equal(receiver.received.length, 2)
})

test('what a receiver missed while it was down arrives when it is back, over a restart', async () => {
  const gone = await startReceiver(ok)
  await gone[Symbol.asyncDispose]()
  using directory = aDirectory()
  {
    const world = openWorld(directory)
    await world.spool.putOutput(lane, 1, settingsFor(gone.url))
    await world.spool.append(aResult())
    await world.spool.append(aResult())
    assert.deepEqual(await world.ledgerHas('t1', 1), [['failed', 1, undefined]])
    assert.match(world.delivery.faults('t1')[0]?.error.message ?? '', /is unreachable: ECONNREFUSED/)
    await world.close()
  }
  await using back = await startReceiver(ok, gone.port)
  const world = openWorld(directory)
  assert.equal(await world.delivery.flush('t1', 5000), true)
  assert.deepEqual(sequences(back.received), [1, 2])
  await world.close()
})

test('a message is given up after 75 h, or when it is no longer fresh', async () => {
  await using receiver = await startReceiver(() => ({ status: 500 }))
  await using world = openWorld()
  const hasty = { taskId: 't2', output: 'webhook' }
  await world.spool.putOutput(lane, 1, settingsFor(receiver.url))
  await world.spool.putOutput(hasty, 1, settingsFor(receiver.url, { freshness: 3 }))
  await world.spool.append(aResult())
  await world.spool.append(aResult({ taskId: 't2' }))
  await world.ledgerHas('t1', 1)
  await world.ledgerHas('t2', 1)
  world.pass(5000)
  assert.deepEqual((await world.ledgerHas('t2', 2)).at(-1), ['given_up', undefined, undefined])
  await world.ledgerHas('t1', 2)
  world.pass(75 * 3_600_000)
  assert.deepEqual((await world.ledgerHas('t1', 3)).at(-1), ['given_up', undefined, undefined])
})

test('an address that the policy refuses is never connected to', async () => {
  await using receiver = await startReceiver(ok)
  await using world = openWorld()
  const addressPolicy = { preset: 'lan' as const, allow: [], deny: [], own: [] }
  await world.spool.putOutput(lane, 1, { ...settingsFor(receiver.url), addressPolicy })
  await world.spool.append(aResult())
  await world.ledgerHas('t1', 1)
  assert.deepEqual(world.delivery.faults('t1')[0]?.error.code, 'VOUT.103')
  assert.equal(receiver.received.length, 0)
})

test('a certificate that nobody trusts is no receiver', async (t) => {
  using directory = aDirectory()
  const { key, cert } = await selfSigned(directory.path)
  let requestCount = 0
  const server = createServer({ key, cert }, (_request, response) => {
    requestCount++
    response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`
  await using world = openWorld()
  await world.spool.putOutput(lane, 1, settingsFor(url))
  await world.spool.append(aResult())
  await world.ledgerHas('t1', 1)
  assert.match(world.delivery.faults('t1')[0]?.error.message ?? '', /is unreachable: DEPTH_ZERO_SELF_SIGNED_CERT/)
  assert.equal(requestCount, 0)
  const trusted = getCACertificates('default')
  setDefaultCACertificates([...trusted, cert])
  t.after(() => setDefaultCACertificates(trusted))
  world.pass(5_000)
  assert.deepEqual((await world.ledgerHas('t1', 2)).at(-1), ['delivered', 2, 200])
  server.closeAllConnections()
  server.close()
})

async function selfSigned(directory: string): Promise<{ key: string; cert: string }> {
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-days', '2']
  const subject = ['-subj', '/CN=receiver', '-addext', 'subjectAltName=IP:127.0.0.1']
  await promisify(execFile)('openssl', ['req', '-x509', '-nodes', ...kind, ...subject, '-keyout', key, '-out', cert])
  return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
}
