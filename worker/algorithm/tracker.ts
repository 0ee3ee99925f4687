// Follows objects from frame to frame (after ByteTrack): detections are given to the tracks of the same kind, the sure
// ones first, then the weak ones to tracks that are still without, so that a half hidden object keeps its id.
//
// States of a track. tentative: seen, not yet believed; left for tracked after a second sight at least `confirmMs`
// after the first, dropped when unseen for `tentativeMs`. tracked: seen now; left for lost by a look that misses it.
// lost: may be found again for `lostMs` and at least `missesMin` looks, then dropped.

import { type Box, overlap } from '../box.ts'
import type { Detection } from './algorithm.ts'
import { type BoxFilter, boxOf, correct, halt, predict, scaleOf, spreadOf, startFilter } from './box-filter.ts'
import { assign } from './optimal-assignment.ts'

export type Track = {
  /** Stays while the object is followed. */
  id: string
  /** As `kindOf` names it: what may be taken for one another. */
  kind: string
  /** Of its detections, the one with the highest sum of scores. */
  label: string
  state: 'tentative' | 'tracked' | 'lost'
  /**
   * Whether it is an object at all: it was seen twice, and clearly or moving. What is unclear and never moves is most often
   * a stone or a sign. Once true, it stays true.
   */
  isBelieved: boolean
  /** Smoothed; of a lost track, the guess of where it is. Pixels of the source frame; may reach out of the frame. */
  box: Box
  score: number
  firstSeenMs: number
  lastSeenMs: number
}

export type Tracker = {
  /** Takes the detections of a frame; gives all tracks, oldest first, in the order in which they were first seen. */
  step(ptsMs: number, detections: readonly Detection[]): Track[]
  /** Nothing moved since the frame before: what was seen then is still there. */
  hold(ptsMs: number): Track[]
}

export type TrackerOptions = {
  /** Makes the id of a new track. */
  newId(): string
  /** The kind of a label; a label without one is not followed. */
  kindOf(label: string): string | undefined
}

/** Score from which a detection is sure: it is associated first and may start a track. */
export const sureScore = 0.3

/** Score from which a detection may continue a track. */
export const weakScore = 0.15

// A track is believed when the mean of its scores, with `count` scores of `score` before the first, is at least `mean`, or
// when it moved by this many scales. On real video people have a mean of 0.5 and more, stones and signs of 0.3.
const belief = { mean: 0.4, prior: { score: 0.3, count: 2 }, movedScales: 0.5 }

const confirmMs = 150
const tentativeMs = 350
const lostMs = 2_000

// Looks may be seconds apart; fewer misses in a row than this drop no track.
const missesMin = 3

// Least overlap of the widened boxes by which a detection belongs to a track.
const overlapMin = { sure: 0.2, weak: 0.4, tentative: 0.2 }

// Boxes are widened by the filter's spread before their overlap is taken, so that a fast object that is looked at
// rarely still meets its prediction. In spreads and, at most, in scales of the box.
const widenSpreads = 1.5
const widenScalesMax = 1

// An object may turn on the spot, which no spread of a steady walk foresees: boxes are widened by at least this many
// scales a second since the frame before, up to this many scales.
const turnScales = { perSecond: 1, max: 0.2 }

// Two detections of one kind that overlap more are one object with two labels, such as car and truck.
const sameObjectOverlap = 0.65

type Live = Omit<Track, 'box' | 'label'> & {
  filter: BoxFilter
  firstBox: Box
  seenCount: number
  /** Looks without it since it was seen last. */
  missCount: number
  scoreOfLabel: Map<string, number>
}

/** One look at a frame: its time, and the time since the one before. */
type Look = { ptsMs: number; seconds: number }

export function openTracker(options: TrackerOptions): Tracker {
  let tracks: Live[] = []
  let atMs = 0
  return {
    step(ptsMs, detections) {
      const seconds = Math.max(0, ptsMs - atMs) / 1000
      for (const track of tracks) predict(track.filter, seconds)
      atMs = ptsMs
      const known = detections.filter((one) => one.score >= weakScore && options.kindOf(one.label) !== undefined)
      for (const [kind, ofKind] of Map.groupBy(known, (one) => options.kindOf(one.label) ?? '')) {
        const left = associate(
          tracks.filter((track) => track.kind === kind),
          withoutDoubles(ofKind),
          { ptsMs, seconds },
        )
        for (const detection of left) tracks.push(start(detection, kind, ptsMs, options.newId()))
      }
      for (const track of tracks) if (track.lastSeenMs < ptsMs) track.missCount += 1
      tracks = tracks.filter((track) => survives(track, ptsMs))
      return tracks.map(view)
    },
    hold(ptsMs) {
      atMs = ptsMs
      for (const track of tracks) {
        halt(track.filter)
        if (track.missCount === 0) track.lastSeenMs = ptsMs
      }
      tracks = tracks.filter((track) => survives(track, ptsMs))
      return tracks.map(view)
    },
  }
}

