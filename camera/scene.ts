// The scene as a value: who walks and drives where and when. It repeats after `periodMs`, so a live camera never ends.

import { type Look, poseFigure, strideOf } from './figure.ts'
import { lookOf } from './looks.ts'
import { type Path, type Point, placeAt } from './path.ts'
import { type Random, randomFrom } from './random.ts'
import { extentOf, type View } from './raster.ts'
import { extentOfVehicle } from './vehicle.ts'

export type Person = { kind: 'person'; id: string; path: Path; view: View; look: Look }
export type Vehicle = { kind: 'vehicle'; id: string; path: Path; pxPerM: number; isMirrored: boolean; colour: number }
export type Actor = Person | Vehicle

/** Pixels of the frame, not rounded; `x`, `y` is the upper-left corner. */
export type Box = { x: number; y: number; w: number; h: number }

export type Scene = {
  seed: number
  widthPx: number
  heightPx: number
  /** Whole seconds in ms: what is seen at `t` is seen again at `t + periodMs`. */
  periodMs: number
  /** Paths may begin before 0 or end after the period; they wrap. */
  actors: readonly Actor[]
  /** The line of the demo: whole pixels. Side 1 lies to the left of someone who goes from `from` to `to`. */
  line: { from: Point; to: Point }
  /** The region of the demo: whole pixels, implicitly closed. */
  region: { name: string; points: readonly Point[] }
}

/** One actor in the frame. `phase` is the picture of the walk, absent for one who stands and for a vehicle. */
export type Sight = { actor: Actor; foot: Point; phase?: number; box: Box }

export type SceneOptions = { seed: number; widthPx: number; heightPx: number }

/** How many pictures a stride has. */
export const phaseCount = 16

const periodMs = 60_000

type Lane = { name: string; y: number; pxPerM: number; speedMPerS: number; direction: 1 | -1 }

// Fractions of the frame height. People of neighbouring lanes hide at most a quarter of each other.
const lanes = {
  back: { name: 'back', y: 0.55, pxPerM: 0.122, speedMPerS: 1.3, direction: 1 },
  middle: { name: 'middle', y: 0.725, pxPerM: 0.148, speedMPerS: 1.35, direction: -1 },
  front: { name: 'front', y: 0.965, pxPerM: 0.178, speedMPerS: 1.3, direction: 1 },
} as const satisfies Record<string, Lane>
const road = { y: 0.43, pxPerM: 0.1, speedMPerS: 5.5 }

// When walkers cross the line, in seconds. The front lane is empty around the long pause, so that nobody hides the one
// who waits; walkers of one lane keep about three seconds apart.
const crossesAtS: Record<keyof typeof lanes, readonly number[]> = {
  front: [1.6, 4.5, 7.6, 10.5, 13.4, 16.4, 19.3, 22.3, 25.2, 28.2, 31.2, 34.4, 38, 54, 57.2],
  middle: [3, 6.1, 9, 12, 14.9, 17.9, 20.8, 23.8, 26.7, 29.8, 32.9, 36.3, 40, 43, 46.2, 49, 52.4, 55.5, 58.6],
  back: [5.6, 15, 25.9, 30.4, 35.6, 41.5, 44.6, 47.6, 50.6, 59.8],
}

// Who stops after the line, where (a share of the frame's width) and for how long.
const pauses: Partial<Record<keyof typeof lanes, { crossesAtS: number; share: number; forMs: number }>> = {
  back: { crossesAtS: 15, share: 0.66, forMs: 2_500 },
  front: { crossesAtS: 38, share: 0.76, forMs: 12_000 },
}

type Walk = { lane: keyof typeof lanes; look: number; crossesAtMs: number; pause?: { share: number; forMs: number } }

// Few people a lane, so that few pictures of them are painted and kept.
const looksPerLane = 4

const walks: readonly Walk[] = (['front', 'middle', 'back'] as const).flatMap((lane, laneNumber) =>
  crossesAtS[lane].map((atS, i): Walk => {
    const pause = pauses[lane]?.crossesAtS === atS ? pauses[lane] : undefined
    const look = laneNumber * 3 + (i % looksPerLane)
    return { lane, look, crossesAtMs: Math.round(atS * 1000), ...(pause ? { pause } : {}) }
  }),
)

const drives: readonly { midAtMs: number; direction: 1 | -1 }[] = [
  { midAtMs: 6_500, direction: 1 },
  { midAtMs: 24_000, direction: -1 },
  { midAtMs: 45_000, direction: 1 },
]

const jitterMs = 150

/**
 * The street: people on three lanes both ways, cars on a road behind them, a line that every walker crosses and a
 * region on the front lane.
 *
 * Shape: the same options give the same scene; a crossing every second or two, the first 1.6 s into the scene, the first
 * entry into the region 1.4 s later and the next ones 3 s apart.
 */
