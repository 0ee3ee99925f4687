// Who is inside a region and since when, with a dead band along its edge, so that a box that trembles on the edge does
// not go in and out.
import { distanceToEdge, isInside, type Point } from './geometry.ts'

export type Stay = {
  isInside: boolean
  /** True in the one frame in which it went out. */
  hasLeft: boolean
  /** `in` when it was first seen inside. */
  cameFrom: 'in' | 'out'
  /** Of the stay inside. */
  sinceMs: number
}

export type RegionWatch = {
  step(id: string, foot: Point, marginPx: number, atMs: number): Stay
  /** Forgets all objects but these and gives those that were inside. */
  dropExcept(ids: ReadonlySet<string>): string[]
}

export function watchRegion(polygon: readonly Point[]): RegionWatch {
  const stays = new Map<string, Stay>()
  return {
    step(id, foot, marginPx, atMs) {
      const stay = nextStay(stays.get(id), isInside(foot, polygon), distanceToEdge(foot, polygon) >= marginPx, atMs)
      stays.set(id, stay)
      return stay
    },
    dropExcept(ids) {
      const dropped = [...stays].filter(([id]) => !ids.has(id))
      for (const [id] of dropped) stays.delete(id)
      return dropped.flatMap(([id, stay]) => (stay.isInside ? [id] : []))
    },
  }
}

function nextStay(stay: Stay | undefined, isIn: boolean, isSure: boolean, atMs: number): Stay {
  if (!stay) return { isInside: isIn, hasLeft: false, cameFrom: isIn ? 'in' : 'out', sinceMs: atMs }
  if (isIn === stay.isInside || !isSure) return { ...stay, hasLeft: false }
  return isIn
    ? { isInside: true, hasLeft: false, cameFrom: 'out', sinceMs: atMs }
    : { isInside: false, hasLeft: true, cameFrom: 'out', sinceMs: atMs }
}
