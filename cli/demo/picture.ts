// The demo's picture of the street in characters: the counting line, the watched region and the people that were reported.

export type Street = {
  widthPx: number
  heightPx: number
  line: [[number, number], [number, number]]
  region: [number, number][]
}

export type Mark = { x: number; y: number; sign: string }

const columns = 64
const rows = 16

/**
 * Draws the street with marks on it.
 *
 * Shape: `rows + 2` lines of `columns + 2` characters, a frame included. Marks lie on top, then the line, then the region.
 * Units: pixels of the source frame in, characters out.
 */
export function drawStreet(street: Street, marks: Mark[]): string[] {
  const cell = (row: number, column: number): string => {
    const x = ((column + 0.5) / columns) * street.widthPx
    const y = ((row + 0.5) / rows) * street.heightPx
    return street.region.length > 2 && isInside(street.region, x, y) ? '·' : ' '
  }
  const grid = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => cell(row, column)),
  )
  const put = (x: number, y: number, sign: string) => {
    const row = Math.min(rows - 1, Math.max(0, Math.floor((y / street.heightPx) * rows)))
    const column = Math.min(columns - 1, Math.max(0, Math.floor((x / street.widthPx) * columns)))
    const line = grid[row]
    if (line) line[column] = sign
  }
  const [[x1, y1], [x2, y2]] = street.line
  for (let step = 0; step <= rows * 4; step++) {
    const share = step / (rows * 4)
    put(x1 + (x2 - x1) * share, y1 + (y2 - y1) * share, '│')
  }
  for (const mark of marks) put(mark.x, mark.y, mark.sign)
  const edge = '─'.repeat(columns)
  return [`┌${edge}┐`, ...grid.map((line) => `│${line.join('')}│`), `└${edge}┘`]
}

function isInside(polygon: [number, number][], x: number, y: number): boolean {
  let inside = false
  for (const [position, [ax, ay]] of polygon.entries()) {
    const [bx, by] = polygon[(position + 1) % polygon.length] ?? [ax, ay]
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside
  }
  return inside
}
