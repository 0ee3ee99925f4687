// What algorithms that follow objects have in common: which labels they follow, where an object stands, its box on the
// wire, and how often they look.
import type { BoundingBox } from '@sightline/contract/result.ts'
import type { Box } from '../box.ts'
import type { AnalysedFrame, FrameSize } from './algorithm.ts'
import type { Point } from './geometry.ts'
import type { Track, Tracker } from './tracker.ts'

/** Ms between analysed frames when the config does not say otherwise: five a second. */
const sampleEveryMs = 200

/** Source: algorithm catalogue, section 2. `sampling_time_interval` is in seconds and wins. */
export function sampleEvery(config: {
  video_sampling_interval: number
  sampling_time_interval?: number | undefined
}): number {
  if (config.sampling_time_interval !== undefined) return config.sampling_time_interval * 1000
  return config.video_sampling_interval * sampleEveryMs
}

/** All tracks after a frame. */
export function follow(tracker: Tracker, frame: AnalysedFrame): Track[] {
  return frame.detections ? tracker.step(frame.ptsMs, frame.detections) : tracker.hold(frame.ptsMs)
}

/** Where a target stands: the middle of the lower edge of its box, inside the frame. */
export function footOf(box: Box, frame: FrameSize): Point {
  return [within(box.x + box.w / 2, frame.widthPx), within(box.y + box.h, frame.heightPx)]
}

/** The band along a line or an edge in which a target is on neither side, in pixels: a box trembles by its size. */
export function marginOf(box: Box): number {
  return Math.max(2, box.h * 0.05)
}

/** A box on the wire: whole pixels, inside the frame. */
export function boundingBox(box: Box, { widthPx, heightPx }: FrameSize): BoundingBox {
  const x = Math.round(within(box.x, widthPx))
  const y = Math.round(within(box.y, heightPx))
  return {
    x,
    y,
    w: Math.round(within(box.x + box.w, widthPx)) - x,
    h: Math.round(within(box.y + box.h, heightPx)) - y,
  }
}

const within = (value: number, most: number) => Math.min(most, Math.max(0, value))
