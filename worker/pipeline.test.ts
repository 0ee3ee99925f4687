// What a pipeline says of its frames and results, from a feed of ours.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Assignment } from '@sightline/contract/fleet.ts'
import type { Algorithm, AlgorithmResult } from './algorithm/algorithm.ts'
import type { Frame } from './decode/ffmpeg.ts'
import type { Detector } from './detect/detector.ts'
import { DetectorBusyError } from './detect/inference-pool.ts'
import type { FrameFeed, SourceFrame } from './engine/shared-source.ts'
import { motionHeightPx, motionWidthPx } from './motion.ts'
import { runPipeline } from './pipeline.ts'

const assignment: Assignment = {
  task_id: 't1',
  project_id: 'p1',
  generation: 1,
  input: { type: 'url', data: [{ url: 'rtsp://10.0.0.1/a' }] },
  output: {},
  algorithm: { name: 'counting', version: '1.0' },
  config: {},
  signing_secrets: [],
  address_policy: { preset: 'lan', allow: [], deny: [], own: [] },
  last_sequence: 0,
}

/** Counts its frames and says two numbers at the end. */
const counting = (): Algorithm => {
  let count = 0
  const say = (eventType: number, atMs: number): AlgorithmResult => {
    return { eventType, atMs, category: 'StructuredData', data: { count } }
  }
  return {
    open: () => ({
      ...{ classes: [], minScore: 0 },
      step: () => {
        count++
        return []
      },
      end: (atMs) => [say(1, atMs), say(2, atMs)],
    }),
    sampleEveryMs: () => 0,
    pictureStyle: () => ({ quality: 90, drawBoxes: false, roi: undefined }),
  }
}

function aFrame(number: number): SourceFrame {
  const gray = new Uint8Array(motionWidthPx * motionHeightPx)
  const frame = { scale: async () => gray } as unknown as Frame
  const atMs = number * 1000
  return { frame, ptsMs: atMs, atMs, capturedAtMs: atMs, [Symbol.dispose]: () => undefined }
}

/** Three frames, then what `finish` does. */
function aFeed(finish: () => void): FrameFeed {
  return {
    async *[Symbol.asyncIterator]() {
      for (const number of [1, 2, 3]) yield aFrame(number)
      finish()
    },
    facts: () => ({ codec: 'h264', widthPx: 640, heightPx: 360, fps: 1, isLive: true }),
    droppedCount: () => 10,
    [Symbol.asyncDispose]: async () => undefined,
  }
}

type Story = { said: string[]; error: unknown }

async function run(finish: (stop: AbortController) => void, refusedFrames: number[] = []): Promise<Story> {
  const stop = new AbortController()
  const said: string[] = []
  let lookCount = 0
  const detector: Detector = {
    sizeFor: () => ({ widthPx: 32, heightPx: 32 }),
    async detect() {
      if (refusedFrames.includes(++lookCount)) throw new DetectorBusyError('full')
      return []
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
  const error = await runPipeline(assignment, stop.signal, {
    surroundings: {
      openFeed: async () => aFeed(() => finish(stop)),
      openDetector: async () => detector,
      algorithms: { counting: counting() },
      monotonicMs: () => 0,
    },
    events: {
      opened: () => undefined,
      progress: (analysed, dropped) => said.push(`${analysed} analysed, ${dropped} dropped`),
      result: async ({ eventType, atMs, data }) => {
        said.push(`${eventType} at ${atMs}: ${data.count}`)
        stop.signal.throwIfAborted()
      },
    },
  }).catch((cause: unknown) => cause)
  return { said, error }
}

const lost = new Error('the camera is gone')
const rest = ['1 at 3000: 3', '2 at 3000: 3']

test('what was counted is told when the input ends', async () => {
  assert.deepEqual(await run(() => undefined), {
    said: ['1 analysed, 10 dropped', '3 analysed, 10 dropped', ...rest],
    error: undefined,
  })
})

test('what was counted is told when the source is lost', async () => {
  const finish = () => {
    throw lost
  }
  assert.deepEqual(await run(finish), { said: ['1 analysed, 10 dropped', ...rest], error: lost })
})

test('what was counted is told when the pipeline is stopped', async () => {
  const finish = (stop: AbortController) => stop.abort(lost)
  assert.deepEqual(await run(finish), { said: ['1 analysed, 10 dropped', ...rest], error: lost })
})

test('a frame that the detector has no room for is dropped', async () => {
  const { said } = await run(() => undefined, [2])
  assert.deepEqual(said, ['1 analysed, 10 dropped', '2 analysed, 11 dropped', '1 at 3000: 2', '2 at 3000: 2'])
})
