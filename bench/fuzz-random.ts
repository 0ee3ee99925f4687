// Chance that repeats: the same seed gives the same requests on every machine.

export type Random = {
  /** From 0 to `count - 1`. */
  below(count: number): number
  chance(share: number): boolean
  /** One of some items, of which there must be one. */
  pick<Item>(items: readonly Item[]): Item
}

/** mulberry32: 32 bits of state, more than enough to choose faults with. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let bits = Math.imul(state ^ (state >>> 15), state | 1)
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61)
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (count: number) => Math.floor(next() * count)
  return {
    below,
    chance: (share) => next() < share,
    // An index below the length always holds an item.
    pick: <Item>(items: readonly Item[]) => items[below(items.length)] as Item,
  }
}
