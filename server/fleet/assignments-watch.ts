// Who waits for a change of a node's assignments. One connection listens for all of them, and no waiter holds another.
import type { Logger } from 'pino'
import { type Database, DatabaseUnavailableError } from '../store/database.ts'
import { selectAssignmentsVersions } from '../store/nodes.ts'

export type AssignmentsWatch = AsyncDisposable & {
  /** Resolves when the assignments of a node may differ from `version`, after `waitMs`, or when `signal` is aborted. */
  change(node: { id: string; version: number; waitMs: number }, signal: AbortSignal): Promise<void>
}

// Of requests that wait at a time; one more is answered at once and asks again.
const waitersMax = 10_000

type Waiter = { nodeId: string; version: number; wake: () => void }

/** Starts to listen. */
export async function openAssignmentsWatch(options: { database: Database; log: Logger }): Promise<AssignmentsWatch> {
  const watch = new Watch(options)
  await watch.start()
  return watch
}

class Watch implements AssignmentsWatch {
  readonly #options: { database: Database; log: Logger }
  readonly #stop = new AbortController()
  readonly #waiters = new Set<Waiter>()
  #looking: Promise<void> | undefined
  #mustLookAgain = false

  constructor(options: { database: Database; log: Logger }) {
    this.#options = options
  }

  async start(): Promise<void> {
    await this.#options.database.listen('assignments', () => this.#look(), this.#stop.signal)
  }

  async change(node: { id: string; version: number; waitMs: number }, signal: AbortSignal): Promise<void> {
    if (this.#stop.signal.aborted || signal.aborted || this.#waiters.size >= waitersMax) return
    const changed = Promise.withResolvers<void>()
    const waiter = { nodeId: node.id, version: node.version, wake: changed.resolve }
    const timer = setTimeout(changed.resolve, node.waitMs)
    signal.addEventListener('abort', () => changed.resolve(), { once: true })
    this.#waiters.add(waiter)
    // What changed between the caller's look and this moment was notified before anybody waited.
    this.#look()
    await changed.promise
    clearTimeout(timer)
    this.#waiters.delete(waiter)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    for (const { wake } of this.#waiters) wake()
    await this.#looking
  }

  /** One look at a time for all waiters; what is asked for meanwhile is one more. */
  #look(): void {
    if (this.#looking) {
      this.#mustLookAgain = true
      return
    }
    this.#looking = this.#wakeChanged().finally(() => {
      this.#looking = undefined
      if (!this.#mustLookAgain) return
      this.#mustLookAgain = false
      this.#look()
    })
  }

  async #wakeChanged(): Promise<void> {
    const waiting = [...this.#waiters]
    if (waiting.length === 0 || this.#stop.signal.aborted) return
    try {
      const rows = await selectAssignmentsVersions(this.#options.database, [
        ...new Set(waiting.map(({ nodeId }) => nodeId)),
      ])
      const versions = new Map(rows.map((row) => [row.id, row.assignments_version]))
      for (const { nodeId, version, wake } of waiting) if (versions.get(nodeId) !== version) wake()
    } catch (error) {
      // Their own look says what is wrong.
      for (const { wake } of waiting) wake()
      if (!(error instanceof DatabaseUnavailableError))
        this.#options.log.error({ err: error }, 'assignments not looked at')
    }
  }
}
