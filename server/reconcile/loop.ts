// The reconciler: rounds of observe, plan, apply. Any number of servers may run it side by side on one database.
//
// asleep: waits for a wake-up or the poll; a wake-up makes it run. running: rounds until nothing is due, then asleep.
// stopping: entered by disposal from either; the batch under way is finished.
import { plan, type Step } from '@sightline/task/plan.ts'
import type { Logger } from 'pino'
import { leaseMs } from '../fleet/lease-time.ts'
import { type Database, DatabaseUnavailableError } from '../store/database.ts'
import { delayFirstDueTask, selectIsAnythingDue } from '../store/due-tasks.ts'
import { apply } from './apply.ts'
import { expireNodes } from './expire.ts'
import { observe } from './observe.ts'

export type ReconcilerOptions = { database: Database; clock: () => number; log: Logger }
export type Reconciler = AsyncDisposable & {
  /** Runs until nothing is due, now. For whoever owns the clock. */
  round(): Promise<void>
}

// A safety net: writers and reports wake it, and nothing is later than this.
const pollEveryMs = 1_000
const batchMax = 500
// A task that cannot be planned or applied is a bug; it must not hold up the others.
const brokenTaskPauseMs = 60_000

/** A reconciler that runs only when told. */
export function createReconciler(options: ReconcilerOptions): Reconciler {
  return new ReconcileLoop(options)
}

/** A reconciler that runs by itself until it is disposed of. */
export async function startReconciler(options: ReconcilerOptions): Promise<Reconciler> {
  const loop = new ReconcileLoop(options)
  await loop.start()
  return loop
}

class ReconcileLoop implements Reconciler {
  readonly #options: ReconcilerOptions
  readonly #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #wake = Promise.withResolvers<void>()
  #isDatabaseAway = false
  /** Leases could not be renewed before: a server that was away does not take its workers' lives for it. */
  #expiresFromMs: number

  constructor(options: ReconcilerOptions) {
    this.#options = options
    this.#expiresFromMs = options.clock() + leaseMs
  }

  async start(): Promise<void> {
    await this.#options.database.listen('reconcile', () => this.#wake.resolve(), this.#stop.signal)
    this.#running = this.#runUntilStopped()
  }

  async round(): Promise<void> {
    const { database, clock } = this.#options
    const { isTaskDue, isLeaseOver } = await selectIsAnythingDue(database, clock())
    const isExpiring = isLeaseOver && clock() >= this.#expiresFromMs
    if (isExpiring) await expireNodes(this.#options, clock())
    if (isTaskDue || isExpiring) await this.#reconcileAll()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    this.#wake.resolve()
    await this.#running
  }

  async #runUntilStopped(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      // Made anew before the round: what is written during it wakes the next one.
      this.#wake = Promise.withResolvers()
      await this.#tryRound()
      await this.#sleep()
    }
  }

  async #tryRound(): Promise<void> {
    const { log, clock } = this.#options
    try {
      await this.round()
      if (this.#isDatabaseAway) log.info('the database is back')
      this.#isDatabaseAway = false
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError)) {
        log.error({ err: error }, 'a round of the reconciler failed')
        return
      }
      if (!this.#isDatabaseAway) log.warn({ err: error }, 'the database is away; waiting for it')
      this.#isDatabaseAway = true
      this.#expiresFromMs = clock() + leaseMs
    }
  }

  async #sleep(): Promise<void> {
    const timer = setTimeout(() => this.#wake.resolve(), pollEveryMs)
    await this.#wake.promise
    clearTimeout(timer)
  }

  /** Batch after batch until nothing is due; after a failure one by one, passing over what fails. */
  async #reconcileAll(): Promise<void> {
    let limit = batchMax
    while (!this.#stop.signal.aborted) {
      const batch = await this.#reconcileBatch(limit).catch((error: unknown) => this.#passOver(error, limit))
      if (!batch) limit = 1
      else if (batch.claimedCount < limit && batch.wokenCount === 0) return
    }
  }

  async #reconcileBatch(limit: number): Promise<{ claimedCount: number; wokenCount: number }> {
    const { database, clock, log } = this.#options
    const nowMs = clock()
    const { steps, ...batch } = await database.transaction(async (tx) => {
      const observation = await observe(tx, { nowMs, limit })
      const planned = plan(observation)
      const wokenCount = await apply(tx, planned, nowMs)
      return { steps: planned, claimedCount: observation.tasks.length, wokenCount }
    })
    logMoves(log, steps)
    return batch
  }

  async #passOver(error: unknown, limit: number): Promise<undefined> {
    if (error instanceof DatabaseUnavailableError) throw error
    const { database, clock, log } = this.#options
    if (limit > 1) {
      log.error({ err: error }, 'a batch of tasks failed; they are tried one by one')
      return undefined
    }
    const nowMs = clock()
    const taskId = await delayFirstDueTask(database, { nowMs, untilMs: nowMs + brokenTaskPauseMs })
    log.error({ err: error, task: taskId }, 'a task failed to be reconciled')
    return undefined
  }
}

function logMoves(log: Logger, steps: readonly Step[]): void {
  for (const step of steps) {
    if (step.kind !== 'move') continue
    const { taskId, from, to, cause, nodeId } = step
    log.debug({ task: taskId, from, to, cause, node: nodeId }, 'a task moved')
  }
}
