import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Assignment } from '@sightline/contract/fleet.ts'
import { pino } from 'pino'
import type { Config } from './config.ts'
import { startReceiver } from './output/test-receiver.ts'
import { aDirectory } from './spool/test-results.ts'
import { FleetServer } from './test-fleet-server.ts'
import { runWorker } from './worker.ts'

const anAssignment = (receiverUrl: string, over: Partial<Assignment> & { path?: string } = {}): Assignment => {
  const { path = '/run', ...rest } = over
  return {
    task_id: 't1',
    project_id: 'p1',
    generation: 1,
    input: { type: 'url', data: [{ url: `rtsp://10.0.0.1${path}` }] },
    output: { webhook: { url: receiverUrl, headers: { 'X-Key': 'k' } } },
    algorithm: { name: 'c-intrusiondetection', version: '1.0' },
    config: { everyMs: 50 },
    signing_secrets: [],
    address_policy: { preset: 'lan', allow: ['127.0.0.1/32'], deny: [], own: [] },
    last_sequence: 0,
    ...rest,
  }
}

/** A worker with an engine of ours, whose process ids are known. */
function startWorker(server: FleetServer, dataDir: string, over: Partial<Config> = {}) {
  const stopping = new AbortController()
  let engineStarts = 0
  const done = runWorker(
    {
      config: {
        server: new URL(server.url),
        joinToken: 'join-me',
        dataDir,
        logLevel: 'silent',
        labels: {},
        offline: 'stop',
        ...over,
      },
      logger: pino({ level: process.env.TEST_LOG ?? 'silent' }),
      clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now() },
      random: () => 0.5,
      engineCommand: async () => {
        engineStarts++
        return { file: new URL('./test-engine.ts', import.meta.url), arguments: [], environment: {} }
      },
    },
    stopping.signal,
  )
  return {
    done,
    engineStarts: () => engineStarts,
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await done
    },
  }
}

const openServer = async (options = {}) => {
  const server = await new FleetServer(options).open()
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.close() })
}
const sequenceOf = ({ body }: { body: string }) => JSON.parse(body).data.ext.sequence as number

test('a run goes from opening to running, delivers in order, and is released when it is not assigned any more', async () => {
  using directory = aDirectory()
  await using receiver = await startReceiver(() => ({ status: 200 }))
  await using server = await openServer()
  await using worker = startWorker(server, directory.path)
  await server.until(() => server.registrations.length === 1)
  assert.equal(worker.engineStarts(), 0)
  server.assign(anAssignment(receiver.url))
  await server.reported(({ phase }) => phase === 'running')
  await receiver.until(5)
  server.assign()
  const released = await server.reported(({ phase }) => phase === 'released')
  assert.deepEqual([...new Set(server.reports.map(({ phase }) => phase))].slice(-2), ['running', 'released'])
  const seqs = server.reports.map(({ seq }) => seq)
  assert.deepEqual(
    seqs,
    [...new Set(seqs)].sort((a, b) => a - b),
  )
  const sequences = receiver.received.map(sequenceOf)
  assert.deepEqual(
    sequences,
    sequences.map((_, index) => index + 1),
  )
  assert.equal(released.last_sequence, sequences.length)
  assert.equal(statSync(join(directory.path, 'node.json')).mode & 0o777, 0o600)
})

test('the credential is kept: a second start needs no join token, and numbers go on', async () => {
  using directory = aDirectory()
  await using receiver = await startReceiver(() => ({ status: 200 }))
  await using server = await openServer()
  {
    await using _first = startWorker(server, directory.path)
    server.assign(anAssignment(receiver.url))
    await receiver.until(3)
  }
  const count = receiver.received.length
  await using _second = startWorker(server, directory.path)
  await receiver.until(count + 3)
  const sequences = receiver.received.map(sequenceOf)
  assert.deepEqual([...new Set(sequences)], sequences.map((_, index) => index + 1).slice(0, new Set(sequences).size))
  assert.equal(server.registrations.length, 2)
})

test('a node that the server does not know joins again with its token, or is refused', async () => {
  using directory = aDirectory()
  await using server = await openServer()
  {
    await using _worker = startWorker(server, directory.path)
    await server.until(() => server.registrations.length === 1)
  }
  server.forgetNode()
  server.options.joinTokens.push('join-me')
  {
    await using _worker = startWorker(server, directory.path)
    await server.until(() => server.registrations.length === 2)
  }
  server.forgetNode()
  await assert.rejects(startWorker(server, directory.path).done, { name: 'NodeRefusedError' })
})

test('an epoch that is over stops every run before the node registers again', async () => {
  using directory = aDirectory()
  await using receiver = await startReceiver(() => ({ status: 200 }))
  await using server = await openServer()
  await using _worker = startWorker(server, directory.path)
  server.assign(anAssignment(receiver.url))
  await server.reported(({ phase }) => phase === 'running')
  const from = server.reports.length
  server.expireLease()
  await server.until(() => server.registrations.length === 2)
  await server.reported(({ phase }) => phase === 'running', from)
  assert.deepEqual(
    server.reports
      .slice(from)
      .map(({ phase }) => phase)
      .filter((phase) => phase === 'released'),
    [],
  )
})

