// Intrusion and loitering: who crosses a line, is in a region, or stays there.
// Source: algorithm catalogue, row 2; inputs and outputs, 3.3; decisions/0010 for what they leave open.
import { randomUUID } from 'node:crypto'
import type { IntrusionConfig } from '@sightline/contract/algorithms.ts'
import { type BoundingBox, eventTypes } from '@sightline/contract/result.ts'
import type { AlgorithmResult, FrameSize, RunningAlgorithm } from './algorithm.ts'
import { type Alarms, openAlarms } from './intrusion-alarms.ts'
import { type LineWatch, watchLine } from './line-watch.ts'
import { type RegionWatch, watchRegion } from './region-watch.ts'
import { type RoiLine, readRoi } from './roi.ts'
import { boundingBox, follow, footOf, marginOf } from './targets.ts'
import { openTracker, sureScore, type Track } from './tracker.ts'

/** One entry of `event_set`. */
export type IntrusionEvent = {
  start_position: string
  end_position: string
  bounding_box: BoundingBox
  category: 0 | 1 | 2
  detection_id: string
}

/** What one frame has to say, by event type. */
export type Said = { intrusion: IntrusionEvent[]; loitering: IntrusionEvent[] }

const persons = ['person']
const motorVehicles = ['car', 'truck', 'bus', 'motorcycle']
const otherVehicles = ['bicycle']

const categories = { person: 0, motor_vehicle: 1, other_vehicle: 2 } as const

export function openIntrusion(config: IntrusionConfig, frame: FrameSize): RunningAlgorithm {
  const classes = [
    ...(config.person_detection_sw ? persons : []),
    ...(config.car_detection_sw ? [...motorVehicles, ...otherVehicles] : []),
  ]
  const roi = readRoi(config.target_roi, frame)
  const tracker = openTracker({
    newId: () => randomUUID().toUpperCase(),
    kindOf: (label) => (classes.includes(label) ? kindOf(label) : undefined),
  })
  const alarms = openAlarms(config)
  const lines = config.line_detection_sw ? roi.lines.map((line) => ({ line, watch: watchLine(line) })) : []
  const looksAtRegions = config.region_detection_sw || config.loitering_detection_sw
  const regions = looksAtRegions ? roi.polygons.map(({ points }) => watchRegion(points)) : []
  const toEvent = (track: Track, start_position: string, end_position: string): IntrusionEvent => ({
    start_position,
    end_position,
    bounding_box: boundingBox(track.box, frame),
    category: categories[kindOf(track.label)],
    detection_id: track.id,
  })
  return {
    classes,
    minScore: sureScore,
    step(analysed) {
      const tracks = follow(tracker, analysed)
      const context = { tracks, atMs: analysed.atMs, ptsMs: analysed.ptsMs, frame, config, alarms, toEvent }
      const ofLines = lines.flatMap(({ line, watch }, place) => crossings(line, watch, `line ${place}`, context))
      const ofRegions = regions.map((watch, place) => stays(watch, `region ${place}`, context))
      alarms.keep(new Set(tracks.map(({ id }) => id)))
      return [
        ...message(eventTypes.intrusion, analysed.atMs, [...ofLines, ...ofRegions.flatMap((said) => said.intrusion)]),
        ...message(
          eventTypes.loitering,
          analysed.atMs,
          ofRegions.flatMap((said) => said.loitering),
        ),
      ]
    },
    // That the input ends does not mean that a target left.
    end: () => [],
  }
}

type Context = {
  tracks: Track[]
  atMs: number
  ptsMs: number
  frame: FrameSize
  config: IntrusionConfig
  alarms: Alarms
  toEvent(track: Track, startPosition: string, endPosition: string): IntrusionEvent
}

