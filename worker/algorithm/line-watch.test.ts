import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Point } from './geometry.ts'
import { watchLine } from './line-watch.ts'
import { watchRegion } from './region-watch.ts'

// Walking down the screen: side 1 is at greater x, side 2 at smaller.
const line = { from: [100, 0], to: [100, 200] } as const

function sidesOf(walk: readonly Point[]): number[] {
  const watch = watchLine(line)
  return walk.flatMap((foot) => watch.step('a', foot, 5) ?? [])
}

const alongX = (...xs: number[]) => xs.map((x): Point => [x, 100])

for (const { name, walk, expected } of [
  { name: 'a walk across counts once', walk: alongX(150, 120, 90, 60), expected: [2] },
  { name: 'a walk there and back counts twice', walk: alongX(150, 50, 150), expected: [2, 1] },
  { name: 'a tremble on the line counts nothing', walk: alongX(150, 98, 103, 97, 104, 98, 150), expected: [] },
  {
    name: 'a tremble while going over counts once',
    walk: alongX(150, 98, 103, 97, 104, 98, 90, 98, 103, 50),
    expected: [2],
  },
  { name: 'a stop on the line counts when it goes on', walk: alongX(150, 101, 101, 100, 99, 99, 80), expected: [2] },
  { name: 'who first appears close to the line and goes over it counts', walk: alongX(102, 98, 80), expected: [2] },
  { name: 'who first appears close to the line and goes away from it does not', walk: alongX(98, 80), expected: [] },
  {
    name: 'a way around the end of the line counts nothing',
    walk: [
      [150, 100],
      [150, 250],
      [50, 250],
      [50, 100],
    ] as Point[],
    expected: [],
  },
  {
    name: 'over the line and back around its end counts once',
    walk: [
      [150, 100],
      [50, 100],
      [50, 250],
      [150, 250],
      [150, 100],
    ] as Point[],
    expected: [2],
  },
  {
    name: 'around the end and back over the line counts once',
    walk: [
      [150, 250],
      [50, 250],
      [50, 100],
      [150, 100],
    ] as Point[],
    expected: [1],
  },
])
  test(name, () => assert.deepEqual(sidesOf(walk), expected))

test('objects do not mix', () => {
  const watch = watchLine(line)
  watch.step('a', [150, 100], 5)
  watch.step('b', [50, 100], 5)
  assert.deepEqual([watch.step('a', [150, 90], 5), watch.step('b', [150, 100], 5)], [undefined, 1])
})

test('a forgotten object begins anew', () => {
  const watch = watchLine(line)
  watch.step('a', [150, 100], 5)
  watch.keep(new Set())
  assert.equal(watch.step('a', [50, 100], 5), undefined)
})

test('on any walk the crossings take turns', () =>
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 60 }), (xs) => {
      const sides = sidesOf(alongX(...xs))
      assert.ok(sides.every((side, place) => side !== sides[place - 1]))
    }),
  ))

const region: Point[] = [
  [100, 0],
  [200, 0],
  [200, 200],
  [100, 200],
]

test('a tremble on the edge of a region neither enters nor leaves', () => {
  const watch = watchRegion(region)
  const stays = alongX(150, 101, 98, 102, 97, 90, 98, 103, 97, 140).map((foot, place) =>
    watch.step('a', foot, 5, place),
  )
  assert.deepEqual(
    stays.map(({ isInside, hasLeft }) => (hasLeft ? 'left' : isInside ? 'in' : 'out')),
    ['in', 'in', 'in', 'in', 'in', 'left', 'out', 'out', 'out', 'in'],
  )
})

test('a stay knows where it came from and since when', () => {
  const watch = watchRegion(region)
  const [, entered] = [watch.step('a', [50, 100], 5, 1000), watch.step('a', [150, 100], 5, 2000)]
  assert.deepEqual(entered, { isInside: true, hasLeft: false, cameFrom: 'out', sinceMs: 2000 })
  assert.equal(watch.step('b', [150, 100], 5, 3000).cameFrom, 'in')
})

test('those inside are named when they are dropped', () => {
  const watch = watchRegion(region)
  watch.step('a', [150, 100], 5, 0)
  watch.step('b', [50, 100], 5, 0)
  assert.deepEqual([watch.dropExcept(new Set()), watch.dropExcept(new Set())], [['a'], []])
})