test('a node whose server is away stops its runs before its lease ends, and takes them up when it is back', async () => {
  using directory = aDirectory()
  await using receiver = await startReceiver(() => ({ status: 200 }))
  await using server = await openServer({ leaseMs: 1_500, heartbeatEveryMs: 100 })
  await using _worker = startWorker(server, directory.path)
  server.assign(anAssignment(receiver.url, { config: { everyMs: 20 } }))
  await server.reported(({ phase }) => phase === 'running')
  await server.close()
  const { leaseUntilMs } = server
  let lastArrivalMs = 0
  for (;;) {
    const count = receiver.received.length
    const arrived = await Promise.race([receiver.until(count + 1).then(() => true), afterMs(1_000).then(() => false)])
    if (!arrived) break
    lastArrivalMs = performance.now()
  }
  assert.ok(lastArrivalMs > 0 && lastArrivalMs < leaseUntilMs, `${leaseUntilMs - lastArrivalMs} ms before the end`)
  const count = receiver.received.length
  await server.open()
  await receiver.until(count + 3)
  assert.equal(server.registrations.length, 2)
})

function afterMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

test('reports wait for a server that is away for less than the lease, and no run stops', async () => {
  using directory = aDirectory()
  await using receiver = await startReceiver(() => ({ status: 200 }))
  await using server = await openServer({ leaseMs: 20_000 })
  await using _worker = startWorker(server, directory.path)
  server.assign(anAssignment(receiver.url))
  await server.reported(({ phase }) => phase === 'running')
  await server.close()
  await receiver.until(receiver.received.length + 10)
  const from = server.reports.length
  await server.open()
  server.assign()
  await server.reported(({ phase }) => phase === 'released', from)
  assert.equal(server.registrations.length, 1)
})

test('a finite input ends when its results have left', async () => {
  using directory = aDirectory()
  await using receiver = await startReceiver((_received, index) => ({ status: index === 0 ? 500 : 200 }))
  await using server = await openServer()
  await using _worker = startWorker(server, directory.path)
  server.assign(anAssignment(receiver.url, { path: '/end' }))
  const ended = await server.reported(({ phase }) => phase === 'ended')
  assert.deepEqual(receiver.received.map(sequenceOf), [1, 1, 2, 3])
  assert.deepEqual([ended.last_sequence, ended.counters?.results], [3, 3])
})

test('a run that cannot begin says why and whether another try is useless', async () => {
  using directory = aDirectory()
  await using receiver = await startReceiver(() => ({ status: 200 }))
  const dead = await startReceiver(() => ({ status: 200 }))
  await dead[Symbol.asyncDispose]()
  await using server = await openServer()
  await using _worker = startWorker(server, directory.path)
  server.assign(anAssignment(receiver.url, { path: '/refuse' }), anAssignment(dead.url, { task_id: 't2' }))
  const seen = [
    await server.reported(({ task_id, phase }) => task_id === 't1' && phase === 'failed'),
    await server.reported(({ task_id, phase }) => task_id === 't2' && phase === 'failed'),
  ]
  assert.deepEqual(
    seen.map(({ error, is_permanent }) => [error?.code, is_permanent]),
    [
      ['VIN.201', true],
      ['VOUT.102', false],
    ],
  )
})

test('a newer generation takes the place of the older one', async () => {
  using directory = aDirectory()
  await using receiver = await startReceiver(() => ({ status: 200 }))
  await using server = await openServer()
  await using _worker = startWorker(server, directory.path)
  server.assign(anAssignment(receiver.url))
  await server.reported(({ phase }) => phase === 'running')
  server.assign(anAssignment(receiver.url, { generation: 2 }))
  await server.reported(({ phase, generation }) => phase === 'running' && generation === 2)
  const released = server.reports.findIndex(({ phase }) => phase === 'released')
  const opening = server.reports.findIndex(({ generation }) => generation === 2)
  assert.ok(released >= 0 && released < opening, 'the older one is gone before the newer one begins')
})

test('an engine that crashes takes its runs along, and they are started again', async () => {
  using directory = aDirectory()
  await using receiver = await startReceiver(() => ({ status: 200 }))
  await using server = await openServer()
  await using worker = startWorker(server, directory.path)
  server.assign(anAssignment(receiver.url, { path: '/crash' }), anAssignment(receiver.url, { task_id: 't2' }))
  await server.reported(({ phase, task_id }) => phase === 'running' && task_id === 't1')
  await server.reported(({ phase, task_id }) => phase === 'running' && task_id === 't2')
  await receiver.until(20)
  while (worker.engineStarts() < 2) await afterMs(50)
  const from = receiver.received.length
  await receiver.until(from + 10)
  assert.deepEqual(
    server.reports.filter(({ phase }) => phase === 'failed' || phase === 'abnormal'),
    [],
  )
})

test('a run with a failing receiver is released at once, and what it left is delivered later', async () => {
  using directory = aDirectory()
  let status = 500
  await using receiver = await startReceiver(() => ({ status }))
  await using server = await openServer()
  await using _worker = startWorker(server, directory.path)
  server.assign(anAssignment(receiver.url))
  await receiver.until(1)
  await server.reported(({ phase }) => phase === 'running')
  const askedAtMs = performance.now()
  server.assign()
  const { last_sequence: last = 0 } = await server.reported(({ phase }) => phase === 'released')
  assert.ok(performance.now() - askedAtMs < 2_000)
  status = 200
  await receiver.until(1 + last)
  assert.deepEqual(
    receiver.received.slice(1).map(sequenceOf),
    Array.from({ length: last }, (_, index) => index + 1),
  )
})

test('a node that is told to continue runs on while its server is away, and stops when it hears that the lease is over', async () => {
  using directory = aDirectory()
  await using receiver = await startReceiver(() => ({ status: 200 }))
  await using server = await openServer({ leaseMs: 500, heartbeatEveryMs: 100 })
  await using _worker = startWorker(server, directory.path, { offline: 'continue' })
  server.assign(anAssignment(receiver.url))
  await server.reported(({ phase }) => phase === 'running')
  await server.close()
  await afterMs(1_000)
  const count = receiver.received.length
  await receiver.until(count + 5)
  await server.open()
  await server.until(() => server.registrations.length === 2)
})
