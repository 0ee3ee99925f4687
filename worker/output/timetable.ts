// When a delivery that failed is tried again. Source: inputs and outputs, 2.1.

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const pausesMs = [5 * second, 15 * second, 30 * second, 2 * minute, 5 * minute, 15 * minute, 30 * minute, hour]
const jitterRatio = 0.1

/** A message that waited this long is given up. */
export const giveUpAfterMs = 75 * hour
/** A receiver cannot ask for a longer pause. */
export const retryAfterMaxMs = hour

/**
 * The pause after the `failureCount`th failure in a row, at least what the receiver asked for.
 *
 * Units: `random` lies in 0…1; the pause moves by at most 10 % with it.
 */
export function pauseAfterMs(failureCount: number, random: number, retryAfterMs: number | undefined): number {
  const planned = pausesMs[Math.min(failureCount, pausesMs.length) - 1] ?? hour
  const withJitter = planned * (1 + jitterRatio * (2 * random - 1))
  return Math.round(Math.max(withJitter, Math.min(retryAfterMs ?? 0, retryAfterMaxMs)))
}

/** Reads `Retry-After`: seconds, or an HTTP date. `undefined` when it says neither. */
export function readRetryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * second
  const atMs = Date.parse(value)
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs)
}
