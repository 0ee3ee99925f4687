import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assign } from './optimal-assignment.ts'

for (const { name, costs, expected } of [
  { name: 'nothing is paired with nothing', costs: [], expected: [] },
  { name: 'rows without columns stay alone', costs: [[], []], expected: [undefined, undefined] },
  {
    name: 'the best sum wins over the best first pair',
    costs: [
      [0.1, 0.2],
      [0.15, 0.9],
    ],
    expected: [1, 0],
  },
  {
    name: 'a pair above the limit is not made',
    costs: [
      [0.9, 0.95],
      [0.1, 0.9],
    ],
    expected: [undefined, 0],
  },
  {
    name: 'more rows than columns leave the dear ones alone',
    costs: [[0.5], [0.1], [0.3]],
    expected: [undefined, 0, undefined],
  },
  { name: 'more columns than rows are allowed', costs: [[0.5, 0.3, 0.1]], expected: [2] },
])
  test(name, () => assert.deepEqual(assign(costs, 0.8), expected))

const limit = 0.8

/** The price of an assignment: the pairs and, at the limit each, the rows left alone. */
function price(costs: number[][], columns: (number | undefined)[]): number {
  return columns.reduce<number>(
    (sum, column, row) => sum + (column === undefined ? limit : (costs[row]?.[column] ?? 0)),
    0,
  )
}

/** The least price by trying everything. */
function leastPrice(costs: number[][], row = 0, taken: ReadonlySet<number> = new Set()): number {
  const costsOfRow = costs[row]
  if (!costsOfRow) return 0
  const prices = costsOfRow.flatMap((cost, column) =>
    taken.has(column) || cost > limit ? [] : [cost + leastPrice(costs, row + 1, new Set([...taken, column]))],
  )
  return Math.min(limit + leastPrice(costs, row + 1, taken), ...prices)
}

test('no other assignment is cheaper, and no column is given twice', () => {
  const matrices = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })).chain(([rows, columns]) =>
    fc.array(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: columns, maxLength: columns }), {
      minLength: rows,
      maxLength: rows,
    }),
  )
  fc.assert(
    fc.property(matrices, (costs) => {
      const columns = assign(costs, limit)
      const given = columns.filter((column) => column !== undefined)
      assert.equal(new Set(given).size, given.length)
      assert.ok(Math.abs(price(costs, columns) - leastPrice(costs)) < 1e-9)
    }),
  )
})
