// What happens in a scene, computed from the paths alone: the answers that a test or the demo compares with.
import { type Point, pointOn, type Stretch, stretchesOf } from './path.ts'
import { type Actor, type Box, type Scene, sceneAt } from './scene.ts'

/** An actor's foot crosses the line. `towards` is the side it goes to: side 1 lies left of the walk from `from` to `to`. */
export type Crossing = { atMs: number; actorId: string; kind: Actor['kind']; towards: 'side1' | 'side2' }

/** An actor's foot is inside the region from `enterAtMs` to `exitAtMs`. */
export type Visit = { enterAtMs: number; exitAtMs: number; actorId: string; kind: Actor['kind'] }

/**
 * One period of a scene, as the camera prints it.
 *
 * Shape: in time order; the times of the n-th repetition are these plus `n * periodMs`.
 * Units: whole ms since the start of the scene, [0, periodMs] for `atMs` and `enterAtMs`; an exit may lie behind the period.
 */
export type Truth = {
  widthPx: number
  heightPx: number
  periodMs: number
  line: { from: [number, number]; to: [number, number] }
  region: { name: string; points: [number, number][] }
  crossings: Crossing[]
  visits: Visit[]
}

export function truthOf(scene: Scene): Truth {
  return {
    widthPx: scene.widthPx,
    heightPx: scene.heightPx,
    periodMs: scene.periodMs,
    line: { from: pair(scene.line.from), to: pair(scene.line.to) },
    region: { name: scene.region.name, points: scene.region.points.map(pair) },
    crossings: scene.actors.flatMap((actor) => crossingsOf(actor, scene)).sort((a, b) => a.atMs - b.atMs),
    visits: scene.actors.flatMap((actor) => visitsOf(actor, scene)).sort((a, b) => a.enterAtMs - b.enterAtMs),
  }
}

/** The crossings with `fromMs <= atMs < toMs`, in time order, over as many repetitions as that takes. */
export function crossingsBetween(truth: Truth, fromMs: number, toMs: number): Crossing[] {
  return repetitions(truth, fromMs, toMs)
    .flatMap((shiftMs) => truth.crossings.map((crossing) => ({ ...crossing, atMs: crossing.atMs + shiftMs })))
    .filter((crossing) => crossing.atMs >= fromMs && crossing.atMs < toMs)
}

/** The visits that begin with `fromMs <= enterAtMs < toMs`, in time order. */
export function visitsBetween(truth: Truth, fromMs: number, toMs: number): Visit[] {
  return repetitions(truth, fromMs, toMs)
    .flatMap((shiftMs) =>
      truth.visits.map((v) => ({ ...v, enterAtMs: v.enterAtMs + shiftMs, exitAtMs: v.exitAtMs + shiftMs })),
    )
    .filter((visit) => visit.enterAtMs >= fromMs && visit.enterAtMs < toMs)
}

/** The boxes of those at least partly inside the frame at a time, cut to the frame, farthest first. */
export function boxesAt(scene: Scene, atMs: number): { actorId: string; kind: Actor['kind']; box: Box }[] {
  return sceneAt(scene, atMs).flatMap((sight) => {
    const box = cut(sight.box, scene)
    return box ? [{ actorId: sight.actor.id, kind: sight.actor.kind, box }] : []
  })
}

function cut(box: Box, frame: { widthPx: number; heightPx: number }): Box | undefined {
  const x = Math.max(0, box.x)
  const y = Math.max(0, box.y)
  const w = Math.min(frame.widthPx, box.x + box.w) - x
  const h = Math.min(frame.heightPx, box.y + box.h) - y
  return w > 0 && h > 0 ? { x, y, w, h } : undefined
}

function pair(point: Point): [number, number] {
  return [point.x, point.y]
}

function repetitions(truth: Truth, fromMs: number, toMs: number): number[] {
  const first = Math.floor(fromMs / truth.periodMs)
  const last = Math.floor(toMs / truth.periodMs)
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * truth.periodMs)
}

function folded(atMs: number, periodMs: number): number {
  return ((atMs % periodMs) + periodMs) % periodMs
}

/** Positive when `point` lies left of the walk from `from` to `to`; y points down. */
export function sideOf(from: Point, to: Point, point: Point): number {
  return (to.y - from.y) * (point.x - from.x) - (to.x - from.x) * (point.y - from.y)
}

// The share of a stretch, 0 to 1, at which it meets the segment from `a` to `b`; its end belongs to the next stretch.
function meeting(stretch: Stretch, a: Point, b: Point): number | undefined {
  const before = sideOf(a, b, stretch.from)
  const after = sideOf(a, b, stretch.to)
  if (before === after || before > 0 === after > 0) return undefined
  const share = before / (before - after)
  const hit = pointOn(stretch, share)
  const along = (hit.x - a.x) * (b.x - a.x) + (hit.y - a.y) * (b.y - a.y)
  return along >= 0 && along <= (b.x - a.x) ** 2 + (b.y - a.y) ** 2 ? share : undefined
}

function timeAt(stretch: Stretch, share: number): number {
  return stretch.from.atMs + (stretch.to.atMs - stretch.from.atMs) * share
}

function crossingsOf(actor: Actor, scene: Scene): Crossing[] {
  const { from, to } = scene.line
  return stretchesOf(actor.path).flatMap((stretch) => {
    const share = meeting(stretch, from, to)
    if (share === undefined) return []
    const towards = sideOf(from, to, stretch.to) > 0 ? 'side1' : 'side2'
    const atMs = Math.round(folded(timeAt(stretch, share), scene.periodMs))
    return [{ atMs, actorId: actor.id, kind: actor.kind, towards } satisfies Crossing]
  })
}

function visitsOf(actor: Actor, scene: Scene): Visit[] {
  const points = scene.region.points
  const meetings = stretchesOf(actor.path).flatMap((stretch) =>
    points.flatMap((point, i) => {
      const share = meeting(stretch, point, points[(i + 1) % points.length] ?? point)
      return share === undefined ? [] : [timeAt(stretch, share)]
    }),
  )
  meetings.sort((a, b) => a - b)
  // Paths begin and end outside the frame, so meetings come in pairs: in, out.
  return meetings.flatMap((enter, i) => {
    const exit = meetings[i + 1]
    if (i % 2 === 1 || exit === undefined) return []
    const enterAtMs = Math.round(folded(enter, scene.periodMs))
    return [{ enterAtMs, exitAtMs: enterAtMs + Math.round(exit - enter), actorId: actor.id, kind: actor.kind }]
  })
}
