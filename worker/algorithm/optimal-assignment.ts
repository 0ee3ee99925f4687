// Pairs rows with columns so that the sum of the costs is least.

/**
 * The column of each row in the cheapest assignment; undefined for a row that stays alone.
 *
 * Shape: `costs[row][column]`; rows of equal length, any of the two may be more. A pair that costs more than `costMax`
 * is never made; to leave a row and a column alone costs `costMax` together.
 * Source: the Hungarian method with potentials, O(rows² · columns).
 */
export function assign(costs: number[][], costMax: number): (number | undefined)[] {
  const rowCount = costs.length
  const columnCount = costs[0]?.length ?? 0
  if (columnCount === 0) return costs.map(() => undefined)
  // One spare column for each row, at the price of staying alone, makes every problem solvable.
  const priced = costs.map((row, at) => [
    ...row.map((cost) => Math.min(cost, costMax * 2)),
    ...Array.from({ length: rowCount }, (_, spare) => (spare === at ? costMax : costMax * 2)),
  ])
  const columns = solve(priced, rowCount, columnCount + rowCount)
  return columns.map((column, row) =>
    column < columnCount && (costs[row]?.[column] ?? Number.POSITIVE_INFINITY) <= costMax ? column : undefined,
  )
}

/** Needs at least as many columns as rows. Row and column 0 are sentinels; the others count from 1. */
function solve(costs: number[][], rowCount: number, columnCount: number): number[] {
  const rowPotential = new Float64Array(rowCount + 1)
  const columnPotential = new Float64Array(columnCount + 1)
  const rowOf = new Int32Array(columnCount + 1)
  for (let row = 1; row <= rowCount; row++) {
    const cameFrom = new Int32Array(columnCount + 1)
    let column = shortestPath(row, { costs, columnCount, rowPotential, columnPotential, rowOf, cameFrom })
    // Walks the path back and shifts each row one column along it.
    while (column !== 0) {
      const before = at(cameFrom, column)
      rowOf[column] = at(rowOf, before)
      column = before
    }
  }
  const columns = new Array<number>(rowCount).fill(0)
  for (let column = 1; column <= columnCount; column++) {
    const row = at(rowOf, column)
    if (row > 0) columns[row - 1] = column - 1
  }
  return columns
}

type Search = {
  costs: number[][]
  columnCount: number
  rowPotential: Float64Array
  columnPotential: Float64Array
  rowOf: Int32Array
  cameFrom: Int32Array
}

/** Grows the cheapest alternating path from a row to a free column, which it gives; updates the potentials. */
function shortestPath(start: number, search: Search): number {
  const { costs, columnCount, rowPotential, columnPotential, rowOf, cameFrom } = search
  const least = new Float64Array(columnCount + 1).fill(Number.POSITIVE_INFINITY)
  const isDone = new Uint8Array(columnCount + 1)
  rowOf[0] = start
  let column = 0
  do {
    isDone[column] = 1
    const row = at(rowOf, column)
    let step = Number.POSITIVE_INFINITY
    let next = 0
    for (let other = 1; other <= columnCount; other++) {
      if (isDone[other]) continue
      const reduced = (costs[row - 1]?.[other - 1] ?? 0) - at(rowPotential, row) - at(columnPotential, other)
      if (reduced < at(least, other)) {
        least[other] = reduced
        cameFrom[other] = column
      }
      if (at(least, other) < step) {
        step = at(least, other)
        next = other
      }
    }
    for (let other = 0; other <= columnCount; other++) {
      if (isDone[other]) {
        rowPotential[at(rowOf, other)] = at(rowPotential, at(rowOf, other)) + step
        columnPotential[other] = at(columnPotential, other) - step
      } else least[other] = at(least, other) - step
    }
    column = next
  } while (at(rowOf, column) !== 0)
  return column
}

const at = (values: Float64Array | Int32Array, index: number) => values[index] ?? 0
