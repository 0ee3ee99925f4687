// Where something is at a time: straight stretches between points with times, so that every crossing is exact.

/** A point that a path passes at a time. Pixels of the frame; ms of scene time. */
export type Waypoint = { atMs: number; x: number; y: number }

/** In time order, at least two; nothing is there before the first and after the last. */
export type Path = readonly Waypoint[]

export type Point = { x: number; y: number }

/** One straight stretch of a path. */
export type Stretch = { from: Waypoint; to: Waypoint }

export function stretchesOf(path: Path): Stretch[] {
  return path.slice(1).flatMap((to, i) => {
    const from = path[i]
    return from ? [{ from, to }] : []
  })
}

function shareAt(stretch: Stretch, atMs: number): number {
  return (atMs - stretch.from.atMs) / (stretch.to.atMs - stretch.from.atMs)
}

/** The place on a stretch at a share of it, 0 to 1. */
export function pointOn(stretch: Stretch, share: number): Point {
  return {
    x: stretch.from.x + (stretch.to.x - stretch.from.x) * share,
    y: stretch.from.y + (stretch.to.y - stretch.from.y) * share,
  }
}

export function lengthOf(stretch: Stretch): number {
  return Math.hypot(stretch.to.x - stretch.from.x, stretch.to.y - stretch.from.y)
}

/** Place, pixels walked since the start and whether it moves; undefined while nothing is there. */
export function placeAt(path: Path, atMs: number): (Point & { walkedPx: number; isMoving: boolean }) | undefined {
  let walkedPx = 0
  for (const stretch of stretchesOf(path)) {
    if (atMs < stretch.from.atMs) return undefined
    const length = lengthOf(stretch)
    if (atMs < stretch.to.atMs) {
      const share = shareAt(stretch, atMs)
      return { ...pointOn(stretch, share), walkedPx: walkedPx + length * share, isMoving: length > 0 }
    }
    walkedPx += length
  }
  return undefined
}
