// One pipeline: source → decode → sample → motion gate → detect → algorithm → result, for one assignment. It never
// retries: it ends, throws, or is stopped by its signal.
import { taskErrorCodes } from '@sightline/contract/errors.ts'
import type { Assignment } from '@sightline/contract/fleet.ts'
import type { BoundingBox } from '@sightline/contract/result.ts'
import type { TaskError } from '@sightline/contract/task.ts'
import {
  type Algorithm,
  type AlgorithmResult,
  type AnalysedFrame,
  ConfigError,
  type Detection,
  type FrameSize,
} from './algorithm/algorithm.ts'
import { type Frame, Scaler } from './decode/ffmpeg.ts'
import type { DetectedObject, Detector } from './detect/detector.ts'
import { DetectorBusyError } from './detect/inference-pool.ts'
import type { EngineResult, SourceFacts } from './engine/messages.ts'
import type { FeedOrder, FrameFeed, SourceFrame } from './engine/shared-source.ts'
import { createLookRule, createMotionGate, motionHeightPx, motionWidthPx } from './motion.ts'
import { takePicture } from './picture.ts'
import { SourceError } from './source/source-error.ts'
import { unlessAborted } from './unless-aborted.ts'

export type PipelineSurroundings = {
  openFeed(order: FeedOrder): Promise<FrameFeed>
  openDetector(): Promise<Detector>
  algorithms: Partial<Record<string, Algorithm>>
  /** Unlike the time of day it never jumps. */
  monotonicMs: () => number
}

export type PipelineEvents = {
  opened(source: SourceFacts): void
  progress(framesAnalysed: number, framesDropped: number): void
  /** Resolves when the pipeline may go on. */
  result(result: EngineResult): Promise<void>
}

const progressEveryMs = 1000

/**
 * Runs until the input ends.
 *
 * Errors: throws the signal's reason when it is aborted; `faultOfPipeline` says what the others mean. Everything
 * native that it held is free when it returns or throws.
 */
export async function runPipeline(
  assignment: Assignment,
  signal: AbortSignal,
  { surroundings, events }: { surroundings: PipelineSurroundings; events: PipelineEvents },
): Promise<void> {
  const algorithm = surroundings.algorithms[assignment.algorithm.name]
  if (!algorithm) throw new ConfigError(`this worker has no algorithm ${assignment.algorithm.name}`)
  const { input, address_policy: policy, config } = assignment
  const sampleEveryMs = algorithm.sampleEveryMs(config)
  await using feed = await surroundings.openFeed({ input, policy, sampleEveryMs, signal })
  const facts = feed.facts()
  const running = algorithm.open(config, facts)
  const style = algorithm.pictureStyle(config, facts)
  const detector = await unlessAborted(surroundings.openDetector(), signal)
  using analysis = createAnalysis({ detector, classes: running.classes, size: facts, signal })
  const progress = createProgress(feed, { surroundings, events })
  events.opened(facts)

  let last: FrameTimes | undefined
  // Then there is no current frame, so what is left to say has no picture.
  const sayTheRest = async () => {
    const times = last
    if (!times) return
    await Promise.all(running.end(times.atMs).map((result) => events.result(messageOf(result, times, undefined))))
  }
  try {
    for await (const source of interruptible(feed, signal)) {
      using current = source
      last = { atMs: current.atMs, capturedAtMs: current.capturedAtMs, ptsMs: current.ptsMs }
      const frame = await analysis.look(current)
      progress.count(frame !== undefined)
      if (!frame) continue
      for (const result of running.step(frame)) {
        const picture = result.picture && (await pictureOf(current.frame, result.picture.boxes, style))
        await events.result(messageOf(result, last, picture))
      }
    }
    signal.throwIfAborted()
  } catch (error) {
    // A count that was begun is told, although its interval is not over: a source that comes and goes loses none.
    await sayTheRest().catch(() => undefined)
    throw error
  }
  progress.say()
  await sayTheRest()
}

type FrameTimes = Pick<SourceFrame, 'atMs' | 'capturedAtMs' | 'ptsMs'>
type PictureStyle = ReturnType<Algorithm['pictureStyle']>

function pictureOf(frame: Frame, boxes: BoundingBox[], style: PictureStyle): Promise<Uint8Array> {
  return takePicture(frame, { quality: style.quality, boxes: style.drawBoxes ? boxes : [], roi: style.roi })
}

