// Brings what waits in the spool to its outputs: in order and one at a time per task and output, side by side otherwise.
//
// A lane is idle, ready, under way, or waiting for a time. A stored message makes an idle lane ready; the pump starts
// ready lanes while there is room; what the attempt gave makes the lane ready again, idle, or waiting.
import type { TaskError } from '@sightline/contract/task.ts'
import type { Logger } from 'pino'
import type { LedgerEntry } from '../spool/ledger.ts'
import type { Lane, Message } from '../spool/messages.ts'
import type { Spool, StoredOutput } from '../spool/spool.ts'
import type { Attempt, Output } from './output.ts'
import type { Outputs } from './outputs.ts'
import { giveUpAfterMs, pauseAfterMs } from './timetable.ts'

export const deliveryLimits = {
  /** Attempts under way, overall and to one place: a dead receiver of many tasks leaves room for the others. */
  attempts: 256,
  attemptsPerPlace: 16,
}
const tickEveryMs = 250
// An output that is paused or unknown is looked at again this often, for messages that are too old by then.
const idleLookMs = 60_000

/** What is wrong with an output of a task now. */
export type OutputFault = { output: string; sinceMs: number; error: TaskError; isPaused: boolean }

type LaneState = Lane & {
  isUnderWay: boolean
  /** Nothing waits; it is remembered for what is wrong with its output. */
  isIdle: boolean
  /** Known after the first look. */
  place: string | undefined
  failureCount: number
  nextAtMs: number
  fault: OutputFault | undefined
}

export type DeliveryOptions = {
  spool: Spool
  outputs: Outputs
  clock: { nowMs(): number }
  random: () => number
  logger: Logger
  limits?: typeof deliveryLimits
}

