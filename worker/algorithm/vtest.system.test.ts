// People flow on real video against a count by eye. Needs Debian's packages ffmpeg and opencv-doc.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { convertedModel } from '../detect/convert-model.ts'
import { type Detector, openDetector } from '../detect/detector.ts'
import type { AlgorithmResult, FrameSize } from './algorithm.ts'
import { algorithms } from './algorithms.ts'

const clips = '/usr/share/doc/opencv-doc/examples/data'
const skip = existsSync(join(clips, 'vtest.avi'))
  ? false
  : 'vtest.avi of the Debian package opencv-doc is not installed'
const crossingsFile = new URL('../../test/fixtures/vtest-crossings.txt', import.meta.url)

type Clip = FrameSize & { file: string; everyNth: number; frameMs: number }

async function aDetector() {
  const dataDir = await mkdtemp(join(tmpdir(), 'sightline-vtest-'))
  const detector = await openDetector({ modelPath: await convertedModel(dataDir), threadCount: 1 })
  return {
    detector,
    async [Symbol.asyncDispose]() {
      await detector[Symbol.asyncDispose]()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Every n-th frame of a clip, scaled for the detector. */
async function* picturesOf({ file, everyNth }: Clip, { widthPx, heightPx }: FrameSize): AsyncGenerator<Uint8Array> {
  const filter = `select=not(mod(n\\,${everyNth})),scale=${widthPx}:${heightPx}:flags=bilinear`
  const input = ['-v', 'error', '-threads', '1', '-i', join(clips, file)]
  const ffmpeg = spawn('ffmpeg', [
    ...input,
    '-vf',
    filter,
    '-fps_mode',
    'passthrough',
    '-pix_fmt',
    'rgb24',
    '-f',
    'rawvideo',
    '-',
  ])
  const sizeBytes = widthPx * heightPx * 3
  let rest = Buffer.alloc(0)
  for await (const bytes of ffmpeg.stdout) {
    rest = Buffer.concat([rest, bytes])
    for (; rest.length >= sizeBytes; rest = rest.subarray(sizeBytes)) yield new Uint8Array(rest.subarray(0, sizeBytes))
  }
}

async function resultsOf(clip: Clip, detector: Detector, config: Record<string, unknown>): Promise<AlgorithmResult[]> {
  const algorithm = algorithms['c-flowcount'].open(config, clip)
  const size = detector.sizeFor(clip)
  const results: AlgorithmResult[] = []
  let ptsMs = 0
  for await (const rgb of picturesOf(clip, size)) {
    const objects = await detector.detect({ rgb, ...size })
    const detections = objects.map(({ label, score, box }) => ({
      label,
      score,
      box: {
        x: box.x * clip.widthPx,
        y: box.y * clip.heightPx,
        w: box.w * clip.widthPx,
        h: box.h * clip.heightPx,
      },
    }))
    results.push(...algorithm.step({ ptsMs, atMs: ptsMs, detections }))
    ptsMs += clip.frameMs * clip.everyNth
  }
  return [...results, ...algorithm.end(ptsMs)]
}

/** Side 1 of a line that goes down the picture is to its right. */
function crossingsIn(results: AlgorithmResult[]): { left: number; right: number } {
  const events = results.flatMap(({ data }) => data.event_set as { side1_count: number; side2_count: number }[])
  return {
    left: events.reduce((sum, event) => sum + event.side2_count, 0),
    right: events.reduce((sum, event) => sum + event.side1_count, 0),
  }
}

async function crossingsByEye(): Promise<{ left: number; right: number }> {
  const lines = (await readFile(crossingsFile, 'utf8')).split('\n').filter((line) => /^\d/.test(line))
  const count = (direction: string) => lines.filter((line) => line.split(' ')[1] === direction).length
  return { left: count('left'), right: count('right') }
}

const vtest = { file: 'vtest.avi', widthPx: 768, heightPx: 576, everyNth: 2, frameMs: 100 }
const tree = { file: 'tree.avi', widthPx: 320, heightPx: 240, everyNth: 1, frameMs: 1000 / 15 }

test('real people are counted within two of the count by eye, in each direction', { skip }, async (context) => {
  await using world = await aDetector()
  const target_roi = {
    lines: [
      {
        data: [
          [500, 0],
          [500, 576],
        ],
      },
    ],
  }
  const counted = crossingsIn(await resultsOf(vtest, world.detector, { target_roi }))
  const truth = await crossingsByEye()
  context.diagnostic(`counted ${JSON.stringify(counted)}, by eye ${JSON.stringify(truth)}`)
  assert.ok(Math.abs(counted.left - truth.left) <= 2 && Math.abs(counted.right - truth.right) <= 2)
})

test('a clip of trees in the wind has nobody in it', { skip }, async () => {
  await using world = await aDetector()
  const target_roi = {
    lines: [
      {
        data: [
          [160, 0],
          [160, 240],
        ],
      },
    ],
    polygons: [
      {
        data: [
          [0, 0],
          [320, 0],
          [320, 240],
          [0, 240],
        ],
      },
    ],
  }
  assert.deepEqual(await resultsOf(tree, world.detector, { target_roi }), [])
})
