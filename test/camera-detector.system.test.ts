// What the built-in detector and the algorithms say of the synthetic camera's pictures, compared with its truth.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Clip, writeClip } from '@sightline/camera/clip.ts'
import { boxesAt, crossingsBetween, visitsBetween } from '@sightline/camera/truth.ts'
import type { Detection } from '@sightline/worker/algorithm/algorithm.ts'
import { algorithms } from '@sightline/worker/algorithm/algorithms.ts'
import { MediaInput, Scaler } from '@sightline/worker/decode/ffmpeg.ts'
import { convertedModel } from '@sightline/worker/detect/convert-model.ts'
import { type Detector, openDetector } from '@sightline/worker/detect/detector.ts'

const size = { widthPx: 1280, heightPx: 720 }
// Some time after a crossing and a visit have begun, and before the next ones.
const durationS = 17.4
const fps = 15
// Five pictures a second, as the algorithms look when the config says nothing else.
const everyFrames = 3

test('the detector sees the actors of the camera, and the algorithms count what the truth says', {
  timeout: 120_000,
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sightline-street-'))
  const clip = writeClip({ file: join(folder, 'street.mp4'), durationS, fps, ...size })
  const modelPath = await convertedModel(folder)
  await using detector = await openDetector({ modelPath, threadCount: 1 })
  const { truth } = clip
  const line = { data: [truth.line.from, truth.line.to] }
  const region = { data: truth.region.points, name: truth.region.name }
  const flow = algorithms['c-flowcount'].open({ target_roi: { lines: [line] }, line_count_interval: 1 }, size)
  const intrusion = algorithms['c-intrusiondetection'].open({ target_roi: { polygons: [region] } }, size)
  const scores: Record<'person' | 'vehicle', number[]> = { person: [], vehicle: [] }
  const towards: string[] = []
  const intrusionsAtMs: number[] = []
  for await (const { ptsMs, detections } of detectionsOf(clip, detector)) {
    collectScores(clip, ptsMs, detections, scores)
    const frame = { ptsMs, atMs: ptsMs, detections }
    for (const { data } of flow.step(frame)) towards.push(...sidesOf(data))
    for (const { atMs } of intrusion.step(frame)) intrusionsAtMs.push(atMs)
  }
  for (const { data } of flow.end(durationS * 1000)) towards.push(...sidesOf(data))
  for (const [kind, all] of Object.entries(scores)) t.diagnostic(`${kind}: ${describe(all)}`)
  assert.ok(share(scores.person, 0.3) > 0.97 && share(scores.vehicle, 0.3) > 0.95)
  const endMs = durationS * 1000
  // Two who cross at nearly the same time may be counted in either order.
  const crossed = crossingsBetween(truth, 0, endMs).map((crossing) => crossing.towards)
  assert.deepEqual(towards.toSorted(), crossed.toSorted())
  // Who is inside when the first picture comes is an intruder, too.
  const visits = visitsBetween(truth, -60_000, endMs).filter(({ exitAtMs }) => exitAtMs > 0)
  assert.equal(intrusionsAtMs.length, visits.length)
  for (const [i, { enterAtMs }] of visits.entries()) {
    const lateMs = (intrusionsAtMs[i] ?? Number.NaN) - Math.max(0, enterAtMs)
    assert.ok(lateMs > -500 && lateMs < 1000, `${lateMs} ms late`)
  }
  await rm(folder, { recursive: true })
})

async function* detectionsOf(clip: Clip, detector: Detector) {
  const limits = { openWithinMs: 10_000, readWithinMs: 10_000, silentAfterMs: 10_000 }
  await using input = await MediaInput.open(clip.file, { options: {}, signal: new AbortController().signal, ...limits })
  const picture = detector.sizeFor(size)
  using scaler = new Scaler(picture.widthPx, picture.heightPx, 'rgb24')
  for (let i = 0; await input.readPacket(); i++) {
    for (const frame of await input.decode()) {
      if (i % everyFrames === 0) {
        const rgb = await frame.scale(scaler)
        const objects = await detector.detect({ ...picture, rgb })
        yield { ptsMs: frame.streamMs ?? Number.NaN, detections: objects.map(toDetection) }
      }
      frame[Symbol.dispose]()
    }
  }
}

function toDetection({ label, score, box }: Detection): Detection {
  const { widthPx, heightPx } = size
  return { label, score, box: { x: box.x * widthPx, y: box.y * heightPx, w: box.w * widthPx, h: box.h * heightPx } }
}

const labels = { person: ['person'], vehicle: ['car', 'truck', 'bus'] }

/** The score with which each actor that is wholly in the frame was found; 0 when it was not. */
function collectScores(clip: Clip, atMs: number, found: Detection[], scores: Record<'person' | 'vehicle', number[]>) {
  for (const { kind, box } of boxesAt(clip.scene, atMs)) {
    if (box.x <= 0 || box.x + box.w >= size.widthPx) continue
    const fitting = found.filter(({ label, box: other }) => labels[kind].includes(label) && overlap(box, other) > 0.4)
    scores[kind].push(Math.max(0, ...fitting.map(({ score }) => score)))
  }
}

function overlap(one: Detection['box'], other: Detection['box']): number {
  const w = Math.min(one.x + one.w, other.x + other.w) - Math.max(one.x, other.x)
  const h = Math.min(one.y + one.h, other.y + other.h) - Math.max(one.y, other.y)
  const shared = Math.max(0, w) * Math.max(0, h)
  return shared / (one.w * one.h + other.w * other.h - shared)
}

function share(scores: number[], least: number): number {
  return scores.filter((score) => score >= least).length / scores.length
}

function describe(scores: number[]): string {
  const sorted = scores.toSorted((a, b) => a - b)
  const at = (quantile: number) => (sorted[Math.floor(quantile * (sorted.length - 1))] ?? Number.NaN).toFixed(2)
  const percent = (least: number) => `${(share(scores, least) * 100).toFixed(1)} % from ${least}`
  return `${scores.length} seen whole, ${percent(0.3)}, ${percent(0.4)}, p5 ${at(0.05)}, median ${at(0.5)}`
}

type LineCounts = { event_set: { side1_count: number; side2_count: number }[] }

function sidesOf(data: Record<string, unknown>): string[] {
  return (data as LineCounts).event_set.flatMap(({ side1_count, side2_count }) => [
    ...Array<string>(side1_count).fill('side1'),
    ...Array<string>(side2_count).fill('side2'),
  ])
}
