// The one place frames are dropped: which frames of a stream an algorithm sees, and what happens when it is slow.

export type Sampler = {
  /** Whether the frame at this time is due. Asking changes nothing. */
  wants(ptsMs: number): boolean
  /** The frame at this time was taken; the next one is due one interval later. */
  take(ptsMs: number): void
}

/** Frame times are rounded to the ticks of their stream; a frame this much early is on time. */
const toleranceMs = 1

/**
 * Chooses frames at an even pace.
 *
 * Units: `everyMs` 0 takes every frame. Over a long time the mean distance is `everyMs`; after a gap the pace starts
 * again from the frame that ended it instead of catching up.
 */
export function createSampler(everyMs: number): Sampler {
  let dueMs: number | undefined
  return {
    wants: (ptsMs) => dueMs === undefined || ptsMs + toleranceMs >= dueMs,
    take(ptsMs) {
      dueMs = Math.max((dueMs ?? ptsMs) + everyMs, ptsMs + everyMs / 2)
    },
  }
}

/** The distance of key frames, from the newest ones. */
export type KeyframeMeter = {
  seeKey(ptsMs: number): void
  /** The longest of the last distances; absent until two were measured. */
  intervalMs(): number | undefined
}

const keyIntervalsKept = 4

export function createKeyframeMeter(): KeyframeMeter {
  let lastKeyMs: number | undefined
  let intervals: number[] = []
  return {
    seeKey(ptsMs) {
      if (lastKeyMs !== undefined) intervals = [...intervals, ptsMs - lastKeyMs].slice(-keyIntervalsKept)
      lastKeyMs = ptsMs
    },
    intervalMs: () => (intervals.length < 2 ? undefined : Math.max(...intervals)),
  }
}

/**
 * Whether key frames alone are frequent enough, so that all other packets are dropped before the decoder. Costs a
 * quarter to a seventh of decoding everything (1080p25: 2 % of a core at a key frame a second against 9.5 %).
 */
export function areKeyFramesEnough(keyIntervalMs: number | undefined, sampleEveryMs: number): boolean {
  return keyIntervalMs !== undefined && keyIntervalMs <= sampleEveryMs + toleranceMs
}

/** Hands items from one producer to one consumer, one at a time. */
export type Slot<Item> = AsyncIterable<Item> & {
  /** Resolves when the producer may go on. */
  put(item: Item): Promise<void>
  end(): void
  fail(error: Error): void
  /** The consumer is gone: what waits is freed, later items are freed at once. */
  leave(): void
  droppedCount(): number
}

type SlotState<Item> = {
  item: { value: Item } | undefined
  finish: { error: Error | undefined } | undefined
  droppedCount: number
  changed: PromiseWithResolvers<void>
}

function change<Item>(state: SlotState<Item>): void {
  state.changed.resolve()
  state.changed = Promise.withResolvers()
}

function createSlot<Item extends Disposable>(put: (state: SlotState<Item>, item: Item) => Promise<void>): Slot<Item> {
  const state: SlotState<Item> = {
    item: undefined,
    finish: undefined,
    droppedCount: 0,
    changed: Promise.withResolvers(),
  }
  const finish = (error: Error | undefined) => {
    state.finish ??= { error }
    change(state)
  }
  return {
    async put(item) {
      if (state.finish) return item[Symbol.dispose]()
      await put(state, item)
    },
    end: () => finish(undefined),
    fail: (error) => finish(error),
    leave: () => leave(state),
    droppedCount: () => state.droppedCount,
    [Symbol.asyncIterator]: () => items(state),
  }
}

async function* items<Item extends Disposable>(state: SlotState<Item>): AsyncGenerator<Item, void> {
  try {
    for (;;) {
      while (!state.item && !state.finish) await state.changed.promise
      if (state.item) {
        const { value } = state.item
        state.item = undefined
        change(state)
        yield value
      } else if (state.finish?.error) {
        throw state.finish.error
      } else {
        return
      }
    }
  } finally {
    leave(state)
  }
}

function leave<Item extends Disposable>(state: SlotState<Item>): void {
  state.item?.value[Symbol.dispose]()
  state.item = undefined
  state.finish ??= { error: undefined }
  change(state)
}

/** For live sources: one place, the newest item wins, a replaced one is freed and counted. `put` never waits. */
export function createNewestSlot<Item extends Disposable>(): Slot<Item> {
  return createSlot<Item>(async (state, item) => {
    if (state.item) {
      state.item.value[Symbol.dispose]()
      state.droppedCount += 1
    }
    state.item = { value: item }
    change(state)
  })
}

/** For finite sources: one place, nothing is lost, `put` waits until the item was taken or the consumer has left. */
export function createLosslessSlot<Item extends Disposable>(): Slot<Item> {
  return createSlot<Item>(async (state, item) => {
    state.item = { value: item }
    change(state)
    while (state.item?.value === item && !state.finish) await state.changed.promise
  })
}
