// What happens next to one run on this node. Pure: a run and an event in, the run and things to do out.
//
// A run is in one step at a time:
//   active    a pipeline is opening or analysing; left when it throws, ends, or is told to stop
//   waiting   the pipeline threw; a new one starts at `retryAtMs`. The only retry on the way in
//   stopping  the pipeline was told to stop; `aim` says what for
//   flushing  nothing is analysed any more; results leave, within a limit
//   over      nothing of it runs; `end` is its last phase
import { taskErrorCodes } from '@sightline/contract/errors.ts'
import type { RunPhase } from '@sightline/contract/fleet.ts'
import type { TaskError } from '@sightline/contract/task.ts'

export const failingAfterMs = 30_000
const retryFirstMs = 1_000
const retryMostMs = 30_000
const retryJitter = 0.2
// A pipeline that analysed for so long was well: the next pause is the first again.
const wellAfterMs = 30_000
// A pipeline that says nothing for so long is replaced, though it did not throw.
const replaceSilentAfterMs = 60_000
// A source that worked is asked again before it is believed that another try is useless.
const permanentTries = 3
const flushAtEndMs = 30_000
// A stop waits for results that are on their way.
const flushAtStopMs = 5_000

export type OutputTrouble = { sinceMs: number; error: TaskError }

export type Run = {
  step:
    | { kind: 'active'; frameAtMs: number | undefined; firstFrameAtMs: number | undefined }
    | { kind: 'waiting'; retryAtMs: number }
    | { kind: 'stopping'; aim: 'retry' | 'failed' | 'released' | 'replaced' }
    | { kind: 'flushing'; aim: 'ended' | 'released' }
    | { kind: 'over'; end: Extract<RunPhase, 'ended' | 'failed' | 'released'> }
  /** How long a well source may give no frame. */
  silentAfterMs: number
  isProbed: boolean
  /** A frame was analysed after every output was probed; from then on this node retries by itself. */
  hasRun: boolean
  /** When a frame was last analysed; before the first one, when the run began. */
  lastFrameAtMs: number
  /** Pipelines in a row that threw. */
  failureCount: number
  reconnectCount: number
  error: TaskError | undefined
  isPermanent: boolean
  output: OutputTrouble | undefined
}

export type RunEvent =
  | { kind: 'frames' }
  | { kind: 'threw'; error: TaskError; isPermanent: boolean }
  | { kind: 'ended' }
  | { kind: 'stopped' }
  | { kind: 'probed'; error: TaskError | undefined }
  | { kind: 'output'; trouble: OutputTrouble | undefined }
  | { kind: 'flushed' }
  /** `isReplaced`: a newer generation of the task waits for this one to go. */
  | { kind: 'unassigned'; isReplaced: boolean }
  | { kind: 'tick' }

export type Act =
  | { kind: 'start_pipeline' }
  | { kind: 'stop_pipeline' }
  | { kind: 'flush'; withinMs: number }
  /** What a failing output does not take is delivered later. */
  | { kind: 'flush_unless_failing'; withinMs: number }
export type Next = { run: Run; acts: Act[] }
export type Now = { nowMs: number; random: number }

/** A run begins with a pipeline, and with a probe of its outputs beside it. */
export function beginRun(nowMs: number, silentAfterMs: number): Run {
  return {
    step: { kind: 'active', frameAtMs: undefined, firstFrameAtMs: undefined },
    silentAfterMs: Math.max(silentAfterMs, failingAfterMs),
    isProbed: false,
    hasRun: false,
    lastFrameAtMs: nowMs,
    failureCount: 0,
    reconnectCount: 0,
    error: undefined,
    isPermanent: false,
    output: undefined,
  }
}

/** Units: `now.nowMs` is monotonic; `now.random` lies in 0…1. */
export function nextRun(run: Run, event: RunEvent, now: Now): Next {
  switch (event.kind) {
    case 'frames':
      return stay(onFrames(run, now.nowMs))
    case 'probed':
      return onProbed(run, event.error)
    case 'output':
      return stay({ ...run, output: event.trouble })
    case 'threw':
      return onThrew(run, event, now)
    case 'ended':
      return run.step.kind === 'active' ? end(run) : onStopped(run, now)
    case 'stopped':
      return onStopped(run, now)
    case 'flushed':
      return run.step.kind === 'flushing' ? stay({ ...run, step: { kind: 'over', end: run.step.aim } }) : stay(run)
    case 'unassigned':
      return onUnassigned(run, event.isReplaced)
    case 'tick':
      return onTick(run, now)
  }
}

const stay = (run: Run): Next => ({ run, acts: [] })
const end = (run: Run): Next => ({
  run: { ...run, step: { kind: 'flushing', aim: 'ended' } },
  acts: [{ kind: 'flush', withinMs: flushAtEndMs }],
})
const release = (run: Run, withinMs: number): Next => ({
  run: { ...run, step: { kind: 'flushing', aim: 'released' } },
  acts: [{ kind: 'flush_unless_failing', withinMs }],
})
const stop = (run: Run, aim: Extract<Run['step'], { kind: 'stopping' }>['aim']): Next => ({
  run: { ...run, step: { kind: 'stopping', aim } },
  acts: [{ kind: 'stop_pipeline' }],
})
const fail = (run: Run): Next => stay({ ...run, step: { kind: 'over', end: 'failed' } })

