// What an algorithm is: a step function over analysed frames. The pipeline owns decoding, detecting and pictures.
import type { BoundingBox, DataCategory } from '@sightline/contract/result.ts'

/** One object that the detector found. `box` is in pixels of the source frame, not rounded, inside the frame. */
export type Detection = { label: string; score: number; box: { x: number; y: number; w: number; h: number } }

/** One sampled frame as an algorithm sees it. */
export type AnalysedFrame = {
  /** Presentation time in ms since the first packet of this source. Never decreases. */
  ptsMs: number
  /** Epoch ms: when a live frame was captured; for a file, the start of the run plus `ptsMs`. */
  atMs: number
  /** Absent when the motion gate saw nothing move, so that the detector did not look: what was there is still there. */
  detections?: Detection[]
}

/** One thing an algorithm has to say. `data` is the payload of the message without `ext`. */
export type AlgorithmResult = {
  eventType: number
  /** Epoch ms of the alarm; of an interval, its end. */
  atMs: number
  category: DataCategory
  data: Record<string, unknown>
  /** Present when the message carries the current frame: the boxes to draw if `render_result_sw` is set. */
  picture?: { boxes: BoundingBox[] }
}

export type FrameSize = { widthPx: number; heightPx: number }

export type RunningAlgorithm = {
  /** Detector labels it wants. */
  classes: readonly string[]
  /** Score from which a detection counts for it; the tracker's second pass goes lower by itself. */
  minScore: number
  step(frame: AnalysedFrame): AlgorithmResult[]
  /** What is left to say when the input ends. */
  end(atMs: number): AlgorithmResult[]
}

/** How the ROI is drawn on pictures: pixels of the source frame. */
export type RoiShapes = {
  polygons: { points: [number, number][]; name: string }[]
  lines: { from: [number, number]; to: [number, number] }[]
}

/** A row of the table of algorithms. */
export type Algorithm = {
  /** Throws `ConfigError` with the first fault when `config` does not fit. */
  open(config: Record<string, unknown>, frame: FrameSize): RunningAlgorithm
  /** Ms between analysed frames under this config. */
  sampleEveryMs(config: Record<string, unknown>): number
  /** Quality 20 to 100 and what to draw on pictures under this config. */
  pictureStyle(
    config: Record<string, unknown>,
    frame: FrameSize,
  ): { quality: number; drawBoxes: boolean; roi: RoiShapes | undefined }
}

export class ConfigError extends Error {
  override name = 'ConfigError'
}