/** The targets that cross a line in this frame, named by the sides they leave and reach. */
function crossings(line: RoiLine, watch: LineWatch, place: string, context: Context): IntrusionEvent[] {
  const names = { 1: line.side1Name ?? 'side1', 2: line.side2Name ?? 'side2' }
  watch.keep(new Set(context.tracks.map(({ id }) => id)))
  return context.tracks.filter(isSeen(context)).flatMap((track) => {
    const side = watch.step(track.id, footOf(track.box, context.frame), marginOf(track.box))
    if (!side || !track.isBelieved || !fits(track, context.config)) return []
    if (!context.alarms.isDueAtOnce(`${place} ${track.id}`, track.id, context.atMs)) return []
    return [context.toEvent(track, names[side === 1 ? 2 : 1], names[side])]
  })
}

/** The alarms of one region: targets that are in it, stay in it, or were in it. */
function stays(watch: RegionWatch, place: string, context: Context): Said {
  const said: Said = { intrusion: [], loitering: [] }
  const others: IntrusionEvent[] = []
  for (const track of context.tracks.filter(isSeen(context))) {
    const stay = watch.step(track.id, footOf(track.box, context.frame), marginOf(track.box), context.atMs)
    if (stay.hasLeft) sayGone(track, place, context, said)
    if (!stay.isInside || !track.isBelieved || !fits(track, context.config)) continue
    if (!sayInside(track, place, stay, context, said)) others.push(context.toEvent(track, 'in', 'in'))
  }
  for (const id of watch.dropExcept(new Set(context.tracks.map((track) => track.id)))) {
    const last = context.alarms.lastTrack(id)
    if (last) sayGone(last, place, context, said)
  }
  for (const track of context.tracks) context.alarms.remember(track)
  if (context.config.all_print_sw) for (const events of [said.intrusion, said.loitering]) addOthers(events, others)
  return said
}

/** Says what is due of a target that is inside; gives whether anything was. */
function sayInside(
  track: Track,
  place: string,
  stay: { cameFrom: 'in' | 'out'; sinceMs: number },
  { config, alarms, atMs, toEvent }: Context,
  said: Said,
): boolean {
  const event = toEvent(track, stay.cameFrom, 'in')
  const hasStayed = atMs - stay.sinceMs >= config.loitering_time_threshold * 1000
  const isIntrusion = Boolean(config.region_detection_sw) && alarms.isDue(`${place} ${track.id} in`, track.id, atMs)
  const isLoitering =
    Boolean(config.loitering_detection_sw) && hasStayed && alarms.isDue(`${place} ${track.id} stay`, track.id, atMs)
  if (isIntrusion) said.intrusion.push(event)
  if (isLoitering) said.loitering.push({ ...event, start_position: 'in' })
  return isIntrusion || isLoitering
}

/** Ends the alarms of a target that left the region or is no longer seen. */
function sayGone(track: Track, place: string, { config, alarms, toEvent }: Context, said: Said): void {
  const event = toEvent(track, 'in', 'out')
  const wasIntrusion = alarms.end(`${place} ${track.id} in`)
  const wasLoitering = alarms.end(`${place} ${track.id} stay`)
  if (!config.event_disappear_alert_sw) return
  if (wasIntrusion) said.intrusion.push(event)
  if (wasLoitering) said.loitering.push(event)
}

function addOthers(events: IntrusionEvent[], others: IntrusionEvent[]): void {
  if (events.length === 0) return
  const named = new Set(events.map((event) => event.detection_id))
  events.push(...others.filter((other) => !named.has(other.detection_id)))
}

function message(eventType: number, atMs: number, event_set: IntrusionEvent[]): AlgorithmResult[] {
  if (event_set.length === 0) return []
  const picture = { boxes: event_set.map((event) => event.bounding_box) }
  return [{ eventType, atMs, category: 'StructuredData', data: { event_set }, picture }]
}

const isSeen =
  ({ ptsMs }: Context) =>
  (track: Track) =>
    track.lastSeenMs === ptsMs

/** The size of a target is the longer side of its box, in pixels of the source frame. */
function fits({ box }: Track, config: IntrusionConfig): boolean {
  const size = Math.max(box.w, box.h)
  return size >= config.detection_min_size && size <= config.detection_max_size
}

function kindOf(label: string): keyof typeof categories {
  if (persons.includes(label)) return 'person'
  return motorVehicles.includes(label) ? 'motor_vehicle' : 'other_vehicle'
}
