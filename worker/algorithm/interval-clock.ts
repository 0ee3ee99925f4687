// Cuts the time of a task into intervals of one length, from the first frame on.

export type IntervalClock = {
  /** The end of the interval of the frame before, once it is over. Intervals without any frame are passed over. */
  ended(atMs: number): number | undefined
  /** Whether time passed since the end of the last interval. */
  isUnderWay(atMs: number): boolean
}

export function everyInterval(seconds: number): IntervalClock {
  const lengthMs = seconds * 1000
  let fromMs: number | undefined
  return {
    ended(atMs) {
      fromMs ??= atMs
      const whole = Math.floor((atMs - fromMs) / lengthMs)
      if (whole < 1) return undefined
      const endedAtMs = fromMs + lengthMs
      fromMs += whole * lengthMs
      return endedAtMs
    },
    isUnderWay: (atMs) => fromMs !== undefined && atMs > fromMs,
  }
}
