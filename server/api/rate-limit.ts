// Token buckets in memory. Source: auth page, section 6.

export type RateLimit = { perSecond: number; burst: number }

export const rateLimits = {
  read: { perSecond: 50, burst: 100 },
  write: { perSecond: 10, burst: 20 },
  token: { perSecond: 5, burst: 5 },
} as const satisfies Record<string, RateLimit>

type Bucket = { tokens: number; atMs: number }

// A full bucket and an absent one are the same, so buckets that have filled up again are dropped at this many.
const bucketsMax = 10_000

/** Buckets of one limit, by key. When more than `bucketsMax` keys are busy at once, the oldest are forgotten. */
export class RateLimiter {
  readonly #limit: RateLimit
  readonly #buckets = new Map<string, Bucket>()

  constructor(limit: RateLimit) {
    this.#limit = limit
  }

  /** Takes one token: 0 when there was one, else the seconds, at least 1, after which there is. */
  take(key: string, nowMs: number): number {
    const { perSecond, burst } = this.#limit
    const bucket = this.#buckets.get(key) ?? { tokens: burst, atMs: nowMs }
    const filled = Math.min(burst, bucket.tokens + (Math.max(0, nowMs - bucket.atMs) / 1000) * perSecond)
    // Set anew, so that the map's order is that of use.
    this.#buckets.delete(key)
    this.#buckets.set(key, { tokens: filled >= 1 ? filled - 1 : filled, atMs: nowMs })
    this.#forget()
    return filled >= 1 ? 0 : Math.ceil((1 - filled) / perSecond)
  }

  #forget(): void {
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size > bucketsMax && oldest !== undefined) this.#buckets.delete(oldest)
  }
}
