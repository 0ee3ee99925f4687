// Who crosses a line, with a dead band along it, so that a box that trembles on the line is not counted again and again.
import { crossing, type Point, type Segment, signedDistance } from './geometry.ts'

/** 1 or 2. Side 1 is to the left of one who walks from the first point of the line to the second. */
export type Side = 1 | 2

export type LineWatch = {
  /**
   * The side that an object crossed to with its step to `foot`, if any. An object is on a side once its foot was
   * `marginPx` away from the line there; it crosses when it gets to the other side through the line itself, not
   * around its end.
   */
  step(id: string, foot: Point, marginPx: number): Side | undefined
  /** Forgets all objects but these. */
  keep(ids: ReadonlySet<string>): void
}

type Walker = {
  foot: Point
  side: Side | undefined
  /** Crossings of the bare line since the object was last surely on a side: towards side 2 minus towards side 1. */
  crossings: number
}

export function watchLine(line: Segment): LineWatch {
  const walkers = new Map<string, Walker>()
  return {
    step(id, foot, marginPx) {
      const distance = signedDistance(foot, line)
      const side = Math.abs(distance) < marginPx ? undefined : distance < 0 ? 1 : 2
      const walker = walkers.get(id)
      if (!walker) {
        walkers.set(id, { foot, side, crossings: 0 })
        return undefined
      }
      walker.crossings += crossing({ from: walker.foot, to: foot }, line)
      walker.foot = foot
      if (side === undefined) return undefined
      const hasCrossed = walker.side !== side && walker.crossings === (side === 2 ? 1 : -1)
      walker.side = side
      walker.crossings = 0
      return hasCrossed ? side : undefined
    },
    keep(ids) {
      for (const id of walkers.keys()) if (!ids.has(id)) walkers.delete(id)
    },
  }
}
