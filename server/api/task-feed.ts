// Who follows the changes of tasks. One connection listens for all followers of a server, while there are any.
import type { Database } from '../store/database.ts'

const followersMax = 200
const followersOfProjectMax = 20

export class TaskFeed {
  readonly #database: Database
  readonly #followers = new Map<symbol, { projectId: string; wake: () => void }>()
  #listening: AbortController | undefined

  constructor(database: Database) {
    this.#database = database
  }

  /** Undefined where there are too many already. Whoever enters leaves by disposal. */
  enter(projectId: string): Follower | undefined {
    const ofProject = [...this.#followers.values()].filter((one) => one.projectId === projectId).length
    if (this.#followers.size >= followersMax || ofProject >= followersOfProjectMax) return undefined
    const key = Symbol(projectId)
    this.#followers.set(key, { projectId, wake: () => undefined })
    this.#listen()
    return {
      change: (signal, waitMs) => this.#change(key, signal, waitMs),
      [Symbol.dispose]: () => this.#leave(key),
    }
  }

  async #change(key: symbol, signal: AbortSignal, waitMs: number): Promise<void> {
    const follower = this.#followers.get(key)
    if (!follower || signal.aborted) return
    const changed = Promise.withResolvers<void>()
    follower.wake = changed.resolve
    const timer = setTimeout(changed.resolve, waitMs)
    signal.addEventListener('abort', () => changed.resolve(), { once: true })
    await changed.promise
    clearTimeout(timer)
    follower.wake = () => undefined
  }

  #leave(key: symbol): void {
    this.#followers.delete(key)
    if (this.#followers.size > 0) return
    this.#listening?.abort()
    this.#listening = undefined
  }

  /** Creations and updates wake the reconciler, which tells of every other change. */
  #listen(): void {
    if (this.#listening) return
    this.#listening = new AbortController()
    const wakeAll = () => {
      for (const { wake } of this.#followers.values()) wake()
    }
    for (const channel of ['reconcile', 'changes'] as const) {
      void this.#database.listen(channel, wakeAll, this.#listening.signal)
    }
  }
}

export type Follower = Disposable & {
  /** Resolves when something may have changed, after `waitMs`, or when `signal` is aborted. */
  change(signal: AbortSignal, waitMs: number): Promise<void>
}

const feeds = new WeakMap<Database, TaskFeed>()

/** The one feed of a database in this process. */
export function feedOf(database: Database): TaskFeed {
  const feed = feeds.get(database) ?? new TaskFeed(database)
  feeds.set(database, feed)
  return feed
}
