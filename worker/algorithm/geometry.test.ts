import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { crossesItself, crossing, distanceToEdge, isInside, type Point, signedDistance } from './geometry.ts'

const square: Point[] = [
  [10, 10],
  [110, 10],
  [110, 110],
  [10, 110],
]
const horseshoe: Point[] = [
  [0, 0],
  [90, 0],
  [90, 90],
  [60, 90],
  [60, 30],
  [30, 30],
  [30, 90],
  [0, 90],
]

for (const { name, point, polygon, expected } of [
  { name: 'the middle of a square is inside', point: [60, 60], polygon: square, expected: true },
  { name: 'a point beside it is outside', point: [120, 60], polygon: square, expected: false },
  { name: 'a corner is inside', point: [10, 10], polygon: square, expected: true },
  { name: 'the lower edge is inside', point: [60, 110], polygon: square, expected: true },
  { name: 'the level of a corner, outside, is outside', point: [0, 10], polygon: square, expected: false },
  { name: 'the gap of a horseshoe is outside', point: [45, 60], polygon: horseshoe, expected: false },
  { name: 'an arm of a horseshoe is inside', point: [15, 60], polygon: horseshoe, expected: true },
] as { name: string; point: Point; polygon: Point[]; expected: boolean }[])
  test(name, () => assert.equal(isInside(point, polygon), expected))

const bowTie: Point[] = [
  [0, 0],
  [100, 100],
  [100, 0],
  [0, 100],
]
for (const { name, polygon, expected } of [
  { name: 'a square does not cross itself', polygon: square, expected: false },
  { name: 'a horseshoe does not cross itself', polygon: horseshoe, expected: false },
  { name: 'a triangle does not cross itself', polygon: square.slice(1), expected: false },
  { name: 'a bow tie crosses itself', polygon: bowTie, expected: true },
  { name: 'a polygon that touches itself in a corner crosses itself', polygon: [...square, [60, 10]], expected: true },
  {
    name: 'a polygon without area runs back over itself',
    polygon: [
      [0, 0],
      [50, 50],
      [100, 100],
    ],
    expected: true,
  },
  {
    name: 'a corner in the middle of a straight edge is fine',
    polygon: [[10, 10], [60, 10], ...square.slice(1)],
    expected: false,
  },
  { name: 'a repeated point is no corner', polygon: [[10, 10], ...square], expected: true },
] as { name: string; polygon: Point[]; expected: boolean }[])
  test(name, () => assert.equal(crossesItself(polygon), expected))

test('side 1 is to the left of one who walks from the first point to the second', () => {
  // Walking down the screen, the left hand is at greater x.
  const down = { from: [500, 0], to: [500, 576] } as const
  assert.deepEqual([signedDistance([510, 100], down), signedDistance([480, 100], down)], [-10, 20])
})

const line = { from: [100, 0], to: [100, 200] } as const
for (const { name, from, to, expected } of [
  { name: 'a step through the line towards side 2', from: [110, 50], to: [90, 60], expected: 1 },
  { name: 'a step through the line towards side 1', from: [90, 50], to: [110, 60], expected: -1 },
  { name: 'a step beyond the end of the line', from: [90, 210], to: [110, 220], expected: 0 },
  { name: 'a step along the line', from: [90, 10], to: [95, 190], expected: 0 },
  { name: 'a step that ends on the line from side 1', from: [110, 50], to: [100, 50], expected: 1 },
  { name: 'the step that goes on from there', from: [100, 50], to: [90, 50], expected: 0 },
] as { name: string; from: Point; to: Point; expected: number }[])
  test(`${name} counts ${expected}`, () => assert.equal(crossing({ from, to }, line), expected))

const aPoint = fc.tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 200 }))

test('on any closed walk the crossings of any line that spans the plane cancel out', () => {
  const wide = { from: [100, -1000], to: [103, 1000] } as const
  fc.assert(
    fc.property(fc.array(aPoint, { minLength: 2, maxLength: 20 }), (walk) => {
      const steps = walk.map((from, place) => ({ from, to: walk[(place + 1) % walk.length] ?? from }))
      assert.equal(
        steps.reduce((sum, step) => sum + crossing(step, wide), 0),
        0,
      )
    }),
  )
})

test('a point on an edge is inside at distance 0', () => {
  assert.deepEqual(
    [isInside([60, 10], square), distanceToEdge([60, 10], square), distanceToEdge([60, 30], square)],
    [true, 0, 20],
  )
})
