import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AnalysedFrame } from './algorithm.ts'
import { framesOf, type Walk } from './frames-for-tests.ts'
import { openTracker, type Track } from './tracker.ts'

function aTracker() {
  let count = 0
  return openTracker({
    newId: () => `T${++count}`,
    kindOf: (label) => (label === 'person' ? 'person' : ['car', 'truck'].includes(label) ? 'vehicle' : undefined),
  })
}

/** The tracks after each frame. */
function tracksOf(frames: AnalysedFrame[]): Track[][] {
  const tracker = aTracker()
  return frames.map(({ ptsMs, detections }) => (detections ? tracker.step(ptsMs, detections) : tracker.hold(ptsMs)))
}

/** The believed tracks of a whole run, by id: where each was seen first and last. */
function seenOf(frames: AnalysedFrame[]): { id: string; fromX: number; toX: number }[] {
  const seen = new Map<string, { id: string; fromX: number; toX: number }>()
  for (const track of tracksOf(frames).flat()) {
    if (track.state !== 'tracked') continue
    const x = Math.round((track.box.x + track.box.w / 2) / 10) * 10
    seen.set(track.id, { id: track.id, fromX: seen.get(track.id)?.fromX ?? x, toX: x })
  }
  return [...seen.values()]
}

const still: Walk = { from: [300, 300], to: [300, 300], fromMs: 0, toMs: 4000 }

// A person of 80 px walks 60 px a second.
const walker: Walk = { from: [100, 300], to: [700, 300], fromMs: 0, toMs: 10_000 }

for (const everyMs of [40, 100, 200, 500, 1000])
  test(`one walker is one track at a frame every ${everyMs} ms`, () =>
    assert.deepEqual(
      new Set(
        tracksOf(framesOf([walker], { everyMs, untilMs: 10_000 }))
          .flat()
          .map(({ id }) => id),
      ),
      new Set(['T1']),
    ))

const crossings: { name: string; walks: Walk[]; everyMs: number; expected: [string, string][] }[] = [
  {
    name: 'two who cross paths keep their ids',
    walks: [walker, { ...walker, from: [700, 310], to: [100, 310] }],
    everyMs: 200,
    expected: [
      ['T1', 'right'],
      ['T2', 'left'],
    ],
  },
  {
    name: 'two who cross paths keep their ids when looked at once a second',
    walks: [walker, { ...walker, from: [700, 340], to: [100, 340] }],
    everyMs: 1000,
    expected: [
      ['T1', 'right'],
      ['T2', 'left'],
    ],
  },
  {
    name: 'two who walk side by side stay two',
    walks: [walker, { ...walker, from: [125, 310], to: [725, 310] }],
    everyMs: 200,
    expected: [
      ['T1', 'right'],
      ['T2', 'right'],
    ],
  },
  {
    name: 'one who is hidden for 1.6 s while walking on keeps the id',
    walks: [{ ...walker, missedMs: [4000, 5600] }],
    everyMs: 200,
    expected: [['T1', 'right']],
  },
  {
    name: 'one who comes back after 4 s is someone else',
    walks: [{ ...walker, missedMs: [4000, 8000] }],
    everyMs: 200,
    expected: [
      ['T1', 'right'],
      ['T2', 'right'],
    ],
  },
]
for (const { name, walks, everyMs, expected } of crossings)
  test(name, () => {
    const seen = seenOf(framesOf(walks, { everyMs, untilMs: 10_000 }))
    assert.deepEqual(
      seen.map(({ id, fromX, toX }) => [id, toX > fromX ? 'right' : 'left']),
      expected,
    )
  })

test('an object that is only weakly seen for a while keeps its id, but weak sights start no track', () => {
  const walks: Walk[] = [
    { ...walker, missedMs: [2000, 8000] },
    { ...walker, score: 0.2 },
    { ...walker, from: [100, 480], to: [700, 480], score: 0.2 },
  ]
  assert.deepEqual(
    seenOf(framesOf(walks, { everyMs: 200, untilMs: 10_000 })).map(({ id }) => id),
    ['T1'],
  )
})

test('one sight is not believed', () => {
  const flicker: Walk = { ...walker, fromMs: 1000, toMs: 1000 }
  const states = tracksOf(framesOf([flicker], { everyMs: 200, untilMs: 2000 })).map((tracks) =>
    tracks.map(({ state }) => state),
  )
  assert.deepEqual(
    states.filter((one) => one.length > 0),
    [['tentative'], ['tentative']],
  )
})

test('a person never takes over the track of a car', () => {
  const car: Walk = { from: [300, 300], to: [300, 300], fromMs: 0, toMs: 2000, label: 'car', size: [120, 60] }
  const person: Walk = { ...car, fromMs: 2200, toMs: 4000, label: 'person' }
  assert.deepEqual(
    seenOf(framesOf([car, person], { everyMs: 200, untilMs: 4000 })).map(({ id }) => id),
    ['T1', 'T2'],
  )
})

