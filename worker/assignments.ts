// Keeps the running pipelines equal to the assignments. Decides nothing of a run: that is run.ts.
import { taskErrorCodes } from '@sightline/contract/errors.ts'
import type { Assignment, Report } from '@sightline/contract/fleet.ts'
import type { TaskError } from '@sightline/contract/task.ts'
import type { Logger } from 'pino'
import { outputsOf, toNewResult, wantedBy } from './assigned-outputs.ts'
import type { FromEngine, PipelineId } from './engine/messages.ts'
import type { Delivery } from './output/delivery.ts'
import type { Outputs } from './output/outputs.ts'
import { type Act, beginRun, nextRun, type Run, type RunEvent, viewOf } from './run.ts'
import type { OutputConfig, Spool } from './spool/spool.ts'

const tickEveryMs = 250
// A run is reported at once when its view changes, else this often, for its counters and its last sequence number.
const reportEveryMs = 5_000
// For results that are on their way to the disk when a run ends: a full one must not hold the run.
const keepWithinMs = 5_000
const engineCrashed = {
  kind: 'threw',
  error: { code: taskErrorCodes.engineCrashed, message: 'The media engine ended unexpectedly.' },
  isPermanent: false,
} satisfies RunEvent

/** What is asked of the engine process. */
export type Engine = {
  startPipeline(pipelineId: PipelineId, assignment: Assignment): void
  stopPipeline(pipelineId: PipelineId): void
  stored(pipelineId: PipelineId, resultId: number): void
  kill(): void
}

export type AssignmentsOptions = {
  engine: Engine
  spool: Spool
  delivery: Delivery
  outputs: Outputs
  logger: Logger
  /** Epoch and monotonic time; runs are decided on the latter. */
  clock: { nowMs(): number; monotonicMs(): number }
  random: () => number
  sampleEveryMs: (assignment: Assignment) => number
  /** The newest view of a run. */
  onReport: (report: Report) => void
}

type Held = {
  assignment: Assignment
  run: Run
  pipelineId: PipelineId
  /** Stops the probe of its outputs. */
  probing: AbortController
  reported: string
  reportedAtMs: number
  framesOfEarlierPipelines: { analysed: number; dropped: number }
  frames: { analysed: number; dropped: number }
  resultCount: number
  /** Results on their way into the spool. */
  keeping: Set<Promise<void>>
}

export class Assignments {
  readonly #options: AssignmentsOptions
  readonly #held = new Map<string, Held>()
  readonly #byPipeline = new Map<PipelineId, Held>()
  readonly #stopped = new Set<() => void>()
  readonly #timer: NodeJS.Timeout
  #wanted = new Map<string, Assignment>()
  #pipelineCount = 0
  #reportCount = 0

  constructor(options: AssignmentsOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#tick(), tickEveryMs)
  }

