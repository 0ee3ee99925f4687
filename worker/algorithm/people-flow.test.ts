import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { algorithms } from './algorithms.ts'
import { aFrameSize, framesOf, resultsOf, startAtMs, type Walk } from './frames-for-tests.ts'

// Side 1 is to the left of one who walks down the screen: at greater x.
const line = {
  lines: [
    {
      data: [
        [500, 0],
        [500, 500],
      ],
      properties: { side1_name: 'street', side2_name: 'yard' },
    },
  ],
}
const yard = {
  polygons: [
    {
      data: [
        [0, 0],
        [500, 0],
        [500, 500],
        [0, 500],
      ],
      name: 'yard',
    },
  ],
}

const toYard: Walk = { from: [800, 300], to: [200, 300], fromMs: 0, toMs: 6000 }
const toStreet: Walk = { from: [200, 450], to: [800, 450], fromMs: 0, toMs: 6000 }

function resultsFor(config: Record<string, unknown>, walks: Walk[], everyMs = 200, untilMs = 10_000) {
  const algorithm = algorithms['c-flowcount'].open(config, aFrameSize)
  return resultsOf(algorithm, framesOf(walks, { everyMs, untilMs })).map((result) => ({
    ...result,
    atMs: result.atMs - startAtMs,
  }))
}

test('a crossing is told at the end of its interval, with the names that the ROI gave', () => {
  const config = { target_roi: line, line_count_interval: 2 }
  assert.deepEqual(resultsFor(config, [toYard]), [
    {
      eventType: 131073,
      atMs: 4000,
      category: 'StructuredData',
      data: {
        interval: 2,
        event_set: [
          {
            line: [
              [500, 0],
              [500, 500],
            ],
            line_id: 0,
            side1_count: 0,
            side2_count: 1,
            side1_name: 'street',
            side2_name: 'yard',
          },
        ],
      },
    },
  ])
})

test('sides without names have no names in the message', () => {
  const target_roi = {
    lines: [
      {
        data: [
          [500, 0],
          [500, 500],
        ],
      },
    ],
  }
  const [result] = resultsFor({ target_roi }, [toYard])
  assert.deepEqual(result?.data.event_set, [
    {
      line: [
        [500, 0],
        [500, 500],
      ],
      line_id: 0,
      side1_count: 0,
      side2_count: 1,
    },
  ])
})

/** Per message: the end of its interval, the counts of each line. */
function lineCounts(results: ReturnType<typeof resultsFor>) {
  return results
    .filter(({ eventType }) => eventType === 131073)
    .map(({ atMs, data }) => [
      atMs,
      ...(data.event_set as { line_id: number; side1_count: number; side2_count: number }[]).map(
        (event) => `${event.line_id}: ${event.side1_count} ${event.side2_count}`,
      ),
    ])
}

for (const { name, config, walks, everyMs, expected } of [
  {
    name: 'both directions are counted apart',
    config: {},
    walks: [toYard, toStreet],
    everyMs: 200,
    expected: [[4000, '0: 1 1']],
  },
  {
    name: 'a long interval ends with the input',
    config: { line_count_interval: 3600 },
    walks: [toYard],
    everyMs: 200,
    expected: [[10000, '0: 0 1']],
  },
  {
    name: 'the count is the same at one frame a second',
    config: {},
    walks: [toYard, toStreet],
    everyMs: 1000,
    expected: [[6000, '0: 1 1']],
  },
  {
    name: 'the count is the same at 25 frames a second',
    config: {},
    walks: [toYard, toStreet],
    everyMs: 40,
    expected: [[4000, '0: 1 1']],
  },
  {
    name: 'a walk there and back counts in both intervals',
    config: { line_count_interval: 1 },
    walks: [
      { ...toYard, toMs: 3000 },
      { ...toStreet, from: [200, 300], to: [800, 300], fromMs: 3200, toMs: 6200 },
    ],
    everyMs: 200,
    expected: [
      [2000, '0: 0 1'],
      [5000, '0: 1 0'],
    ],
  },
  {
    name: 'one who is hidden while crossing is counted',
    config: {},
    walks: [{ ...toYard, missedMs: [2400, 3600] }],
    everyMs: 200,
    expected: [[4000, '0: 0 1']],
  },
  { name: 'a car is not counted', config: {}, walks: [{ ...toYard, label: 'car' }], everyMs: 200, expected: [] },
  { name: 'the switch turns it off', config: { line_detection_sw: 0 }, walks: [toYard], everyMs: 200, expected: [] },
] as { name: string; config: Record<string, unknown>; walks: Walk[]; everyMs: number; expected: unknown[] }[])
  test(name, () => assert.deepEqual(lineCounts(resultsFor({ target_roi: line, ...config }, walks, everyMs)), expected))

