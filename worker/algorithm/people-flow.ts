// People flow: who crosses the lines, how many are in the regions, where people walk.
// Source: algorithm catalogue, row 1; inputs and outputs, 3.3; decisions/0010 for what they leave open.
import { randomUUID } from 'node:crypto'
import type { PeopleFlowConfig } from '@sightline/contract/algorithms.ts'
import { eventTypes } from '@sightline/contract/result.ts'
import type { AlgorithmResult, FrameSize, RunningAlgorithm } from './algorithm.ts'
import { isInside, type Point } from './geometry.ts'
import { openHeatMap } from './heat-map.ts'
import { everyInterval } from './interval-clock.ts'
import { watchLine } from './line-watch.ts'
import { type RoiLine, type RoiPolygon, readRoi } from './roi.ts'
import { follow, footOf, marginOf } from './targets.ts'
import { openTracker, sureScore } from './tracker.ts'

type Person = {
  id: string
  foot: Point
  marginPx: number
  /** Ms since the person was seen last; 0 when in this frame. */
  unseenMs: number
  isBelieved: boolean
}

// A person that the detector misses for a moment still counts as inside a region.
const missedForMsMax = 1_000

/** One of the three counts. */
type Counter = {
  look(people: Person[], atMs: number): AlgorithmResult[]
  /** The unfinished interval, when the input ends. */
  end(atMs: number): AlgorithmResult[]
}

export function openPeopleFlow(config: PeopleFlowConfig, frame: FrameSize): RunningAlgorithm {
  const roi = readRoi(config.target_roi, frame)
  const tracker = openTracker({
    newId: () => randomUUID().toUpperCase(),
    kindOf: (label) => (label === 'person' ? label : undefined),
  })
  const counters = [
    ...(config.line_detection_sw ? [countLines(roi.lines, config.line_count_interval)] : []),
    ...(config.region_detection_sw ? [countRegions(roi.polygons, config.region_count_interval)] : []),
    ...(config.heatmap_detection_sw ? [drawHeat(config, frame)] : []),
  ]
  return {
    classes: ['person'],
    minScore: sureScore,
    step(analysed) {
      const people = follow(tracker, analysed).map(({ id, box, isBelieved, lastSeenMs }) => ({
        id,
        foot: footOf(box, frame),
        marginPx: marginOf(box),
        unseenMs: analysed.ptsMs - lastSeenMs,
        isBelieved,
      }))
      return counters.flatMap((counter) => counter.look(people, analysed.atMs))
    },
    end: (atMs) => counters.flatMap((counter) => counter.end(atMs)),
  }
}

/** Counts crossings towards each side. An interval without a crossing says nothing. */
function countLines(lines: RoiLine[], interval: number): Counter {
  const counts = lines.map((line) => ({ line, watch: watchLine(line), towards: { 1: 0, 2: 0 } }))
  const clock = everyInterval(interval)
  const say = (atMs: number): AlgorithmResult[] => {
    const event_set = counts.flatMap(({ line, towards }, line_id) =>
      towards[1] + towards[2] === 0 ? [] : [lineEvent(line, line_id, towards)],
    )
    for (const { towards } of counts) Object.assign(towards, { 1: 0, 2: 0 })
    return event_set.length === 0 ? [] : [statistic(eventTypes.peopleFlowLine, atMs, { interval, event_set })]
  }
  return {
    look(people, atMs) {
      const endedAtMs = clock.ended(atMs)
      const said = endedAtMs === undefined ? [] : say(endedAtMs)
      for (const { watch, towards } of counts) {
        watch.keep(new Set(people.map(({ id }) => id)))
        for (const { id, foot, marginPx, isBelieved } of people.filter(isSeen)) {
          const side = watch.step(id, foot, marginPx)
          if (side && isBelieved) towards[side] += 1
        }
      }
      return said
    },
    end: say,
  }
}

function lineEvent(line: RoiLine, line_id: number, towards: { 1: number; 2: number }) {
  return {
    line: [line.from, line.to],
    line_id,
    side1_count: towards[1],
    side2_count: towards[2],
    ...(line.side1Name === undefined ? {} : { side1_name: line.side1Name }),
    ...(line.side2Name === undefined ? {} : { side2_name: line.side2Name }),
  }
}

/** Counts the people inside in the last frame of each interval. Says nothing while nobody is inside, but once that all left. */
function countRegions(polygons: RoiPolygon[], interval: number): Counter {
  const clock = everyInterval(interval)
  let latest: Person[] = []
  let wereInside = false
  const say = (atMs: number): AlgorithmResult[] => {
    const event_set = polygons.map(({ points, name }, polygon_id) => ({
      polygon: points,
      polygon_id,
      polygon_name: name,
      count: latest.filter(({ foot }) => isInside(foot, points)).length,
    }))
    const areInside = event_set.some(({ count }) => count > 0)
    const isNews = areInside || wereInside
    wereInside = areInside
    return isNews ? [statistic(eventTypes.peopleFlowRegion, atMs, { interval, event_set })] : []
  }
  return {
    look(people, atMs) {
      const endedAtMs = clock.ended(atMs)
      const said = endedAtMs === undefined ? [] : say(endedAtMs)
      latest = people.filter(({ isBelieved, unseenMs }) => isBelieved && unseenMs <= missedForMsMax)
      return said
    },
    end: (atMs) => (clock.isUnderWay(atMs) ? say(atMs) : []),
  }
}

/** Adds a point for everyone in every n-th frame. An interval without a point says nothing. */
function drawHeat(config: PeopleFlowConfig, frame: FrameSize): Counter {
  const clock = everyInterval(config.heatmap_detection_interval)
  const map = openHeatMap(frame)
  let frameCount = 0
  const say = (atMs: number): AlgorithmResult[] => {
    const payload = map.take()
    if (!payload) return []
    const data = { interval: config.heatmap_detection_interval, ...payload }
    return [{ ...statistic(eventTypes.peopleFlowHeatmap, atMs, data), category: 'Heatmap' }]
  }
  return {
    look(people, atMs) {
      const endedAtMs = clock.ended(atMs)
      const said = endedAtMs === undefined ? [] : say(endedAtMs)
      if (frameCount++ % config.heatmap_point_interval === 0)
        for (const person of people) if (isSeen(person) && person.isBelieved) map.add(person.foot)
      return said
    },
    end: say,
  }
}

const isSeen = ({ unseenMs }: Person) => unseenMs === 0

function statistic(eventType: number, atMs: number, data: Record<string, unknown>): AlgorithmResult {
  return { eventType, atMs, category: 'StructuredData', data }
}
