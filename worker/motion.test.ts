import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLookRule, createMotionGate, motionHeightPx, motionWidthPx } from './motion.ts'

/** A grey picture with coding noise of a few levels and, when asked, a dark person of 4 x 10 pixels. */
function aPicture(seed: number, personX?: number): Uint8Array {
  const gray = Uint8Array.from({ length: motionWidthPx * motionHeightPx }, (_, i) => 120 + ((i * 31 + seed * 17) % 9))
  for (let y = 100; personX !== undefined && y < 110; y++)
    gray.fill(40, y * motionWidthPx + personX, y * motionWidthPx + personX + 4)
  return gray
}

test('a still picture with noise does not move', () => {
  const gate = createMotionGate()
  gate.compare(aPicture(0), 0)
  assert.deepEqual(
    [1, 2, 3].map((second) => gate.compare(aPicture(second), second * 1000)),
    [1, 2, 3].map(() => ({ moved: false, ratio: 0 })),
  )
})

test('a small person who walks in moves', () => {
  const gate = createMotionGate()
  gate.compare(aPicture(0), 0)
  assert.deepEqual(gate.compare(aPicture(1, 50), 1000), { moved: true, ratio: 40 / (motionWidthPx * motionHeightPx) })
})

test('what stands still becomes background in half a minute', () => {
  const gate = createMotionGate()
  gate.compare(aPicture(0), 0)
  const moved = Array.from({ length: 30 }, (_, second) => gate.compare(aPicture(second, 50), second * 1000).moved)
  assert.deepEqual([moved[1], moved.at(-1)], [true, false])
})

test('the detector looks at the first frame, for two seconds after motion, and every two seconds', () => {
  const looks = createLookRule()
  const still = { moved: false, ratio: 0 }
  const frames = [
    { ptsMs: 0, motion: { moved: true, ratio: 1 }, expected: true },
    { ptsMs: 1000, motion: still, expected: true },
    { ptsMs: 2000, motion: still, expected: true },
    { ptsMs: 3000, motion: still, expected: false },
    { ptsMs: 4000, motion: still, expected: true },
    { ptsMs: 5000, motion: still, expected: false },
    { ptsMs: 5500, motion: { moved: true, ratio: 0.01 }, expected: true },
    { ptsMs: 6000, motion: still, expected: true },
  ]
  assert.deepEqual(
    frames.map(({ ptsMs, motion }) => looks(motion, ptsMs)),
    frames.map(({ expected }) => expected),
  )
})