function messageOf(result: AlgorithmResult, frame: FrameTimes, picture: Uint8Array | undefined): EngineResult {
  const { eventType, category, atMs, data } = result
  const { capturedAtMs, ptsMs } = frame
  return { eventType, category, atMs, capturedAtMs, ptsMs, data, ...(picture ? { picture } : {}) }
}

/** Ends the iteration when the signal is aborted, though no frame comes. */
async function* interruptible(feed: FrameFeed, signal: AbortSignal): AsyncGenerator<SourceFrame, void> {
  using leaving = new DisposableStack()
  const close = () => void feed[Symbol.asyncDispose]()
  signal.addEventListener('abort', close)
  leaving.defer(() => signal.removeEventListener('abort', close))
  yield* feed
}

type AnalysisParts = { detector: Detector; classes: readonly string[]; size: FrameSize; signal: AbortSignal }
/** Calling it gives `undefined` for a frame that the detector had no room for. */
type Analysis = Disposable & { look(source: SourceFrame): Promise<AnalysedFrame | undefined> }

function createAnalysis({ detector, classes, size, signal }: AnalysisParts): Analysis {
  const gate = createMotionGate()
  const looks = createLookRule()
  const scaled = detector.sizeFor(size)
  const gray = new Scaler(motionWidthPx, motionHeightPx, 'gray8')
  const rgb = new Scaler(scaled.widthPx, scaled.heightPx, 'rgb24')
  return {
    async look({ frame, ptsMs, atMs }) {
      const motion = gate.compare(await frame.scale(gray), ptsMs)
      if (!looks(motion, ptsMs)) return { ptsMs, atMs }
      const picture = { ...scaled, rgb: await frame.scale(rgb) }
      const objects = await unlessAborted(detector.detect(picture), signal).catch(unlessBusy)
      return objects && { ptsMs, atMs, detections: detectionsOf(objects, classes, size) }
    },
    [Symbol.dispose]() {
      gray[Symbol.dispose]()
      rgb[Symbol.dispose]()
    },
  }
}

function unlessBusy(error: unknown): undefined {
  if (!(error instanceof DetectorBusyError)) throw error
}

/** Only wanted labels; boxes from fractions to pixels of the source frame. */
function detectionsOf(objects: DetectedObject[], classes: readonly string[], size: FrameSize): Detection[] {
  const wanted = objects.filter(({ label }) => classes.includes(label))
  return wanted.map(({ label, score, box }) => ({
    label,
    score,
    box: {
      x: box.x * size.widthPx,
      y: box.y * size.heightPx,
      w: box.w * size.widthPx,
      h: box.h * size.heightPx,
    },
  }))
}

/** Says how many frames were analysed and dropped: once a second, at once with the first one, and when told. */
function createProgress(
  feed: FrameFeed,
  { surroundings, events }: { surroundings: PipelineSurroundings; events: PipelineEvents },
) {
  let framesAnalysed = 0
  let framesRefused = 0
  let saidAtMs = Number.NEGATIVE_INFINITY
  const say = () => events.progress(framesAnalysed, feed.droppedCount() + framesRefused)
  return {
    /** A frame that the detector had no room for is dropped. */
    count(isAnalysed: boolean) {
      if (!isAnalysed) {
        framesRefused += 1
        return
      }
      framesAnalysed += 1
      const nowMs = surroundings.monotonicMs()
      if (nowMs - saidAtMs < progressEveryMs) return
      saidAtMs = nowMs
      say()
    },
    /** Not without a frame: what is said is taken for a sign of one. */
    say() {
      if (framesAnalysed > 0) say()
    },
  }
}

/** What a pipeline threw, as the server is told. Anything that is not the input or the config is a fault of the engine. */
export function faultOfPipeline(error: unknown): { error: TaskError; isPermanent: boolean } {
  if (error instanceof SourceError) {
    return { error: { code: error.code, message: error.message }, isPermanent: error.isPermanent }
  }
  if (error instanceof ConfigError) {
    return { error: { code: taskErrorCodes.configInvalid, message: error.message }, isPermanent: true }
  }
  const name = error instanceof Error ? error.name : 'unknown'
  return {
    error: { code: taskErrorCodes.engineCrashed, message: `the media engine failed: ${name}` },
    isPermanent: false,
  }
}
