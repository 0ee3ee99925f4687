import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lookOf } from './looks.ts'
import type { Path } from './path.ts'
import { makeStreet, type Person, type Scene, sceneAt } from './scene.ts'
import { boxesAt, crossingsBetween, sideOf, truthOf, visitsBetween } from './truth.ts'

function aScene(path: Path, some: Partial<Scene> = {}): Scene {
  const view = { pxPerM: 50, yaw: 0, pitch: 0.2, isMirrored: false }
  const walker: Person = { kind: 'person', id: 'walker', path, view, look: lookOf(0) }
  return {
    seed: 1,
    widthPx: 400,
    heightPx: 200,
    periodMs: 10_000,
    actors: [walker],
    line: { from: { x: 200, y: 50 }, to: { x: 200, y: 150 } },
    region: {
      name: 'yard',
      points: [
        { x: 100, y: 50 },
        { x: 300, y: 50 },
        { x: 300, y: 150 },
        { x: 100, y: 150 },
      ],
    },
    ...some,
  }
}

for (const { name, path, expected } of [
  {
    name: 'one who walks to the right crosses a downward line towards side 1',
    path: [
      { atMs: 0, x: 0, y: 100 },
      { atMs: 4000, x: 400, y: 100 },
    ],
    expected: [{ atMs: 2000, towards: 'side1' }],
  },
  {
    name: 'one who walks to the left crosses it towards side 2',
    path: [
      { atMs: 0, x: 400, y: 100 },
      { atMs: 4000, x: 0, y: 100 },
    ],
    expected: [{ atMs: 2000, towards: 'side2' }],
  },
  {
    name: 'one who passes below the end of the line does not cross it',
    path: [
      { atMs: 0, x: 0, y: 160 },
      { atMs: 4000, x: 400, y: 160 },
    ],
    expected: [],
  },
  {
    name: 'one who stops on the line crosses it once',
    path: [
      { atMs: 0, x: 0, y: 100 },
      { atMs: 2000, x: 200, y: 100 },
      { atMs: 5000, x: 200, y: 100 },
      { atMs: 7000, x: 400, y: 100 },
    ],
    expected: [{ atMs: 5000, towards: 'side1' }],
  },
  {
    name: 'one who turns back crosses it both ways',
    path: [
      { atMs: 0, x: 0, y: 100 },
      { atMs: 3000, x: 300, y: 100 },
      { atMs: 6000, x: 0, y: 100 },
    ],
    expected: [
      { atMs: 2000, towards: 'side1' },
      { atMs: 4000, towards: 'side2' },
    ],
  },
  {
    name: 'a crossing before the period begins is seen at its end',
    path: [
      { atMs: -4000, x: 0, y: 100 },
      { atMs: 0, x: 400, y: 100 },
    ],
    expected: [{ atMs: 8000, towards: 'side1' }],
  },
]) {
  test(name, () => {
    const crossings = truthOf(aScene(path)).crossings
    assert.deepEqual(
      crossings,
      expected.map((crossing) => ({ ...crossing, actorId: 'walker', kind: 'person' })),
    )
  })
}

test('a visit lasts from the edge where the foot enters to the edge where it leaves, a pause included', () => {
  const path = [
    { atMs: 0, x: 0, y: 100 },
    { atMs: 2000, x: 200, y: 100 },
    { atMs: 5000, x: 200, y: 100 },
    { atMs: 7000, x: 400, y: 100 },
  ]
  const visit = { enterAtMs: 1000, exitAtMs: 6000, actorId: 'walker', kind: 'person' }
  assert.deepEqual(truthOf(aScene(path)).visits, [visit])
})

test('events come back every period', () => {
  const path = [
    { atMs: 0, x: 0, y: 100 },
    { atMs: 4000, x: 400, y: 100 },
  ]
  const truth = truthOf(aScene(path))
  assert.deepEqual(
    crossingsBetween(truth, 2000, 32_000).map((crossing) => crossing.atMs),
    [2000, 12_000, 22_000],
  )
  assert.deepEqual(
    visitsBetween(truth, 10_500, 21_500).map((visit) => [visit.enterAtMs, visit.exitAtMs]),
    [
      [11_000, 13_000],
      [21_000, 23_000],
    ],
  )
})

for (const seed of [1, 2, 3, 4]) {
  test(`what is computed from the paths is what is seen frame by frame (seed ${seed})`, () => {
    const scene = makeStreet({ seed, widthPx: 1280, heightPx: 720 })
    const stepMs = 20
    const sides = new Map<string, boolean>()
    const seen: { atMs: number; actorId: string; towards: string }[] = []
    for (let atMs = 0; atMs < scene.periodMs; atMs += stepMs) {
      for (const { actor, foot } of sceneAt(scene, atMs)) {
        if (actor.kind !== 'person') continue
        const isOnSide1 = sideOf(scene.line.from, scene.line.to, foot) > 0
        const before = sides.get(actor.id)
        // A jump from one edge of the frame to the other is the next repetition, not a crossing.
        const isNearLine = Math.abs(foot.x - scene.line.from.x) < 100
        if (before !== undefined && before !== isOnSide1 && isNearLine) {
          seen.push({ atMs, actorId: actor.id, towards: isOnSide1 ? 'side1' : 'side2' })
        }
        sides.set(actor.id, isOnSide1)
      }
    }
    const computed = truthOf(scene).crossings
    const withoutTime = ({ actorId, towards }: { actorId: string; towards: string }) => ({ actorId, towards })
    assert.deepEqual(seen.map(withoutTime), computed.map(withoutTime))
    for (const [i, { atMs }] of seen.entries()) assert.ok(atMs - (computed[i]?.atMs ?? Number.NaN) <= stepMs + 1)
  })
}

test('boxes are cut to the frame', () => {
  const scene = makeStreet({ seed: 1, widthPx: 1280, heightPx: 720 })
  for (let atMs = 0; atMs < scene.periodMs; atMs += 500) {
    for (const { box } of boxesAt(scene, atMs)) {
      assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.w <= 1280 && box.y + box.h <= 720 && box.w > 0 && box.h > 0)
    }
  }
})
