// Runs against a disk that is full: what the server asks is done all the same.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Assignment, Report } from '@sightline/contract/fleet.ts'
import { pino } from 'pino'
import { Assignments } from './assignments.ts'
import type { EngineResult } from './engine/messages.ts'
import { Delivery } from './output/delivery.ts'
import { Spool } from './spool/spool.ts'
import { aDirectory, spoolOptions } from './spool/test-results.ts'

/** Never gets anything onto its disk. */
class FullSpool extends Spool {
  override append(): Promise<number> {
    return new Promise(() => undefined)
  }

  override putOutput(): Promise<void> {
    return new Promise(() => undefined)
  }
}

const anAssignment = (taskId: string, generation = 1): Assignment => ({
  task_id: taskId,
  project_id: 'p1',
  generation,
  input: { type: 'url', data: [{ url: 'rtsp://10.0.0.1/a' }] },
  output: { webhook: { url: 'http://10.0.0.2/' } },
  algorithm: { name: 'c-intrusiondetection', version: '1.0' },
  config: {},
  signing_secrets: [],
  address_policy: { preset: 'lan', allow: [], deny: [], own: [] },
  last_sequence: 0,
})

const result: EngineResult = { eventType: 1, category: 'StructuredData', atMs: 0, capturedAtMs: 0, ptsMs: 0, data: {} }

function aNode(directory: string) {
  const spool = new FullSpool(spoolOptions(directory))
  const clock = { nowMs: () => Date.now(), monotonicMs: () => Date.now() }
  const logger = pino({ level: 'silent' })
  const outputs = new Map()
  const delivery = new Delivery({ spool, outputs, clock, random: () => 0.5, logger })
  const said: string[] = []
  const reports: Report[] = []
  const engine = {
    startPipeline: (id: string) => said.push(`start ${id}`),
    stopPipeline: (id: string) => said.push(`stop ${id}`),
    stored: () => undefined,
    kill: () => undefined,
  }
  const runs = new Assignments({
    ...{ engine, spool, delivery, outputs, logger, clock, random: () => 0.5, sampleEveryMs: () => 0 },
    onReport: (report) => reports.push(report),
  })
  const close = async () => {
    runs[Symbol.dispose]()
    await delivery[Symbol.asyncDispose]()
    spool[Symbol.dispose]()
  }
  return { runs, said, reports, [Symbol.asyncDispose]: close }
}

test('a full disk keeps no run from being begun, stopped and replaced', async () => {
  using directory = aDirectory()
  await using node = aNode(directory.path)
  node.runs.set([anAssignment('t1'), anAssignment('t2')])
  node.runs.set([anAssignment('t2', 2)])
  assert.deepEqual(node.said, ['start t1/1/1', 'start t2/1/2', 'stop t1/1/1', 'stop t2/1/2'])
})

test('a run whose last results cannot be stored is released all the same, a little later', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] })
  using directory = aDirectory()
  await using node = aNode(directory.path)
  node.runs.set([anAssignment('t1')])
  node.runs.onEngineMessage({ kind: 'result', pipelineId: 't1/1/1', resultId: 1, result })
  node.runs.set([])
  node.runs.onEngineMessage({ kind: 'stopped', pipelineId: 't1/1/1' })
  for (let turn = 0; turn < 20; turn++) {
    t.mock.timers.tick(500)
    await Promise.resolve()
  }
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(node.reports.at(-1)?.phase, 'released')
})