export function makeStreet(options: SceneOptions): Scene {
  const { seed, widthPx, heightPx } = options
  const random = randomFrom(seed)
  const at = (x: number, y: number): Point => ({ x: Math.round(x * widthPx), y: Math.round(y * heightPx) })
  const line = { from: at(0.4, 0.47), to: at(0.44, 0.99) }
  const people = walks.map((walk, i) => makePerson(walk, i, options, line, random))
  const vehicles = drives.map((drive, i) => makeVehicle(drive, i, options))
  return {
    seed,
    widthPx,
    heightPx,
    periodMs,
    actors: [...vehicles, ...people],
    line,
    region: { name: 'forecourt', points: [at(0.64, 0.85), at(0.87, 0.85), at(0.9, 0.995), at(0.61, 0.995)] },
  }
}

function makePerson(walk: Walk, index: number, size: SceneOptions, line: Scene['line'], random: Random): Person {
  const lane: Lane = lanes[walk.lane]
  const y = lane.y * size.heightPx
  const pxPerM = lane.pxPerM * size.heightPx
  const crossX = line.from.x + ((line.to.x - line.from.x) * (y - line.from.y)) / (line.to.y - line.from.y)
  const pxPerMs = (lane.speedMPerS * pxPerM * lane.direction) / 1000
  const margin = pxPerM * 0.9
  const startX = lane.direction === 1 ? -margin : size.widthPx + margin
  const endX = lane.direction === 1 ? size.widthPx + margin : -margin
  const crossesAtMs = Math.round(walk.crossesAtMs + (random() * 2 - 1) * jitterMs)
  const timeAt = (x: number) => crossesAtMs + (x - crossX) / pxPerMs
  const path = [{ atMs: timeAt(startX), x: startX, y }]
  const pause = walk.pause
  if (pause) {
    const x = pause.share * size.widthPx
    path.push({ atMs: timeAt(x), x, y }, { atMs: timeAt(x) + pause.forMs, x, y })
  }
  path.push({ atMs: timeAt(endX) + (pause ? pause.forMs : 0), x: endX, y })
  // Some turn a little towards the camera, some away from it.
  const yaw = walk.look % 3 === 2 ? 0.3 : -0.45
  const view = { pxPerM, yaw, pitch: 0.24, isMirrored: lane.direction === -1 }
  return { kind: 'person', id: `person-${index + 1}`, path, view, look: lookOf(walk.look) }
}

function makeVehicle(drive: (typeof drives)[number], index: number, size: SceneOptions): Vehicle {
  const pxPerM = road.pxPerM * size.heightPx
  const y = road.y * size.heightPx
  const margin = pxPerM * 2.6
  const halfMs = ((size.widthPx / 2 + margin) / (road.speedMPerS * pxPerM)) * 1000
  const [startX, endX] = drive.direction === 1 ? [-margin, size.widthPx + margin] : [size.widthPx + margin, -margin]
  const path = [
    { atMs: drive.midAtMs - halfMs, x: startX, y },
    { atMs: drive.midAtMs + halfMs, x: endX, y },
  ]
  return {
    kind: 'vehicle',
    id: `vehicle-${index + 1}`,
    path,
    pxPerM,
    isMirrored: drive.direction === -1,
    colour: index,
  }
}

/**
 * Who is where at a time.
 *
 * Shape: farthest first, the order to paint in; actors just outside the frame are included.
 * Units: ms since the start of the scene, any number from 0 up.
 */
export function sceneAt(scene: Scene, atMs: number): Sight[] {
  const folded = ((atMs % scene.periodMs) + scene.periodMs) % scene.periodMs
  const sights = scene.actors.flatMap((actor) =>
    [folded - scene.periodMs, folded, folded + scene.periodMs].flatMap((t) => sightOf(actor, t) ?? []),
  )
  return sights.sort((a, b) => a.foot.y - b.foot.y)
}

function sightOf(actor: Actor, atMs: number): Sight | undefined {
  const place = placeAt(actor.path, atMs)
  if (!place) return undefined
  const foot = { x: place.x, y: place.y }
  if (actor.kind === 'vehicle') return { actor, foot, box: boxAt(foot, extentOfVehicle(actor.pxPerM)) }
  if (!place.isMoving) return { actor, foot, box: boxAt(foot, extentOf(poseFigure(actor.look, undefined), actor.view)) }
  const strides = place.walkedPx / actor.view.pxPerM / strideOf(actor.look)
  const phase = Math.floor((strides % 1) * phaseCount)
  return { actor, foot, phase, box: boxAt(foot, extentOf(poseFigure(actor.look, phase / phaseCount), actor.view)) }
}

function boxAt(foot: Point, extent: { left: number; right: number; top: number; bottom: number }): Box {
  const { left, right, top, bottom } = extent
  return { x: foot.x + left, y: foot.y + top, w: right - left, h: bottom - top }
}
