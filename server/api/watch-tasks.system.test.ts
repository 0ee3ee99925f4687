import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { createReconciler, type Reconciler } from '../reconcile/loop.ts'
import { openTestApi, type TestApi } from './test-api.ts'

let api: TestApi
let origin: string
let reconciler: Reconciler
before(async () => {
  api = await openTestApi()
  await api.app.listen({ host: '127.0.0.1', port: 0 })
  origin = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`
  reconciler = createReconciler({ database: api.database, clock: () => api.clock.nowMs, log: api.door.log })
})
after(() => api[Symbol.asyncDispose]())

type Event = { id: string; event: string; data: { id: string; name?: string; state?: string } }
type Follower = AsyncDisposable & { status: number; next: () => Promise<Event>; lastId: () => string }

/** Follows the list as a client does; `next` waits for an event. */
async function follow(query: string, lastEventId?: string): Promise<Follower> {
  const stop = new AbortController()
  const response = await fetch(`${origin}${api.tasksPath}?watch=true${query}`, {
    headers: { 'x-auth-token': api.token, ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) },
    signal: stop.signal,
  })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  let lastId = ''
  const block = async (): Promise<string> => {
    const end = text.indexOf('\n\n')
    if (end >= 0) {
      const found = text.slice(0, end)
      text = text.slice(end + 2)
      return found
    }
    const { value, done } = (await reader?.read()) ?? { done: true }
    assert.ok(!done, 'the feed ended')
    text += value
    return block()
  }
  const next = async (): Promise<Event> => {
    const lines = (await block()).split('\n')
    const of = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
    lastId = of('id') ?? lastId
    const data = of('data')
    return data === undefined ? next() : { id: lastId, event: of('event') ?? '', data: JSON.parse(data) }
  }
  if (response.status === 200) await block()
  return {
    ...{ status: response.status, next, lastId: () => lastId },
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await reader?.cancel().catch(() => undefined)
    },
  }
}

async function create(name: string): Promise<string> {
  const body = {
    name,
    input: { type: 'url', data: [{ url: 'rtsp://camera.example/1' }] },
    output: { webhook: { url: 'https://receiver.example/' } },
  }
  const answer = await api.ask({ method: 'POST', path: api.tasksPath, body })
  return (answer.body as { tasks: { id: string }[] }).tasks[0]?.id ?? ''
}

async function act(id: string, what: 'stop' | 'start' | 'delete'): Promise<void> {
  const path = `${api.tasksPath}/${id}`
  await api.ask(what === 'delete' ? { method: 'DELETE', path } : { method: 'POST', path: `${path}/${what}` })
  await reconciler.round()
}

test('a follower is told of every change of every task, and that one is gone', { timeout: 20_000 }, async () => {
  await using feed = await follow('&view=summary')
  const id = await create('gate')
  assert.deepEqual((await feed.next()).data.name, 'gate')
  await act(id, 'stop')
  const stopped = await feed.next()
  assert.deepEqual([stopped.event, stopped.data.id, stopped.data.state], ['task', id, 'STOPPED'])
  await act(id, 'delete')
  const { event, data } = await feed.next()
  assert.deepEqual([event, data], ['task_removed', { id }])
})

test('a follower reads on where it was, and sees what it missed once', { timeout: 20_000 }, async () => {
  const first = await follow('')
  const one = await create('one')
  const { id: lastId } = await first.next()
  await first[Symbol.asyncDispose]()
  const two = await create('two')
  const three = await create('three')
  await using second = await follow('', lastId)
  const seen = [await second.next(), await second.next()].map(({ data }) => data.id)
  assert.deepEqual(seen.includes(one), false)
  assert.deepEqual(new Set(seen), new Set([two, three]))
})

test('a follower of one state is told of what enters it and what leaves it', { timeout: 20_000 }, async () => {
  await using feed = await follow('&state=STOPPED&fields=id,state')
  const id = await create('door')
  await act(id, 'stop')
  assert.deepEqual((await feed.next()).data, { id, state: 'STOPPED' })
  await act(id, 'start')
  assert.deepEqual((await feed.next()).data, { id, state: 'PENDING' })
})

test('a follower of a part of a name is told of no other', { timeout: 20_000 }, async () => {
  await using feed = await follow('&name_like=lane&fields=name')
  await create('other')
  await create('lane')
  assert.deepEqual((await feed.next()).data, { name: 'lane' })
})

test('a place that the feed did not give is refused, and so is one follower too many', {
  timeout: 20_000,
}, async () => {
  await using refused = await follow('', 'tomorrow')
  assert.equal(refused.status, 400)
  const followers = await Promise.all(Array.from({ length: 20 }, () => follow('')))
  await using late = await follow('')
  assert.equal(late.status, 429)
  for (const one of followers) await one[Symbol.asyncDispose]()
})

test('a HEAD request is answered and ends', { timeout: 20_000 }, async () => {
  const headers = { 'x-auth-token': api.token }
  const response = await fetch(`${origin}${api.tasksPath}?watch=true`, { method: 'HEAD', headers })
  assert.equal(response.status, 200)
})

test('a server that closes lets its followers go', { timeout: 20_000 }, async () => {
  const feed = await follow('')
  await api.app.close()
  await assert.rejects(feed.next())
})
