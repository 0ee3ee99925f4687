import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placeAt } from './path.ts'
import { makeStreet, sceneAt } from './scene.ts'
import { truthOf } from './truth.ts'

const size = { widthPx: 1280, heightPx: 720 }

test('the same seed gives the same street, another seed another one', () => {
  assert.deepEqual(makeStreet({ seed: 7, ...size }), makeStreet({ seed: 7, ...size }))
  assert.notDeepEqual(truthOf(makeStreet({ seed: 7, ...size })), truthOf(makeStreet({ seed: 8, ...size })))
})

test('the scene repeats after its period', () => {
  const scene = makeStreet({ seed: 1, ...size })
  for (const atMs of [0, 1234, 42_000, 59_990]) {
    assert.deepEqual(sceneAt(scene, atMs + 3 * scene.periodMs), sceneAt(scene, atMs))
  }
})

for (const seed of [1, 2, 3, 99]) {
  test(`a crossing comes within 2 s, a visit within 4 s, and another crossing within 2.5 s of each (seed ${seed})`, () => {
    const { crossings, visits, periodMs } = truthOf(makeStreet({ seed, ...size }))
    const first = crossings[0]?.atMs ?? Number.POSITIVE_INFINITY
    assert.ok(first < 2000 && (visits[0]?.enterAtMs ?? Number.POSITIVE_INFINITY) < 4000)
    const gaps = crossings.map(({ atMs }, i) => (crossings[i + 1]?.atMs ?? first + periodMs) - atMs)
    assert.ok(Math.max(...gaps) < 2500, String(gaps))
  })
}

test('people cross both ways, one of them stays in the region for longer than 10 s, and cars pass', () => {
  const scene = makeStreet({ seed: 1, ...size })
  const { crossings, visits } = truthOf(scene)
  assert.deepEqual([...new Set(crossings.map(({ towards }) => towards))].sort(), ['side1', 'side2'])
  assert.equal(visits.filter(({ enterAtMs, exitAtMs }) => exitAtMs - enterAtMs > 10_000).length, 1)
  assert.equal(scene.actors.filter(({ kind }) => kind === 'vehicle').length, 3)
})

test('the middle of the lower edge of a box is where its actor stands, within a tenth of the height', () => {
  const scene = makeStreet({ seed: 1, ...size })
  for (let atMs = 0; atMs < scene.periodMs; atMs += 130) {
    for (const { box, foot } of sceneAt(scene, atMs)) {
      const away = Math.hypot(box.x + box.w / 2 - foot.x, box.y + box.h - foot.y)
      assert.ok(away < box.h * 0.1, `${away} of ${box.h}`)
    }
  }
})

test('the street has the same proportions at every size', () => {
  const large = truthOf(makeStreet({ seed: 1, ...size }))
  const small = truthOf(makeStreet({ seed: 1, widthPx: 640, heightPx: 360 }))
  for (const [i, crossing] of large.crossings.entries()) {
    assert.ok(Math.abs(crossing.atMs - (small.crossings[i]?.atMs ?? Number.NaN)) < 30)
  }
})

test('nothing is there before its path begins and after it ends', () => {
  const path = [
    { atMs: 100, x: 0, y: 0 },
    { atMs: 200, x: 10, y: 0 },
    { atMs: 300, x: 10, y: 0 },
  ]
  assert.deepEqual(
    [99, 150, 250, 300].map((atMs) => placeAt(path, atMs)),
    [undefined, { x: 5, y: 0, walkedPx: 5, isMoving: true }, { x: 10, y: 0, walkedPx: 10, isMoving: false }, undefined],
  )
})
