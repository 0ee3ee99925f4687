// Reports that the server has not taken yet: the newest view of each run.
import type { Report } from '@sightline/contract/fleet.ts'

// The most that one request may carry.
const batchMost = 1000

export class Reports {
  readonly #waiting = new Map<string, Report>()
  #added: () => void = () => {}

  /** Takes the place of an older view of the same run. */
  put(report: Report): void {
    this.#waiting.set(keyOf(report), report)
    this.#added()
  }

  /** Resolves when at least one waits; gives at most as many as one request may carry, oldest first. */
  async next(signal: AbortSignal): Promise<Report[]> {
    while (this.#waiting.size === 0) {
      signal.throwIfAborted()
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const abort = () => reject(signal.reason)
      this.#added = resolve
      signal.addEventListener('abort', abort, { once: true })
      await promise.finally(() => signal.removeEventListener('abort', abort))
    }
    return [...this.#waiting.values()].slice(0, batchMost)
  }

  /** Forgets what was taken, unless a newer view came meanwhile. */
  taken(reports: readonly Report[]): void {
    for (const report of reports) {
      if (this.#waiting.get(keyOf(report)) === report) this.#waiting.delete(keyOf(report))
    }
  }

  clear(): void {
    this.#waiting.clear()
  }
}

const keyOf = (report: Report) => `${report.task_id}/${report.generation}`
