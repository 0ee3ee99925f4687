import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Assignment } from '@sightline/contract/fleet.ts'
import { pino } from 'pino'
import type { FromEngine } from './engine/messages.ts'
import { EngineProcess } from './engine-process.ts'

const anAssignment = (path: string): Assignment => ({
  task_id: 't1',
  project_id: 'p1',
  generation: 1,
  input: { type: 'url', data: [{ url: `rtsp://10.0.0.1${path}` }] },
  output: {},
  algorithm: { name: 'c-intrusiondetection', version: '1.0' },
  config: {},
  signing_secrets: [],
  address_policy: { preset: 'lan', allow: [], deny: [], own: [] },
  last_sequence: 0,
})

function openEngine(file = new URL('./test-engine.ts', import.meta.url)) {
  const heard: string[] = []
  const waiting = new Set<() => void>()
  const hear = (what: string) => {
    heard.push(what)
    for (const look of waiting) look()
  }
  const engine = new EngineProcess({
    command: async () => ({ file, arguments: [], environment: {} }),
    logger: pino({ level: 'silent' }),
    onMessage: (message: FromEngine) => hear(message.kind),
    onLost: () => hear('lost'),
    limits: { pingEveryMs: 100, hangAfterMs: 1_000 },
  })
  return {
    engine,
    heard,
    async until(what: string) {
      while (!heard.includes(what)) {
        const { promise, resolve } = Promise.withResolvers<void>()
        waiting.add(resolve)
        await promise
        waiting.delete(resolve)
      }
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  }
}

test('an engine starts with its first pipeline and answers in order', async () => {
  await using world = openEngine()
  world.engine.startPipeline('p/1', anAssignment('/end'))
  await world.until('ended')
  assert.deepEqual(world.heard, ['ready', 'opened', 'progress', 'result', 'result', 'result', 'ended'])
})

test('an engine that hangs is killed, and the next pipeline gets a new one', async () => {
  await using world = openEngine()
  world.engine.startPipeline('p/2', anAssignment('/hang'))
  await world.until('lost')
  world.engine.startPipeline('p/3', anAssignment('/end'))
  await world.until('ended')
})

test('an engine that answers though no frame comes is left alone', async () => {
  await using world = openEngine()
  world.engine.startPipeline('p/4', anAssignment('/end'))
  await world.until('ended')
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  assert.ok(!world.heard.includes('lost'))
})

test('an engine that cannot be started is lost', async () => {
  await using world = openEngine(new URL('./no-such-engine.ts', import.meta.url))
  world.engine.startPipeline('p/5', anAssignment('/end'))
  await world.until('lost')
})
