import assert from 'node:assert/strict'
import { closeSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Lane, Message } from './messages.ts'
import { Spool } from './spool.ts'
import { aDirectory, anOutput, aResult, spoolOptions } from './test-results.ts'

const lane: Lane = { taskId: 't1', output: 'webhook' }
const other: Lane = { taskId: 't2', output: 'webhook' }
const entry = { ...lane, atMs: 1, messageId: 'M', sequence: 1, outcome: 'delivered' } as const

function waiting(spool: Spool, of: Lane): Message[] {
  const next = spool.next(of)
  if (!next) return []
  spool.delivered(next.id, { ...entry, ...of })
  return [next]
}

async function drain(spool: Spool, of: Lane): Promise<Message[]> {
  const all: Message[] = []
  for (let next = spool.next(of); next; next = spool.next(of)) {
    all.push(next)
    await spool.delivered(next.id, { ...entry, ...of })
  }
  return all
}

test('a stored result is the message that outputs get, without its picture', async () => {
  using directory = aDirectory()
  using spool = new Spool(spoolOptions(directory.path))
  const picture = new Uint8Array([1, 2, 3])
  await spool.append(
    aResult({ data: { event_set: [1], ext: { note: 'n' } }, outputs: [{ kind: 'webhook', picture }], lastSequence: 6 }),
  )
  const [message] = waiting(spool, lane)
  assert.ok(message)
  assert.match(message.messageId, /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/)
  assert.deepEqual(message, {
    ...lane,
    id: 1,
    generation: 1,
    sequence: 7,
    messageId: message.messageId,
    eventType: 196609,
    createdAtMs: 1_700_000_001_000,
    attempts: 0,
    picture,
    head: `{"event_type":196609,"task_id":"t1","stream_id":"cam","timestamp":1700000000,"message_id":"${message.messageId}"}`,
    data: '{"event_set":[1],"ext":{"note":"n","sequence":7,"generation":1,"captured_at_ms":1700000000250}}',
  })
})

test('sequence numbers count up per task, over a restart and over another node', async () => {
  using directory = aDirectory()
  {
    using spool = new Spool(spoolOptions(directory.path))
    const given = await Promise.all(
      [aResult(), aResult(), aResult({ taskId: 't2' })].map((result) => spool.append(result)),
    )
    assert.deepEqual(given, [1, 2, 1])
  }
  using spool = new Spool(spoolOptions(directory.path))
  assert.equal(spool.lastSequence('t1'), 2)
  assert.equal(await spool.append(aResult()), 3)
  assert.equal(await spool.append(aResult({ lastSequence: 9 })), 10)
  assert.equal(await spool.append(aResult({ lastSequence: 9 })), 11)
  assert.deepEqual(
    (await drain(spool, lane)).map(({ sequence }) => sequence),
    [1, 2, 3, 10, 11],
  )
})

test('a full share drops pictures oldest first and keeps the messages', async () => {
  using directory = aDirectory()
  // Room for one message with a picture of 10,000 bytes and for four without.
  using spool = new Spool(spoolOptions(directory.path, { limits: { nodeBytes: 2 ** 30, outputBytes: 13_000 } }))
  const outputs = [{ kind: 'webhook' as const, picture: new Uint8Array(10_000) }]
  for (let index = 0; index < 5; index++) await spool.append(aResult({ outputs }))
  await spool.append(aResult({ taskId: 't2', outputs }))
  assert.deepEqual(spool.backlog('t1'), { waitingCount: 5, droppedMessageCount: 0, droppedPictureCount: 4 })
  assert.deepEqual(
    spool.ledger('t1').map(({ sequence, outcome }) => [sequence, outcome]),
    [1, 2, 3, 4].map((sequence) => [sequence, 'picture_dropped']),
  )
  assert.deepEqual(
    (await drain(spool, lane)).map(({ sequence, picture }) => [sequence, picture?.byteLength]),
    [...[1, 2, 3, 4].map((sequence) => [sequence, undefined]), [5, 10_000]],
  )
  assert.equal((await drain(spool, other))[0]?.picture?.byteLength, 10_000)
})

