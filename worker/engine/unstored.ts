import { unlessAborted } from '../unless-aborted.ts'

/** The results of one pipeline that the spool does not hold for good yet: at most `unstoredMax`, then the pipeline waits. */
export type Unstored = {
  /** Gives the id of a new result; ids count from 1. */
  add(): number
  remove(resultId: number): void
  /** Resolves when there is room for another result; rejects with the signal's reason. */
  room(signal: AbortSignal): Promise<void>
  /** Resolves when every result is stored; rejects with the signal's reason. */
  empty(signal: AbortSignal): Promise<void>
}

const unstoredMax = 64

export function createUnstored(): Unstored {
  const ids = new Set<number>()
  let lastId = 0
  let removed = Promise.withResolvers<void>()
  const atMost = async (count: number, signal: AbortSignal) => {
    signal.throwIfAborted()
    while (ids.size > count) await unlessAborted(removed.promise, signal)
  }
  return {
    add() {
      lastId += 1
      ids.add(lastId)
      return lastId
    },
    remove(resultId) {
      if (!ids.delete(resultId)) return
      removed.resolve()
      removed = Promise.withResolvers()
    },
    room: (signal) => atMost(unstoredMax - 1, signal),
    empty: (signal) => atMost(0, signal),
  }
}
