import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFileTimeline, createLiveTimeline } from './timeline.ts'

test('the times of a file start at 0, and its frames at the start of the run', () => {
  const timeline = createFileTimeline(1_000_000)
  assert.deepEqual(
    [5000, 5040, 65_000].map((ms) => timeline.ptsOf(ms, 0)),
    [0, 40, 60_000],
  )
  assert.equal(timeline.atOf(60_000), 1_060_000)
})

test('a packet without a time is as late as the one before', () => {
  const timeline = createFileTimeline(0)
  assert.deepEqual(
    [5000, 5040, undefined].map((ms) => timeline.ptsOf(ms, 0)),
    [0, 40, 40],
  )
})

test('a live burst is spread over the time in which it was captured', () => {
  const timeline = createLiveTimeline()
  const arrivedAtMs = 1_000_000
  const burst = [0, 500, 1000, 1500, 2000].map((ms) => timeline.ptsOf(ms, arrivedAtMs))
  assert.deepEqual(burst.map(timeline.atOf), [998_000, 998_500, 999_000, 999_500, 1_000_000])
})

test('a live packet that is late does not make its frame later', () => {
  const timeline = createLiveTimeline()
  const at = [
    { streamMs: 0, nowMs: 1_000_000 },
    { streamMs: 1000, nowMs: 1_001_800 },
    { streamMs: 2000, nowMs: 1_002_000 },
  ].map(({ streamMs, nowMs }) => timeline.atOf(timeline.ptsOf(streamMs, nowMs)))
  assert.deepEqual(at, [1_000_000, 1_001_002, 1_002_000])
})

test('when the clock of a live stream starts anew, its times go on', () => {
  const timeline = createLiveTimeline()
  const pts = [
    { streamMs: 0, nowMs: 1_000_000 },
    { streamMs: 60_000, nowMs: 1_060_000 },
    { streamMs: 0, nowMs: 1_060_040 },
    { streamMs: 900_000_000, nowMs: 1_060_080 },
  ].map(({ streamMs, nowMs }) => timeline.ptsOf(streamMs, nowMs))
  assert.deepEqual(pts, [0, 60_000, 60_000, 60_000])
})

test('a pause of a live stream is a pause of its times', () => {
  const timeline = createLiveTimeline()
  timeline.ptsOf(0, 1_000_000)
  assert.equal(timeline.ptsOf(30_000, 1_030_000), 30_000)
})
