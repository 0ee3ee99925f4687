// The times of a source: its own clock, made to start at 0 and never to go back, and the wall clock beside it.

/** A step of the stream's clock of this size is a new start of the stream, not a pause. */
const jumpMs = 10_000
/** How much later than expected a live packet may arrive before its delay counts as drift: 1 ms a second. */
const driftPerMs = 0.001

export type Timeline = {
  /** Ms since the first packet; of packets out of order the true one. `streamMs` absent: as late as the one before. */
  ptsOf(streamMs: number | undefined, nowMs: number): number
  /** Epoch ms at which the frame with this time was captured: never decreases. */
  atOf(ptsMs: number): number
}

/** For finite sources: the start of the run plus the time of the frame. */
export function createFileTimeline(startedAtMs: number): Timeline {
  const pts = createPts(() => false)
  return { ptsOf: (streamMs) => pts(streamMs), atOf: (ptsMs) => startedAtMs + ptsMs }
}

/**
 * For live sources: frames arrive late and in bursts (an HLS segment arrives at once), but never early, so the smallest
 * distance of arrival and time of the stream is the true one, less a slow drift of the two clocks.
 */
export function createLiveTimeline(): Timeline {
  let lastArrivalMs: number | undefined
  let offsetMs = 0
  let lastAtMs = 0
  const pts = createPts((stepMs, nowMs) => stepMs > jumpMs + nowMs - (lastArrivalMs ?? nowMs))
  return {
    ptsOf(streamMs, nowMs) {
      const ptsMs = pts(streamMs, nowMs)
      const delayMs = nowMs - ptsMs
      if (lastArrivalMs === undefined || delayMs < offsetMs) offsetMs = delayMs
      else offsetMs += Math.min(delayMs - offsetMs, driftPerMs * Math.max(0, nowMs - lastArrivalMs))
      lastArrivalMs = nowMs
      return ptsMs
    },
    atOf(ptsMs) {
      lastAtMs = Math.max(lastAtMs, Math.round(offsetMs + ptsMs))
      return lastAtMs
    },
  }
}

/** Subtracts the first time; a jump back, or one forward that `isJump` confirms, is closed up. */
function createPts(isJump: (stepMs: number, nowMs: number) => boolean) {
  let originMs: number | undefined
  let lastMs = 0
  return (streamMs: number | undefined, nowMs = 0): number => {
    if (streamMs === undefined) return lastMs
    originMs ??= streamMs
    const stepMs = streamMs - originMs - lastMs
    if (stepMs < -jumpMs || isJump(stepMs, nowMs)) originMs = streamMs - lastMs
    lastMs = Math.max(0, streamMs - originMs)
    return lastMs
  }
}
