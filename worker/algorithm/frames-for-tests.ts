// Builders for tests: frames with objects that walk straight ahead.
import type { AlgorithmResult, AnalysedFrame, Detection, FrameSize, RunningAlgorithm } from './algorithm.ts'

export const aFrameSize: FrameSize = { widthPx: 1000, heightPx: 500 }

/** A walk from one place of the feet to another; it is seen from `fromMs` to `toMs`, both included. */
export type Walk = {
  from: [x: number, y: number]
  to: [x: number, y: number]
  fromMs: number
  toMs: number
  label?: string
  score?: number
  /** Of the box. */
  size?: [w: number, h: number]
  /** The detector sees nothing in these times. */
  missedMs?: [from: number, to: number]
}

/** The epoch time of the first frame. */
export const startAtMs = 1_700_000_000_000

/** Frames every `everyMs` from 0 to `untilMs`, both included. */
export function framesOf(walks: Walk[], { everyMs, untilMs }: { everyMs: number; untilMs: number }): AnalysedFrame[] {
  return Array.from({ length: Math.floor(untilMs / everyMs) + 1 }, (_, place) => {
    const ptsMs = place * everyMs
    return { ptsMs, atMs: startAtMs + ptsMs, detections: walks.flatMap((walk) => detectionsAt(walk, ptsMs)) }
  })
}

function detectionsAt(walk: Walk, ptsMs: number): Detection[] {
  const { from, to, fromMs, toMs, label = 'person', score = 0.6, size: [w, h] = [30, 80], missedMs } = walk
  if (ptsMs < fromMs || ptsMs > toMs) return []
  if (missedMs && ptsMs >= missedMs[0] && ptsMs <= missedMs[1]) return []
  const share = toMs === fromMs ? 0 : (ptsMs - fromMs) / (toMs - fromMs)
  const foot = [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])] as const
  return [{ label, score, box: { x: foot[0] - w / 2, y: foot[1] - h, w, h } }]
}

/** Everything that an algorithm says of frames, with the end of the input at the time of the last one. */
export function resultsOf(algorithm: RunningAlgorithm, frames: AnalysedFrame[]): AlgorithmResult[] {
  return [...frames.flatMap((frame) => algorithm.step(frame)), ...algorithm.end(frames.at(-1)?.atMs ?? startAtMs)]
}