function onFrames(run: Run, nowMs: number): Run {
  if (run.step.kind !== 'active') return run
  const step = { ...run.step, frameAtMs: nowMs, firstFrameAtMs: run.step.firstFrameAtMs ?? nowMs }
  return { ...run, step, lastFrameAtMs: nowMs, hasRun: run.hasRun || run.isProbed, error: undefined }
}

function onProbed(run: Run, error: TaskError | undefined): Next {
  if (!error) {
    const sawFrame = run.step.kind === 'active' && run.step.frameAtMs !== undefined
    return stay({ ...run, isProbed: true, hasRun: run.hasRun || sawFrame })
  }
  if (run.step.kind !== 'active' || run.hasRun) return stay(run)
  return stop({ ...run, error, isPermanent: false }, 'failed')
}

function onThrew(run: Run, { error, isPermanent }: { error: TaskError; isPermanent: boolean }, now: Now): Next {
  const { step } = run
  if (step.kind === 'stopping') return onStopped(run, now)
  if (step.kind !== 'active') return stay(run)
  const wasWell = step.firstFrameAtMs !== undefined && now.nowMs - step.firstFrameAtMs >= wellAfterMs
  const failureCount = wasWell ? 1 : run.failureCount + 1
  const failed = { ...run, error, isPermanent, failureCount }
  if (!run.hasRun || (isPermanent && failureCount >= permanentTries)) return fail(failed)
  return stay(wait({ ...failed, isPermanent: false }, now))
}

function wait(run: Run, { nowMs, random }: Now): Run {
  const pauseMs = Math.min(retryFirstMs * 2 ** (Math.max(run.failureCount, 1) - 1), retryMostMs)
  const withJitter = Math.round(pauseMs * (1 + retryJitter * (2 * random - 1)))
  return { ...run, step: { kind: 'waiting', retryAtMs: nowMs + Math.min(withJitter, retryMostMs) } }
}

/** What the pipeline was stopped for happens; a pipeline that threw or ended while stopping has stopped, too. */
function onStopped(run: Run, now: Now): Next {
  if (run.step.kind !== 'stopping') return stay(run)
  const { aim } = run.step
  if (aim === 'retry') return stay(wait({ ...run, failureCount: run.failureCount + 1 }, now))
  if (aim === 'failed') return fail(run)
  return release(run, aim === 'replaced' ? 0 : flushAtStopMs)
}

function onUnassigned(run: Run, isReplaced: boolean): Next {
  const aim = isReplaced ? 'replaced' : 'released'
  switch (run.step.kind) {
    case 'active':
      return stop(run, aim)
    case 'stopping':
      return stay({ ...run, step: { kind: 'stopping', aim } })
    case 'waiting':
      return release(run, isReplaced ? 0 : flushAtStopMs)
    case 'flushing':
      return stay({ ...run, step: { kind: 'flushing', aim: 'released' } })
    case 'over':
      return stay(run)
  }
}

function onTick(run: Run, { nowMs }: Now): Next {
  const { step } = run
  if (step.kind === 'waiting' && nowMs >= step.retryAtMs) {
    const active = { kind: 'active', frameAtMs: undefined, firstFrameAtMs: undefined } as const
    const reconnectCount = run.reconnectCount + 1
    return { run: { ...run, step: active, reconnectCount }, acts: [{ kind: 'start_pipeline' }] }
  }
  // Before its first frame a pipeline has time: what opens has limits of its own.
  if (step.kind !== 'active' || step.frameAtMs === undefined) return stay(run)
  const isMute = nowMs - step.frameAtMs >= run.silentAfterMs + replaceSilentAfterMs
  return isMute ? stop(run, 'retry') : stay(run)
}

// Of the contract, less what may be added.
const detailMost = 3900

export type View = { phase: RunPhase; error?: TaskError; isPermanent?: boolean; detail?: string }

const silent: TaskError = { code: taskErrorCodes.urlSilent, message: 'No frame came from the input.' }

/** What the server is told of a run. */
export function viewOf(run: Run, nowMs: number): View {
  const { step } = run
  if (step.kind === 'over') return overView(run, step.end)
  if (!run.hasRun) return { phase: 'opening' }
  const silentMs = nowMs - run.lastFrameAtMs
  const isEnding = step.kind === 'flushing'
  if (!isEnding && silentMs > run.silentAfterMs)
    return abnormal(run.error ?? silent, 'The input has been down', silentMs)
  const failingMs = run.output ? nowMs - run.output.sinceMs : 0
  if (run.output && failingMs > failingAfterMs) return abnormal(run.output.error, 'An output has been down', failingMs)
  return { phase: 'running' }
}

function overView(run: Run, end: 'ended' | 'failed' | 'released'): View {
  if (end !== 'failed' || !run.error) return { phase: end }
  return { phase: end, error: run.error, isPermanent: run.isPermanent }
}

/** The time is told in steps, so that it does not make a new report each second. */
function abnormal(error: TaskError, what: string, forMs: number): View {
  const minutes = Math.floor(forMs / 60_000)
  const length = minutes < 1 ? 'less than a minute' : minutes === 1 ? '1 minute' : `${minutes} minutes`
  return { phase: 'abnormal', error, detail: `${what} for ${length}: ${error.message}`.slice(0, detailMost) }
}