test('one vehicle with two labels is one track with the better label', () => {
  const truck: Walk = { from: [300, 300], to: [300, 300], fromMs: 0, toMs: 1000, label: 'truck', size: [120, 60] }
  const [last] = tracksOf(
    framesOf([truck, { ...truck, label: 'car', score: 0.4 }], { everyMs: 200, untilMs: 1000 }),
  ).slice(-1)
  assert.deepEqual(
    last?.map(({ id, label }) => ({ id, label })),
    [{ id: 'T1', label: 'truck' }],
  )
})

test('tracks hold still while nothing moves, for as long as it takes', () => {
  const frames = framesOf([walker], { everyMs: 200, untilMs: 60_000 })
  const held = frames.map(
    (frame): AnalysedFrame => (frame.ptsMs > 5000 ? { ptsMs: frame.ptsMs, atMs: frame.atMs } : frame),
  )
  const after = tracksOf(held)
  const [before] = after[25] ?? []
  const [last] = after.at(-1) ?? []
  assert.deepEqual({ ...last, lastSeenMs: 5000 }, before)
})

test('one who stands still and is missed by a look of a closed motion gate keeps the id', () => {
  const frames = framesOf([{ ...still, toMs: 20_000, missedMs: [6000, 6000] }], { everyMs: 200, untilMs: 12_000 })
  const gated = frames.map(
    (frame): AnalysedFrame =>
      frame.ptsMs <= 2000 || frame.ptsMs % 2000 === 0 ? frame : { ptsMs: frame.ptsMs, atMs: frame.atMs },
  )
  const ids = tracksOf(gated).map((tracks) => tracks.map(({ id }) => id).join())
  assert.deepEqual(new Set(ids), new Set(['T1']))
})

test('a shaking camera does not change ids', () => {
  const shakes = [0, 7, -6, 5, -7, 3, -4, 6]
  const walks: Walk[] = [walker, { ...walker, from: [700, 420], to: [100, 420] }]
  const frames = framesOf(walks, { everyMs: 200, untilMs: 10_000 }).map((frame, place) => ({
    ...frame,
    detections: (frame.detections ?? []).map((one) => ({
      ...one,
      box: { ...one.box, x: one.box.x + (shakes[place % 8] ?? 0), y: one.box.y + (shakes[(place + 3) % 8] ?? 0) },
    })),
  }))
  assert.deepEqual(
    seenOf(frames).map(({ id }) => id),
    ['T1', 'T2'],
  )
})

const aWalk = fc.record({
  from: fc.tuple(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 80, max: 500 })),
  to: fc.tuple(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 80, max: 500 })),
  fromMs: fc.integer({ min: 0, max: 4000 }),
  toMs: fc.integer({ min: 4000, max: 8000 }),
  score: fc.double({ min: 0.1, max: 1, noNaN: true }),
})

test('in every world ids are unique, boxes are finite and a track never outlives its last sight by 2 s', () =>
  fc.assert(
    fc.property(fc.array(aWalk, { maxLength: 12 }), fc.constantFrom(40, 200, 1000), (walks, everyMs) => {
      const frames = framesOf(walks, { everyMs, untilMs: 8000 })
      for (const [place, tracks] of tracksOf(frames).entries()) {
        const ptsMs = place * everyMs
        assert.equal(new Set(tracks.map(({ id }) => id)).size, tracks.length)
        for (const { box, lastSeenMs } of tracks) {
          assert.ok([box.x, box.y, box.w, box.h].every(Number.isFinite))
          assert.ok(box.w > 0 && box.h > 0 && ptsMs - lastSeenMs <= 2000)
        }
      }
    }),
    { numRuns: 40 },
  ))

test('in every world a frame never gives one detection to two tracks', () =>
  fc.assert(
    fc.property(fc.array(aWalk, { maxLength: 12 }), (walks) => {
      const frames = framesOf(walks, { everyMs: 200, untilMs: 8000 })
      for (const [place, tracks] of tracksOf(frames).entries()) {
        const seen = tracks.filter(({ lastSeenMs }) => lastSeenMs === frames[place]?.ptsMs)
        assert.ok(seen.length <= (frames[place]?.detections ?? []).length)
      }
    }),
    { numRuns: 40 },
  ))

for (const { name, walk, expected } of [
  { name: 'one who is clearly seen is believed at the second sight', walk: still, expected: 200 },
  { name: 'one who is less clearly seen is believed a little later', walk: { ...still, score: 0.46 }, expected: 600 },
  { name: 'what is unclear and never moves is not believed', walk: { ...still, score: 0.35 }, expected: undefined },
  {
    name: 'what is unclear and moves is believed after half its height',
    walk: { ...walker, score: 0.35 },
    expected: 800,
  },
])
  test(name, () => {
    const frames = framesOf([walk], { everyMs: 200, untilMs: 4000 })
    const believed = tracksOf(frames).findIndex((tracks) => tracks.some(({ isBelieved }) => isBelieved))
    assert.equal(frames[believed]?.ptsMs, expected)
  })
