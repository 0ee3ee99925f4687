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

// Fractions of the frame height. People of neighbouring lanes hide at most a third of each other.
const lanes = {
  back: { name: 'back', y: 0.575, pxPerM: 0.126, speedMPerS: 1.3, direction: 1 },
  middle: { name: 'middle', y: 0.765, pxPerM: 0.152, speedMPerS: 1.35, direction: -1 },
  front: { name: 'front', y: 0.965, pxPerM: 0.178, speedMPerS: 1.3, direction: 1 },
} as const satisfies Record<string, Lane>
const road = { y: 0.44, pxPerM: 0.1, speedMPerS: 5.5 }

type Walk = { lane: keyof typeof lanes; crossesAtMs: number; pause?: { share: number; forMs: number } }

// When a walker crosses the line. The front lane is empty around the long pause, so that nobody hides the one who waits.
const walks: readonly Walk[] = [
  { lane: 'front', crossesAtMs: 1_600 },
  { lane: 'middle', crossesAtMs: 3_400 },
  { lane: 'back', crossesAtMs: 5_600 },
  { lane: 'front', crossesAtMs: 7_700 },
  { lane: 'middle', crossesAtMs: 10_000 },
  { lane: 'front', crossesAtMs: 12_300 },
  { lane: 'back', crossesAtMs: 14_500, pause: { share: 0.66, forMs: 2_500 } },
  { lane: 'middle', crossesAtMs: 16_800 },
  { lane: 'front', crossesAtMs: 19_000 },
  { lane: 'middle', crossesAtMs: 21_400 },
  { lane: 'front', crossesAtMs: 23_600 },
  { lane: 'back', crossesAtMs: 26_000 },
  { lane: 'middle', crossesAtMs: 28_300 },
  { lane: 'front', crossesAtMs: 30_500 },
  { lane: 'middle', crossesAtMs: 33_000 },
  { lane: 'back', crossesAtMs: 35_400 },
  { lane: 'front', crossesAtMs: 38_000, pause: { share: 0.76, forMs: 12_000 } },
  { lane: 'middle', crossesAtMs: 41_000 },
  { lane: 'back', crossesAtMs: 44_500 },
  { lane: 'middle', crossesAtMs: 47_500 },
  { lane: 'back', crossesAtMs: 50_500 },
  { lane: 'front', crossesAtMs: 54_000 },
  { lane: 'middle', crossesAtMs: 56_700 },
  { lane: 'back', crossesAtMs: 59_300 },
]

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
 * Shape: the same options give the same scene; a crossing every 2 to 3.5 s, the first 1.6 s into the scene, the first
 * entry into the region a second or two later.
 */
export function makeStreet(options: SceneOptions): Scene {
  const { seed, widthPx, heightPx } = options
  const random = randomFrom(seed)
  const at = (x: number, y: number): Point => ({ x: Math.round(x * widthPx), y: Math.round(y * heightPx) })
  const line = { from: at(0.4, 0.49), to: at(0.44, 0.99) }
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
  const yaw = index % 3 === 2 ? 0.3 : -0.45
  const view = { pxPerM, yaw, pitch: 0.24, isMirrored: lane.direction === -1 }
  return { kind: 'person', id: `person-${index + 1}`, path, view, look: lookOf(index) }
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
