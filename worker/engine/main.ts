// The engine child process: holds all native media code, runs pipelines, talks to its parent over IPC. A pipeline here:
//   running   from `start`; ends with one of `ended`, `threw`, `stopped`, sent when nothing native is held any more
//   stopping  from `stop` or `close`: its signal is aborted, what blocks is interrupted
// The process ends on `close` and when its parent is gone. See spawn-options.ts for how it is started.
import { parseArgs } from 'node:util'
import { taskErrorCodes } from '@sightline/contract/errors.ts'
import { algorithms } from '../algorithm/algorithms.ts'
import { type Detector, openDetector } from '../detect/detector.ts'
import { createLogger } from '../logger.ts'
import { faultOfPipeline, type PipelineEvents, type PipelineSurroundings, runPipeline } from '../pipeline.ts'
import { openSource } from '../source/sources.ts'
import type { EngineResult, FromEngine, PipelineId, ToEngine } from './messages.ts'
import { createSharedSources } from './shared-source.ts'
import { createUnstored, type Unstored } from './unstored.ts'

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', default: '' },
    'detector-threads': { type: 'string', default: '1' },
    'allow-file': { type: 'boolean', default: false },
  },
})

const logger = createLogger('error')
const clock = () => Date.now()
const closeWithinMs = 5000

let detector: Promise<Detector> | undefined
const surroundings: PipelineSurroundings = {
  algorithms,
  monotonicMs: () => performance.now(),
  openFeed: createSharedSources({
    clock,
    openSource: (input, context) => openSource(input, { ...context, isFileAllowed: options['allow-file'] }),
  }),
  openDetector() {
    detector ??= openDetector({ modelPath: options.model, threadCount: Number(options['detector-threads']) })
    // A failed opening is forgotten, so that the next pipeline tries again.
    detector.catch(() => {
      detector = undefined
    })
    return detector
  },
}

type Pipeline = { stop: AbortController; unstored: Unstored; over: Promise<void> }
const pipelines = new Map<PipelineId, Pipeline>()

function send(message: FromEngine): void {
  // A parent that is gone is noticed by `disconnect`; what was said to it is lost either way.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
}

function start({ pipelineId, assignment }: Extract<ToEngine, { kind: 'start' }>): void {
  const stop = new AbortController()
  const unstored = createUnstored()
  const events = eventsOf(pipelineId, unstored, stop.signal)
  const over = runPipeline(assignment, stop.signal, { surroundings, events })
    .then(() => unstored.empty(stop.signal))
    .then(
      () => send({ kind: 'ended', pipelineId }),
      (error: unknown) => {
        if (stop.signal.aborted) return send({ kind: 'stopped', pipelineId })
        const fault = faultOfPipeline(error)
        if (fault.error.code === taskErrorCodes.engineCrashed)
          logger.error({ err: error, pipelineId }, 'a pipeline failed')
        send({ kind: 'threw', pipelineId, ...fault })
      },
    )
    .finally(() => pipelines.delete(pipelineId))
  pipelines.set(pipelineId, { stop, unstored, over })
}

function eventsOf(pipelineId: PipelineId, unstored: Unstored, signal: AbortSignal): PipelineEvents {
  return {
    opened: (source) => send({ kind: 'opened', pipelineId, source }),
    progress: (framesAnalysed, framesDropped) => send({ kind: 'progress', pipelineId, framesAnalysed, framesDropped }),
    async result(result: EngineResult) {
      send({ kind: 'result', pipelineId, resultId: unstored.add(), result })
      await unstored.room(signal)
    },
  }
}

function stop(pipelineId: PipelineId): void {
  const pipeline = pipelines.get(pipelineId)
  if (pipeline) pipeline.stop.abort()
  else send({ kind: 'stopped', pipelineId })
}

/** Interrupt, await the reads, free, exit: with a read in flight `process.exit` ends in a native abort. */
async function close(): Promise<void> {
  // What does not come back within the limit is native and stuck; only a kill ends it.
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), closeWithinMs)
  for (const pipeline of pipelines.values()) pipeline.stop.abort()
  await Promise.all([...pipelines.values()].map(({ over }) => over))
  await (await detector?.catch(() => undefined))?.[Symbol.asyncDispose]()
  process.exit(0)
}

process.on('message', (message: ToEngine) => {
  if (message.kind === 'start') start(message)
  else if (message.kind === 'stop') stop(message.pipelineId)
  else if (message.kind === 'stored') pipelines.get(message.pipelineId)?.unstored.remove(message.resultId)
  else void close()
})
process.once('disconnect', () => void close())
// The parent may be gone before anybody listens.
if (!process.connected) void close()
// A terminal sends its signals to the whole group; the parent decides when the engine closes.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)

send({ kind: 'ready' })