/** Per message: the end of its interval, the count of each region. */
function regionCounts(results: ReturnType<typeof resultsFor>) {
  return results
    .filter(({ eventType }) => eventType === 131074)
    .map(({ atMs, data }) => [atMs, ...(data.event_set as { count: number }[]).map(({ count }) => count)])
}

test('a region tells how many are inside at the end of each interval, and once that nobody is left', () => {
  assert.deepEqual(
    regionCounts(resultsFor({ target_roi: yard }, [toYard, { ...toYard, from: [820, 450], to: [220, 450] }])),
    [
      [4000, 2],
      [6000, 2],
      [8000, 0],
    ],
  )
})

test('a region message names its region', () => {
  const [result] = resultsFor({ target_roi: yard }, [{ ...toYard, from: [200, 300] }])
  assert.deepEqual(result?.data, {
    interval: 2,
    event_set: [
      {
        polygon: [
          [0, 0],
          [500, 0],
          [500, 500],
          [0, 500],
        ],
        polygon_id: 0,
        polygon_name: 'yard',
        count: 1,
      },
    ],
  })
})

test('without an ROI the region is the whole frame', () => {
  assert.deepEqual(regionCounts(resultsFor({}, [{ ...toYard, toMs: 3000 }], 200, 4000)), [
    [2000, 1],
    [4000, 1],
  ])
})

test('the switch turns regions off', () => assert.deepEqual(resultsFor({ region_detection_sw: 0 }, [toYard]), []))

test('the heat map counts where people stand, every n-th frame, in cells of a 32nd of the longer side', () => {
  const config = { heatmap_detection_sw: 1, region_detection_sw: 0, heatmap_point_interval: 5 }
  const still: Walk = { from: [510, 300], to: [510, 300], fromMs: 0, toMs: 10_000 }
  assert.deepEqual(resultsFor(config, [still]), [
    {
      eventType: 131075,
      atMs: 10_000,
      category: 'Heatmap',
      // 1000 px / 32 = 31.25, so cells of 32 px. Frames 0, 5, …, 45; in the first one the person is not yet believed.
      data: { interval: 10, cell_size: 32, event_set: [{ x: 480, y: 288, count: 9 }] },
    },
    {
      eventType: 131075,
      atMs: 10_000,
      category: 'Heatmap',
      data: { interval: 10, cell_size: 32, event_set: [{ x: 480, y: 288, count: 1 }] },
    },
  ])
})

test('crossings of the two directions never differ by more than one for one walker', () =>
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 300, max: 700 }), { minLength: 2, maxLength: 12 }), (xs) => {
      const walks = xs.slice(1).map((x, place): Walk => {
        const fromMs = place * 4000
        return { from: [xs[place] ?? 0, 300], to: [x, 300], fromMs, toMs: fromMs + 3999 }
      })
      const counts = lineCounts(resultsFor({ target_roi: line }, walks, 200, xs.length * 4000))
      const sums = counts
        .flat()
        .filter((one) => typeof one === 'string')
        .map((one) => one.split(' ').slice(1).map(Number))
      const towards1 = sums.reduce((sum, [one = 0]) => sum + one, 0)
      const towards2 = sums.reduce((sum, [, two = 0]) => sum + two, 0)
      assert.ok(Math.abs(towards1 - towards2) <= 1)
    }),
    { numRuns: 50 },
  ))
