// Finds objects in pictures on a fixed number of threads, shared by all pipelines of the process.
import { type DetectedObject, decodeObjects, type PictureSize } from './decode-objects.ts'
import { type InferencePool, openInferencePool } from './inference-pool.ts'

export type { DetectedObject, PictureSize } from './decode-objects.ts'

/** A picture of the size that `sizeFor` names: rgb24, row-major, no padding. */
export type Picture = PictureSize & { rgb: Uint8Array }

export type Detector = {
  /**
   * The size to which a whole frame is scaled (not cropped, not padded) before `detect`; 512x288 for 16:9 and 4:3.
   * One frame size always gives the same answer.
   */
  sizeFor(frame: PictureSize): PictureSize
  /**
   * The objects in a picture, best score first, from score 0.1 up; labels are those of COCO-80.
   *
   * `rgb` is handed over: its buffer is empty after the call when `rgb` covers all of it, else it is copied.
   * Errors: throws `DetectorBusyError` when the queue is full, `DetectorFailedError` when the thread died, took longer
   * than 30 s or the picture does not fit its size, or the detector was closed.
   */
  detect(picture: Picture): Promise<DetectedObject[]>
  [Symbol.asyncDispose](): Promise<void>
}

// The cost is proportional to the area: 512x288 takes 23 ms on one core of an AMD EPYC with AVX-512.
const areaPx = 512 * 288

// The model halves its input five times.
const stepPx = 32

/**
 * A detector with `threadCount` threads, each with a session of the model of 120 MB.
 *
 * Errors: throws when the model cannot be loaded.
 */
export async function openDetector(options: { modelPath: string; threadCount: number }): Promise<Detector> {
  const pool = await openInferencePool(options)
  return {
    sizeFor,
    detect: (picture) => detect(pool, picture),
    [Symbol.asyncDispose]: () => pool.close(),
  }
}

async function detect(pool: InferencePool, { rgb, widthPx, heightPx }: Picture): Promise<DetectedObject[]> {
  const outputs = await pool.run({ rgb, widthPx, heightPx })
  return decodeObjects(outputs, { widthPx, heightPx })
}

// Frames from 4:3 on are stretched to this width: on real video, people, who are narrow, are told apart a little better
// than at 448x320 (three false objects fewer in vtest.avi, ids that hold longer, the same crossings).
const stretch = { fromAspect: 1.3, toAspect: 16 / 9 }

/** The sides, multiples of 32 and never less, with the frame's aspect, or 16:9 from 4:3 on, and the area of 512x288. */
export function sizeFor(frame: PictureSize): PictureSize {
  const ofFrame = frame.widthPx / frame.heightPx
  const aspect = ofFrame < stretch.fromAspect ? ofFrame : Math.max(ofFrame, stretch.toAspect)
  const widthPx = roundToStep(Math.sqrt(areaPx * aspect))
  return { widthPx, heightPx: roundToStep(areaPx / widthPx) }
}

const roundToStep = (px: number) => Math.max(stepPx, Math.round(px / stepPx) * stepPx)
