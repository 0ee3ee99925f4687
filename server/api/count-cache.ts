// Counts that took a scan of many tasks, kept for a moment.

// Below this a count is cheap, and people see every task of theirs come and go.
const keptFrom = 10_000
const keptForMs = 1_500
const entriesMax = 1_000

type Entry = { count: Promise<number>; untilMs: number }

/** At most 1,000 counts; the oldest goes first. Callers that ask for the same one at the same time share it. */
export class CountCache {
  readonly #entries = new Map<string, Entry>()

  get(key: string, nowMs: number, count: () => Promise<number>): Promise<number> {
    const known = this.#entries.get(key)
    if (known && known.untilMs > nowMs) return known.count
    const entry: Entry = { count: count(), untilMs: Number.POSITIVE_INFINITY }
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > entriesMax && oldest !== undefined) this.#entries.delete(oldest)
    entry.count.then(
      (value) => this.#settle(key, entry, value < keptFrom ? undefined : nowMs + keptForMs),
      () => this.#settle(key, entry, undefined),
    )
    return entry.count
  }

  #settle(key: string, entry: Entry, untilMs: number | undefined): void {
    if (this.#entries.get(key) !== entry) return
    if (untilMs === undefined) this.#entries.delete(key)
    else entry.untilMs = untilMs
  }
}
