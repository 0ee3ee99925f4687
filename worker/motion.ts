// Whether something moved between sampled frames, and whether the detector has to look.

export const motionWidthPx = 320
export const motionHeightPx = 180

/** The weight of a new frame in the background, per second of its distance; a parked car is background after 10 s. */
const learnPerSecond = 0.25
/** Grey levels by which a pixel differs from the background; sensor and coding noise stay below. */
const changedBy = 20
/** Share of changed pixels: 30 of 57,600, about a person of 20 x 60 pixels in a 1080p frame. */
const movedRatio = 30 / (motionWidthPx * motionHeightPx)

export type Motion = { moved: boolean; ratio: number }
export type MotionGate = {
  /** `gray` holds `motionWidthPx * motionHeightPx` bytes. The first frame has nothing to differ from and counts as moved. */
  compare(gray: Uint8Array, ptsMs: number): Motion
}

/** Compares frames with a running average of the earlier ones. 0.1 ms a frame. */
export function createMotionGate(): MotionGate {
  let background: Float32Array | undefined
  let lastMs = 0
  return {
    compare(gray, ptsMs) {
      if (!background) {
        background = Float32Array.from(gray)
        lastMs = ptsMs
        return { moved: true, ratio: 1 }
      }
      const weight = Math.min(1, Math.max(0.02, (learnPerSecond * (ptsMs - lastMs)) / 1000))
      lastMs = ptsMs
      const ratio = learn(background, gray, weight) / gray.length
      return { moved: ratio >= movedRatio, ratio }
    },
  }
}

/** Moves the background towards the frame; gives the number of pixels that differed. */
function learn(background: Float32Array, gray: Uint8Array, weight: number): number {
  let changedCount = 0
  for (let i = 0; i < background.length; i++) {
    const old = background[i] as number
    const difference = (gray[i] as number) - old
    if (difference > changedBy || difference < -changedBy) changedCount++
    background[i] = old + weight * difference
  }
  return changedCount
}

/** How long the detector keeps looking after the last motion: a target that stops is confirmed where it stands. */
const lookAfterMotionMs = 2000
/** The longest time without a look: a person who stands still is seen again before a tracker forgets it. */
const lookAtLeastEveryMs = 2000

/**
 * Decides for each sampled frame whether the detector looks.
 *
 * The rule: it looks when something moves, for 2 s after the last motion, and at least every 2 s. A frame without a
 * look says "what was there is still there", so nobody is lost by standing still, and nobody enters unseen.
 */
export function createLookRule(): (motion: Motion, ptsMs: number) => boolean {
  let lastMotionMs = Number.NEGATIVE_INFINITY
  let lastLookMs = Number.NEGATIVE_INFINITY
  return (motion, ptsMs) => {
    if (motion.moved) lastMotionMs = ptsMs
    const looks = ptsMs - lastMotionMs <= lookAfterMotionMs || ptsMs - lastLookMs >= lookAtLeastEveryMs
    if (looks) lastLookMs = ptsMs
    return looks
  }
}