test('messages go when no picture is left', async () => {
  using directory = aDirectory()
  // A message of this kind counts about 480 bytes, so that two fit.
  using spool = new Spool(spoolOptions(directory.path, { limits: { nodeBytes: 2 ** 30, outputBytes: 1200 } }))
  for (let index = 0; index < 5; index++) await spool.append(aResult())
  assert.deepEqual(
    spool.ledger('t1').map(({ sequence, outcome }) => [sequence, outcome]),
    [
      [1, 'dropped'],
      [2, 'dropped'],
      [3, 'dropped'],
    ],
  )
  assert.deepEqual(spool.backlog('t1'), { waitingCount: 2, droppedMessageCount: 3, droppedPictureCount: 0 })
  assert.deepEqual(
    (await drain(spool, lane)).map(({ sequence }) => sequence),
    [4, 5],
  )
})

test('a full node drops the oldest of all outputs', async () => {
  using directory = aDirectory()
  using spool = new Spool(spoolOptions(directory.path, { limits: { nodeBytes: 21_500, outputBytes: 2 ** 30 } }))
  const outputs = [{ kind: 'webhook' as const, picture: new Uint8Array(10_000) }]
  for (const taskId of ['t2', 't1', 't1']) await spool.append(aResult({ taskId, outputs }))
  assert.deepEqual(
    spool.ledger('t2').map(({ outcome }) => outcome),
    ['picture_dropped'],
  )
})

test('what was given up is the first to go and can be sent again', async () => {
  using directory = aDirectory()
  using spool = new Spool(spoolOptions(directory.path))
  await spool.append(aResult())
  const message = spool.next(lane)
  assert.ok(message)
  await spool.giveUp(message.id, { ...entry, outcome: 'given_up' })
  assert.equal(spool.next(lane), undefined)
  assert.equal(await spool.resend('t1'), 1)
  assert.equal(spool.next(lane)?.messageId, message.messageId)
})

test('outputs are sealed, outlive a restart, and a newer generation ends a pause', async () => {
  using directory = aDirectory()
  const config = anOutput({ settings: { url: 'http://127.0.0.1:9/', headers: { Authorization: 'hunter2hunter2' } } })
  {
    using spool = new Spool(spoolOptions(directory.path))
    await spool.putOutput(lane, 1, config)
    await spool.pauseOutput(lane)
    await spool.putOutput(lane, 1, config)
  }
  {
    using spool = new Spool(spoolOptions(directory.path))
    assert.deepEqual(spool.output(lane), { generation: 1, isPaused: true, config })
    await spool.putOutput(lane, 2, config)
    assert.deepEqual(spool.output(lane), { generation: 2, isPaused: false, config })
    await spool.tidy(new Set(['t1']))
    assert.equal(spool.output(lane)?.generation, 2)
  }
  const files = readdirSync(directory.path)
  assert.equal(statSync(join(directory.path, 'key')).mode & 0o777, 0o600)
  for (const file of files) assert.ok(!readFileSync(join(directory.path, file)).includes('hunter2'), file)
  rmSync(join(directory.path, 'key'))
  using spool = new Spool(spoolOptions(directory.path))
  assert.equal(spool.output(lane), undefined)
  await spool.tidy(new Set())
})

test('a second worker on the same directory is refused', () => {
  using directory = aDirectory()
  using _first = new Spool(spoolOptions(directory.path))
  assert.throws(() => new Spool(spoolOptions(directory.path)), { name: 'SpoolInUseError' })
})

function scribble(path: string) {
  const file = openSync(path, 'r+')
  writeSync(file, new Uint8Array(8192).fill(7), 0, 8192, 0)
  closeSync(file)
}

test('a damaged file is set aside when it is opened', async () => {
  using directory = aDirectory()
  {
    using spool = new Spool(spoolOptions(directory.path))
    await spool.append(aResult())
  }
  scribble(join(directory.path, 'spool.db'))
  const damaged: string[] = []
  using spool = new Spool(spoolOptions(directory.path, { onDamaged: (path) => damaged.push(path) }))
  assert.equal(await spool.append(aResult({ lastSequence: 1 })), 2)
  assert.equal(damaged.length, 1)
  assert.ok(readdirSync(directory.path).some((file) => file.startsWith('spool.db.damaged-')))
})