/** Gives detections to tracks and returns the sure ones that are left. */
function associate(tracks: Live[], detections: Detection[], look: Look): Detection[] {
  const sure = detections.filter((one) => one.score >= sureScore)
  const weak = detections.filter((one) => one.score < sureScore)
  const believed = tracks.filter((track) => track.state !== 'tentative')
  const leftSure = give(sure, believed, overlapMin.sure, look)
  const unmet = believed.filter((track) => track.state === 'tracked' && track.lastSeenMs < look.ptsMs)
  give(weak, unmet, overlapMin.weak, look)
  const tentative = tracks.filter((track) => track.state === 'tentative')
  return give(leftSure, tentative, overlapMin.tentative, look)
}

/** One pass: the best assignment, taken in by the tracks. Returns the detections that no track took. */
function give(detections: Detection[], tracks: Live[], overlapLeast: number, look: Look): Detection[] {
  const costs = tracks.map((track) => detections.map((one) => 1 - widenedOverlap(track.filter, one.box, look.seconds)))
  const taken = new Set<number>()
  for (const [row, column] of assign(costs, 1 - overlapLeast).entries()) {
    const track = tracks[row]
    const detection = column === undefined ? undefined : detections[column]
    if (!track || !detection || column === undefined) continue
    taken.add(column)
    see(track, detection, look.ptsMs)
  }
  return detections.filter((_, column) => !taken.has(column))
}

function see(track: Live, detection: Detection, ptsMs: number): void {
  correct(track.filter, detection.box)
  track.score = detection.score
  track.lastSeenMs = ptsMs
  track.seenCount += 1
  track.missCount = 0
  track.scoreOfLabel.set(detection.label, (track.scoreOfLabel.get(detection.label) ?? 0) + detection.score)
  if (track.state === 'lost' || ptsMs - track.firstSeenMs >= confirmMs) track.state = 'tracked'
  track.isBelieved ||= track.state === 'tracked' && (isClear(track) || hasMoved(track))
}

function isClear({ scoreOfLabel, seenCount }: Live): boolean {
  const sum = scoreOfLabel.values().reduce((one, other) => one + other, belief.prior.score * belief.prior.count)
  return sum >= belief.mean * (seenCount + belief.prior.count)
}

function hasMoved({ filter, firstBox }: Live): boolean {
  const box = boxOf(filter)
  const x = box.x + box.w / 2 - firstBox.x - firstBox.w / 2
  const y = box.y + box.h / 2 - firstBox.y - firstBox.h / 2
  return Math.hypot(x, y) >= belief.movedScales * scaleOf(box)
}

function start(detection: Detection, kind: string, ptsMs: number, id: string): Live {
  return {
    id,
    kind,
    state: 'tentative',
    score: detection.score,
    firstSeenMs: ptsMs,
    lastSeenMs: ptsMs,
    isBelieved: false,
    filter: startFilter(detection.box),
    firstBox: detection.box,
    seenCount: 1,
    missCount: 0,
    scoreOfLabel: new Map([[detection.label, detection.score]]),
  }
}

/** Whether the track is kept; marks one that this look missed as lost. */
function survives(track: Live, ptsMs: number): boolean {
  const unseenMs = ptsMs - track.lastSeenMs
  if (track.state === 'tentative') return unseenMs < tentativeMs
  if (unseenMs > 0) track.state = 'lost'
  return unseenMs <= lostMs || track.missCount < missesMin
}

function view({ filter, firstBox, seenCount, missCount, scoreOfLabel, ...track }: Live): Track {
  const [label] = [...scoreOfLabel].reduce((best, one) => (one[1] > best[1] ? one : best))
  return { ...track, label, box: boxOf(filter) }
}

/** The detections without those that overlap a better one; best score first. */
function withoutDoubles(detections: Detection[]): Detection[] {
  const kept: Detection[] = []
  for (const one of detections.toSorted((first, second) => second.score - first.score))
    if (!kept.some((better) => overlap(better.box, one.box) > sameObjectOverlap)) kept.push(one)
  return kept
}

function widenedOverlap(filter: BoxFilter, detected: Box, seconds: number): number {
  const predicted = boxOf(filter)
  const scale = scaleOf(predicted)
  const spread = spreadOf(filter)
  const turn = Math.min(turnScales.max, turnScales.perSecond * seconds)
  const by = (spreadPx: number) => Math.max(turn * scale, Math.min(widenScalesMax * scale, widenSpreads * spreadPx))
  const margin = { x: by(spread.x), y: by(spread.y) }
  return overlap(widened(predicted, margin), widened(detected, margin))
}

function widened(box: Box, by: { x: number; y: number }): Box {
  return { x: box.x - by.x, y: box.y - by.y, w: box.w + 2 * by.x, h: box.h + 2 * by.y }
}
