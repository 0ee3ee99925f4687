// Signatures of writes that were taken already; the same one is not taken twice. Source: auth page, section 3.

// At 10 writes/s, 50 projects fill this in half an hour, the longest that a signature holds; 70 bytes of text each.
const keptMax = 1_000_000

/** Remembers each signature until its date is out of the allowed skew; when full, it forgets the oldest. */
export class ReplayMemory {
  readonly #untilMs = new Map<string, number>()
  readonly #max: number

  constructor(max = keptMax) {
    this.#max = max
  }

  /** Whether this is the first time; remembers it then. */
  take(signature: string, untilMs: number, nowMs: number): boolean {
    if ((this.#untilMs.get(signature) ?? Number.NEGATIVE_INFINITY) >= nowMs) return false
    this.#forget(nowMs)
    this.#untilMs.set(signature, untilMs)
    return true
  }

  #forget(nowMs: number): void {
    for (const [signature, untilMs] of this.#untilMs) {
      if (untilMs >= nowMs && this.#untilMs.size < this.#max) return
      this.#untilMs.delete(signature)
    }
  }
}