export class Delivery {
  readonly #options: DeliveryOptions
  readonly #limits: typeof deliveryLimits
  readonly #lanes = new Map<string, LaneState>()
  // The order in which lanes are served; who was served goes to the end.
  readonly #ready = new Set<LaneState>()
  readonly #underWayAt = new Map<string, number>()
  readonly #underWay = new Set<Promise<void>>()
  readonly #lookers = new Set<() => void>()
  readonly #closing = new AbortController()
  readonly #timer: NodeJS.Timeout

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.#limits = options.limits ?? deliveryLimits
    for (const lane of options.spool.waitingLanes()) this.#wakeLane(lane)
    options.spool.onStored = (lane) => {
      this.#wakeLane(lane)
      this.#pump()
    }
    this.#timer = setInterval(() => this.wake(), tickEveryMs)
    this.#pump()
  }

  /** Looks at every lane whose time has come. */
  wake(): void {
    const nowMs = this.#options.clock.nowMs()
    for (const lane of this.#lanes.values()) {
      if (!lane.isUnderWay && lane.nextAtMs <= nowMs) this.#ready.add(lane)
    }
    this.#pump()
  }

  /** The output of a lane was set: a lane that waited for it is tried at once. */
  outputChanged(lane: Lane): void {
    const state = this.#lanes.get(keyOf(lane))
    if (!state) return
    state.nextAtMs = 0
    state.failureCount = 0
    state.place = undefined
    if (state.fault?.isPaused) state.fault = undefined
    this.wake()
  }

  /** What is wrong with the outputs of a task, those failing longest first. */
  faults(taskId: string): OutputFault[] {
    return [...this.#options.outputs.keys()]
      .flatMap((output) => this.#lanes.get(keyOf({ taskId, output }))?.fault ?? [])
      .sort((a, b) => a.sinceMs - b.sinceMs)
  }

  /** Resolves to true when nothing of the task waits, to false at the deadline. */
  async flush(taskId: string, withinMs: number): Promise<boolean> {
    await this.#until(() => this.#isEmpty(taskId), withinMs)
    return this.#isEmpty(taskId)
  }

  /** As `flush`, but does not wait for an output that fails. */
  async flushUnlessFailing(taskId: string, withinMs: number): Promise<boolean> {
    await this.#until(() => this.#isEmpty(taskId) || this.faults(taskId).length > 0, withinMs)
    return this.#isEmpty(taskId)
  }

  #isEmpty(taskId: string): boolean {
    return [...this.#options.outputs.keys()].every(
      (output) => this.#lanes.get(keyOf({ taskId, output }))?.isIdle ?? true,
    )
  }

  async #until(holds: () => boolean, withinMs: number): Promise<void> {
    const isOver = () => holds() || this.#closing.signal.aborted
    if (isOver()) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = () => {
      if (isOver()) resolve()
    }
    this.#lookers.add(look)
    const timer = setTimeout(resolve, withinMs)
    await promise
    clearTimeout(timer)
    this.#lookers.delete(look)
  }

  #wakeLane(lane: Lane) {
    const key = keyOf(lane)
    const known = this.#lanes.get(key)
    const state = known ?? newLane(lane)
    this.#lanes.set(key, state)
    if (state.isIdle) state.nextAtMs = 0
    state.isIdle = false
    if (!state.isUnderWay && state.nextAtMs <= this.#options.clock.nowMs()) this.#ready.add(state)
  }

  #pump() {
    if (this.#closing.signal.aborted) return
    for (const lane of this.#ready) {
      if (this.#underWay.size >= this.#limits.attempts) return
      this.#begin(lane)
    }
  }

  /** Takes a lane from the ready ones, unless too many attempts are under way to its place. */
  #begin(lane: LaneState) {
    if (this.#isBusy(lane.place)) return
    const stored = this.#options.spool.output(lane)
    const output = this.#options.outputs.get(lane.output)
    const place = stored && output ? output.placeOf(stored.config) : ''
    lane.place = place
    if (this.#isBusy(place)) return
    const count = this.#underWayAt.get(place) ?? 0
    this.#ready.delete(lane)
    lane.isUnderWay = true
    this.#underWayAt.set(place, count + 1)
    const work = this.#advance(lane, stored, output).finally(() => {
      lane.isUnderWay = false
      this.#underWay.delete(work)
      const left = (this.#underWayAt.get(place) ?? 1) - 1
      if (left === 0) this.#underWayAt.delete(place)
      else this.#underWayAt.set(place, left)
      if (lane.nextAtMs <= this.#options.clock.nowMs() && this.#lanes.has(keyOf(lane))) this.#ready.add(lane)
      this.#pump()
    })
    this.#underWay.add(work)
  }

  #isBusy(place: string | undefined): boolean {
    return place !== undefined && (this.#underWayAt.get(place) ?? 0) >= this.#limits.attemptsPerPlace
  }

  /** One message further: delivered, failed or given up; or the lane is found empty. */
  async #advance(lane: LaneState, stored: StoredOutput | undefined, output: Output | undefined): Promise<void> {
    const { spool, clock } = this.#options
    const message = spool.next(lane)
    if (!message) return this.#retire(lane)
    const nowMs = clock.nowMs()
    const freshMs = (stored && output?.freshnessSeconds(stored.config)) ?? Number.POSITIVE_INFINITY
    if (nowMs - message.createdAtMs > Math.min(giveUpAfterMs, freshMs * 1000)) {
      const error = 'not delivered in time'
      return spool.giveUp(message.id, { ...entryOf(message), atMs: nowMs, outcome: 'given_up', error })
    }
    if (!stored || !output || stored.isPaused) {
      lane.nextAtMs = nowMs + idleLookMs
      return
    }
    const attempt = await output.deliver(message, stored.config, this.#closing.signal)
    if (this.#closing.signal.aborted && attempt.result !== 'delivered') return
    await this.#record(lane, message, attempt, nowMs)
  }

  /** An idle lane is forgotten, except for what is wrong with its output. */
  #retire(lane: LaneState) {
    lane.isIdle = true
    lane.nextAtMs = Number.POSITIVE_INFINITY
    if (!lane.fault && this.#lanes.get(keyOf(lane)) === lane) this.#lanes.delete(keyOf(lane))
    for (const look of this.#lookers) look()
  }

  async #record(lane: LaneState, message: Message, attempt: Attempt, startedAtMs: number) {
    const { spool, clock } = this.#options
    const nowMs = clock.nowMs()
    const entry: LedgerEntry = {
      ...entryOf(message),
      atMs: nowMs,
      outcome: attempt.result === 'delivered' ? 'delivered' : 'failed',
      attempt: message.attempts + 1,
      latencyMs: nowMs - startedAtMs,
      bodyBytes: attempt.bodyBytes,
      bodySha256: attempt.bodySha256,
      ...(attempt.status === undefined ? {} : { status: attempt.status }),
      ...(attempt.error === undefined ? {} : { error: attempt.error.message }),
    }
    if (attempt.result === 'delivered') {
      this.#heal(lane)
      await spool.delivered(message.id, entry)
    } else {
      this.#fail(lane, attempt, nowMs)
      await spool.failed(message.id, entry)
      if (attempt.result === 'gone') await spool.pauseOutput(lane)
    }
  }

  #heal(lane: LaneState) {
    if (lane.fault) this.#options.logger.info(namesOf(lane), 'output accepts again')
    lane.fault = undefined
    lane.failureCount = 0
    lane.nextAtMs = 0
  }

  #fail(lane: LaneState, attempt: Attempt, nowMs: number) {
    const { random, logger } = this.#options
    const error = attempt.error ?? { code: 'VOUT.101', message: 'The output failed.' }
    if (!lane.fault) logger.warn({ ...namesOf(lane), error }, 'output fails')
    const isPaused = attempt.result === 'gone'
    lane.fault = { output: lane.output, sinceMs: lane.fault?.sinceMs ?? nowMs, error, isPaused }
    for (const look of this.#lookers) look()
    lane.failureCount++
    lane.nextAtMs = nowMs + (isPaused ? idleLookMs : pauseAfterMs(lane.failureCount, random(), attempt.retryAfterMs))
  }

  /** Breaks off what is under way; it is delivered again after the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    this.#closing.abort()
    for (const look of this.#lookers) look()
    await Promise.all(this.#underWay)
  }
}

const newLane = ({ taskId, output }: Lane): LaneState => ({
  taskId,
  output,
  isUnderWay: false,
  isIdle: false,
  place: undefined,
  failureCount: 0,
  nextAtMs: 0,
  fault: undefined,
})
const keyOf = (lane: Lane) => `${lane.taskId}/${lane.output}`
const namesOf = (lane: Lane) => ({ task_id: lane.taskId, output: lane.output })
const entryOf = (message: Message) => ({
  taskId: message.taskId,
  output: message.output,
  messageId: message.messageId,
  sequence: message.sequence,
})