  /**
   * The whole set: what is not in it is stopped. Nothing waits for the disk, which may be full: where results go is
   * written before the first of them, since the spool writes in order.
   */
  set(assignments: readonly Assignment[]): void {
    this.#wanted = new Map(assignments.map((assignment) => [assignment.task_id, assignment]))
    for (const assignment of assignments) {
      this.#putOutputs(assignment).catch((error: unknown) => {
        this.#options.logger.error({ err: error, task_id: assignment.task_id }, 'outputs were not stored')
      })
    }
    this.#reconcile()
  }

  get taskIds(): ReadonlySet<string> {
    return new Set([...this.#wanted.keys(), ...this.#held.keys()])
  }

  /** Lets go of every run and says nothing of it: the lease is over, or the worker ends. */
  async stopAll(withinMs: number): Promise<void> {
    this.#wanted.clear()
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = () => {
      if (![...this.#byPipeline.values()].some(({ run }) => holdsPipeline(run))) resolve()
    }
    this.#stopped.add(look)
    for (const held of this.#held.values()) this.#apply(held, { kind: 'unassigned', isReplaced: true })
    const timer = setTimeout(() => {
      this.#options.engine.kill()
      resolve()
    }, withinMs)
    look()
    await promise
    clearTimeout(timer)
    this.#stopped.delete(look)
    for (const held of this.#held.values()) held.probing.abort()
    this.#held.clear()
    this.#byPipeline.clear()
  }

  onEngineMessage(message: FromEngine): void {
    if (message.kind === 'ready') return
    const held = this.#byPipeline.get(message.pipelineId)
    if (held) this.#onPipelineMessage(held, message)
  }

  onEngineLost(): void {
    for (const held of [...this.#byPipeline.values()]) this.#apply(held, engineCrashed)
  }

  #onPipelineMessage(held: Held, message: Exclude<FromEngine, { kind: 'ready' }>): void {
    switch (message.kind) {
      case 'opened':
        this.#options.logger.info({ ...namesOf(held), source: message.source }, 'input opened')
        break
      case 'progress':
        held.frames = { analysed: message.framesAnalysed, dropped: message.framesDropped }
        this.#apply(held, { kind: 'frames' })
        break
      case 'result':
        this.#keep(held, message)
        break
      case 'ended':
      case 'stopped':
        this.#apply(held, { kind: message.kind })
        break
      case 'threw':
        this.#apply(held, { kind: 'threw', error: message.error, isPermanent: message.isPermanent })
    }
  }

  /** Stores a result for the outputs that want it; then the engine may forget it. */
  #keep(held: Held, { pipelineId, resultId, result }: Extract<FromEngine, { kind: 'result' }>): void {
    const outputs = wantedBy(held.assignment, result)
    const kept =
      outputs.length === 0 ? undefined : this.#options.spool.append(toNewResult(held.assignment, result, outputs))
    const keeping = Promise.resolve(kept).then(() => {
      held.keeping.delete(keeping)
      held.resultCount++
      this.#options.engine.stored(pipelineId, resultId)
    })
    held.keeping.add(keeping)
  }

  async #putOutputs(assignment: Assignment): Promise<void> {
    for (const [output, config] of outputsOf(assignment)) {
      const lane = { taskId: assignment.task_id, output }
      const stored = this.#options.spool.output(lane)
      const isSame = stored?.generation === assignment.generation && isEqual(stored.config, config)
      if (isSame) continue
      await this.#options.spool.putOutput(lane, assignment.generation, config)
      this.#options.delivery.outputChanged(lane)
    }
  }

  /** Starts what is wanted and not held, stops what is held and not wanted. Called again when a run is over. */
  #reconcile(): void {
    for (const [taskId, held] of [...this.#held]) {
      const wanted = this.#wanted.get(taskId)
      if (wanted?.generation === held.assignment.generation) held.assignment = wanted
      else if (held.run.step.kind === 'over') this.#held.delete(taskId)
      else this.#apply(held, { kind: 'unassigned', isReplaced: wanted !== undefined })
    }
    for (const [taskId, assignment] of this.#wanted) if (!this.#held.has(taskId)) this.#begin(taskId, assignment)
  }

  #begin(taskId: string, assignment: Assignment): void {
    const { clock, sampleEveryMs, logger } = this.#options
    const held: Held = {
      assignment,
      run: beginRun(clock.monotonicMs(), 2 * sampleEveryMs(assignment)),
      pipelineId: '',
      probing: new AbortController(),
      reported: '',
      reportedAtMs: Number.NEGATIVE_INFINITY,
      framesOfEarlierPipelines: { analysed: 0, dropped: 0 },
      frames: { analysed: 0, dropped: 0 },
      resultCount: 0,
      keeping: new Set(),
    }
    this.#held.set(taskId, held)
    logger.info(namesOf(held), 'run begins')
    this.#startPipeline(held)
    void this.#probe(held)
    this.#report(held)
  }

  #startPipeline(held: Held): void {
    const { task_id, generation } = held.assignment
    const { analysed, dropped } = held.framesOfEarlierPipelines
    held.framesOfEarlierPipelines = {
      analysed: analysed + held.frames.analysed,
      dropped: dropped + held.frames.dropped,
    }
    held.frames = { analysed: 0, dropped: 0 }
    held.pipelineId = `${task_id}/${generation}/${++this.#pipelineCount}`
    this.#byPipeline.set(held.pipelineId, held)
    this.#options.engine.startPipeline(held.pipelineId, held.assignment)
  }

  async #probe(held: Held): Promise<void> {
    let error: TaskError | undefined
    for (const [kind, config] of outputsOf(held.assignment)) {
      error ??= await this.#options.outputs.get(kind)?.probe(config, held.probing.signal)
    }
    if (!held.probing.signal.aborted) this.#apply(held, { kind: 'probed', error })
  }

  #apply(held: Held, event: RunEvent): void {
    const now = { nowMs: this.#options.clock.monotonicMs(), random: this.#options.random() }
    const { run, acts } = nextRun(held.run, event, now)
    const before = held.run
    held.run = run
    if (!holdsPipeline(run)) this.#byPipeline.delete(held.pipelineId)
    for (const act of acts) this.#act(held, act)
    this.#report(held)
    for (const look of this.#stopped) look()
    if (run.step.kind === 'over' && before.step.kind !== 'over') this.#onOver(held)
  }

  #act(held: Held, act: Act): void {
    if (act.kind === 'start_pipeline') this.#startPipeline(held)
    if (act.kind === 'stop_pipeline') this.#options.engine.stopPipeline(held.pipelineId)
    if (act.kind === 'flush' || act.kind === 'flush_unless_failing') void this.#flush(held, act)
  }

  async #flush(held: Held, { kind, withinMs }: Extract<Act, { withinMs: number }>): Promise<void> {
    const { delivery } = this.#options
    await within(Promise.all(held.keeping), Math.max(withinMs, keepWithinMs))
    if (kind === 'flush') await delivery.flush(held.assignment.task_id, withinMs)
    else await delivery.flushUnlessFailing(held.assignment.task_id, withinMs)
    this.#apply(held, { kind: 'flushed' })
  }

  #onOver(held: Held): void {
    held.probing.abort()
    const { phase, error } = viewOf(held.run, this.#options.clock.monotonicMs())
    this.#options.logger.info({ ...namesOf(held), phase, error }, 'run is over')
    this.#reconcile()
  }

  #tick(): void {
    for (const held of [...this.#held.values()]) {
      const [fault] = this.#options.delivery.faults(held.assignment.task_id)
      const age = fault && this.#options.clock.nowMs() - fault.sinceMs
      const sinceMs = this.#options.clock.monotonicMs() - (age ?? 0)
      this.#apply(held, { kind: 'output', trouble: fault && { sinceMs, error: fault.error } })
      this.#apply(held, { kind: 'tick' })
    }
  }

  #report(held: Held): void {
    // A run that was let go without a word is none of the server's business any more.
    if (this.#held.get(held.assignment.task_id) !== held) return
    const nowMs = this.#options.clock.monotonicMs()
    const { isPermanent, ...view } = viewOf(held.run, nowMs)
    const said = JSON.stringify(view)
    if (said === held.reported && nowMs - held.reportedAtMs < reportEveryMs) return
    if (held.run.step.kind === 'over' && said === held.reported) return
    held.reported = said
    held.reportedAtMs = nowMs
    this.#options.onReport({
      task_id: held.assignment.task_id,
      generation: held.assignment.generation,
      seq: ++this.#reportCount,
      ...view,
      ...(view.detail === undefined ? {} : { detail: `${view.detail}${this.#backlogOf(held)}` }),
      ...(isPermanent === undefined ? {} : { is_permanent: isPermanent }),
      last_sequence: this.#options.spool.lastSequence(held.assignment.task_id),
      counters: countersOf(held),
    })
  }

  #backlogOf({ assignment }: Held): string {
    const { waitingCount, droppedMessageCount, droppedPictureCount } = this.#options.spool.backlog(assignment.task_id)
    const dropped = droppedMessageCount + droppedPictureCount
    const drops = `; ${droppedMessageCount} messages and ${droppedPictureCount} pictures were dropped for lack of room`
    return waitingCount + dropped === 0 ? '' : ` ${waitingCount} results wait${dropped === 0 ? '' : drops}.`
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}

/** Resolves when the work is done, or at the limit; the work goes on. */
function within(work: Promise<unknown>, limitMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, limitMs)
  void work.finally(() => {
    clearTimeout(timer)
    resolve()
  })
  return promise
}

const holdsPipeline = ({ step }: Run) => step.kind === 'active' || step.kind === 'stopping'
const namesOf = ({ assignment }: Held) => ({ task_id: assignment.task_id, generation: assignment.generation })
const isEqual = (a: OutputConfig, b: OutputConfig) => JSON.stringify(a) === JSON.stringify(b)

const countersOf = (held: Held) => ({
  frames_analysed: held.framesOfEarlierPipelines.analysed + held.frames.analysed,
  frames_dropped: held.framesOfEarlierPipelines.dropped + held.frames.dropped,
  results: held.resultCount,
  reconnects: held.run.reconnectCount,
})
