// Points, lines and polygons in the picture: x to the right, y down.

export type Point = readonly [x: number, y: number]
export type Segment = { from: Point; to: Point }

/**
 * How far a point is from the line through a segment, in pixels: negative on side 1, which is to the left of one who
 * walks from the first point to the second, positive on side 2.
 */
export function signedDistance(point: Point, { from, to }: Segment): number {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1])
  return length === 0 ? 0 : turn(from, to, point) / length
}

/** Twice the area of the triangle; positive when it turns clockwise on the screen. */
function turn(a: Point, b: Point, c: Point): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/**
 * 1 when a step crosses a segment towards side 2, -1 towards side 1, else 0. A point on the line belongs to side 2, so
 * that two steps that meet on the line cross it once together.
 */
export function crossing(step: Segment, line: Segment): -1 | 0 | 1 {
  const was = turn(line.from, line.to, step.from) >= 0
  const is = turn(line.from, line.to, step.to) >= 0
  if (was === is) return 0
  // Where the step meets the line, as a fraction of the line: it must lie between the ends.
  const fromSide = turn(step.from, step.to, line.from)
  const toSide = turn(step.from, step.to, line.to)
  if (fromSide > 0 === toSide > 0 && fromSide !== 0 && toSide !== 0) return 0
  return is ? 1 : -1
}

/** Whether a point is inside a polygon or on its edge. The last point is joined to the first. */
export function isInside(point: Point, polygon: readonly Point[]): boolean {
  let inside = false
  for (const { from, to } of edgesOf(polygon)) {
    if (isBetween(point, from, to)) return true
    const isPassed = from[1] > point[1] !== to[1] > point[1]
    if (isPassed && point[0] < ((to[0] - from[0]) * (point[1] - from[1])) / (to[1] - from[1]) + from[0])
      inside = !inside
  }
  return inside
}

/** The least distance of a point from the edges of a polygon, in pixels. */
export function distanceToEdge(point: Point, polygon: readonly Point[]): number {
  return Math.min(...edgesOf(polygon).map((edge) => distanceToSegment(point, edge)))
}

function distanceToSegment(point: Point, { from, to }: Segment): number {
  const along = [to[0] - from[0], to[1] - from[1]] as const
  const squared = along[0] ** 2 + along[1] ** 2
  const share = squared === 0 ? 0 : ((point[0] - from[0]) * along[0] + (point[1] - from[1]) * along[1]) / squared
  const nearest = Math.min(1, Math.max(0, share))
  return Math.hypot(point[0] - from[0] - nearest * along[0], point[1] - from[1] - nearest * along[1])
}

/** Whether two edges that are not neighbours touch, or two neighbours run back over each other. */
export function crossesItself(polygon: readonly Point[]): boolean {
  const edges = edgesOf(polygon)
  return edges.some((edge, first) =>
    edges.some((other, second) => {
      if (second <= first) return false
      if (second === first + 1) return runsBack(edge, other)
      if (first === 0 && second === edges.length - 1) return runsBack(other, edge)
      return touch(edge, other)
    }),
  )
}

/** Edges that share `edge.to`: the second leaves where the first came from. */
function runsBack(edge: Segment, next: Segment): boolean {
  const back = (edge.from[0] - edge.to[0]) * (next.to[0] - next.from[0])
  const down = (edge.from[1] - edge.to[1]) * (next.to[1] - next.from[1])
  return turn(edge.from, edge.to, next.to) === 0 && back + down >= 0
}

function touch(one: Segment, other: Segment): boolean {
  if (isBetween(one.from, other.from, other.to) || isBetween(one.to, other.from, other.to)) return true
  if (isBetween(other.from, one.from, one.to) || isBetween(other.to, one.from, one.to)) return true
  const isSplit = turn(one.from, one.to, other.from) > 0 !== turn(one.from, one.to, other.to) > 0
  return isSplit && turn(other.from, other.to, one.from) > 0 !== turn(other.from, other.to, one.to) > 0
}

function isBetween(point: Point, from: Point, to: Point): boolean {
  if (turn(from, to, point) !== 0) return false
  const isInX = point[0] >= Math.min(from[0], to[0]) && point[0] <= Math.max(from[0], to[0])
  return isInX && point[1] >= Math.min(from[1], to[1]) && point[1] <= Math.max(from[1], to[1])
}

function edgesOf(polygon: readonly Point[]): Segment[] {
  return polygon.map((from, place) => ({ from, to: polygon[(place + 1) % polygon.length] ?? from }))
}
