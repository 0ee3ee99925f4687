import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from './algorithm.ts'
import { readRoi } from './roi.ts'

const frame = { widthPx: 1920, heightPx: 1080 }
const wholeFrame = {
  polygons: [
    {
      points: [
        [0, 0],
        [1920, 0],
        [1920, 1080],
        [0, 1080],
      ],
      name: '',
    },
  ],
  lines: [],
}
const aPolygon = (data: number[][], name = 'a') => ({ polygons: [{ data, name }] })
const aLine = (data: number[][], properties?: Record<string, string>) => ({
  lines: [{ data, ...(properties && { properties }) }],
})
const triangle = [
  [0, 0],
  [100, 0],
  [0, 100],
]

for (const { name, roi, expected } of [
  { name: 'no ROI is the whole frame without a name', roi: undefined, expected: wholeFrame },
  { name: 'an empty text is the whole frame', roi: '', expected: wholeFrame },
  { name: 'an empty object is the whole frame', roi: {}, expected: wholeFrame },
  { name: 'empty lists are the whole frame', roi: '{"polygons":[],"lines":[]}', expected: wholeFrame },
  {
    name: 'a text of JSON is read',
    roi: JSON.stringify(aPolygon(triangle)),
    expected: { polygons: [{ points: triangle, name: 'a' }], lines: [] },
  },
  {
    name: 'fractions are parts of the frame',
    roi: aPolygon([
      [0, 0],
      [0.5, 0],
      [1, 1],
    ]),
    expected: {
      polygons: [
        {
          points: [
            [0, 0],
            [960, 0],
            [1920, 1080],
          ],
          name: 'a',
        },
      ],
      lines: [],
    },
  },
  {
    name: 'whole numbers 0 and 1 are pixels',
    roi: aPolygon([
      [0, 0],
      [1, 0],
      [1, 1],
    ]),
    expected: {
      polygons: [
        {
          points: [
            [0, 0],
            [1, 0],
            [1, 1],
          ],
          name: 'a',
        },
      ],
      lines: [],
    },
  },
  {
    name: 'one value above 1 makes all of them pixels',
    roi: {
      ...aPolygon([
        [0, 0],
        [0.6, 0],
        [1, 1],
      ]),
      ...aLine([
        [0, 0],
        [100, 0],
      ]),
    },
    expected: {
      polygons: [
        {
          points: [
            [0, 0],
            [1, 0],
            [1, 1],
          ],
          name: 'a',
        },
      ],
      lines: [{ from: [0, 0], to: [100, 0], side1Name: undefined, side2Name: undefined }],
    },
  },
  {
    name: 'points outside are moved to the edge of the frame',
    roi: aPolygon([
      [-10, -10],
      [5000, 0],
      [0, 2000],
    ]),
    expected: {
      polygons: [
        {
          points: [
            [0, 0],
            [1920, 0],
            [0, 1080],
          ],
          name: 'a',
        },
      ],
      lines: [],
    },
  },
  {
    name: 'a line keeps the names of its sides',
    roi: aLine(
      [
        [10, 20],
        [30, 40],
      ],
      { side1_name: 'street', side2_name: 'yard' },
    ),
    expected: { polygons: [], lines: [{ from: [10, 20], to: [30, 40], side1Name: 'street', side2Name: 'yard' }] },
  },
])
  test(name, () => assert.deepEqual(readRoi(roi, frame), expected))

for (const { name, roi, message } of [
  { name: 'a text that is no JSON', roi: '{', message: /^target_roi: not JSON$/ },
  { name: 'a text of another shape', roi: '[]', message: /^target_roi: value: / },
  { name: 'a polygon of two points', roi: aPolygon(triangle.slice(1)), message: /^target_roi: polygons\.0\.data: / },
  {
    name: 'a polygon that crosses itself',
    roi: aPolygon([
      [0, 0],
      [9, 9],
      [9, 0],
      [0, 9],
    ]),
    message: /^target_roi: polygon 0 crosses itself$/,
  },
  { name: 'a line of three points', roi: aLine(triangle), message: /^target_roi: lines\.0\.data/ },
  {
    name: 'a line without length',
    roi: aLine([
      [5, 5],
      [5, 5],
    ]),
    message: /^target_roi: line 0 has no length$/,
  },
  {
    name: 'eleven polygons',
    roi: { polygons: Array.from({ length: 11 }, () => ({ data: triangle })) },
    message: /^target_roi: polygons: /,
  },
  {
    name: 'eleven lines',
    roi: { lines: Array.from({ length: 11 }, () => ({ data: triangle.slice(1) })) },
    message: /^target_roi: lines: /,
  },
])
  test(`${name} is refused`, () =>
    assert.throws(
      () => readRoi(roi, frame),
      (error) => error instanceof ConfigError && message.test(error.message),
    ))

test('ten polygons and ten lines are accepted', () => {
  const roi = {
    polygons: Array.from({ length: 10 }, () => ({ data: triangle })),
    lines: Array.from({ length: 10 }, () => ({ data: triangle.slice(1) })),
  }
  const { polygons, lines } = readRoi(roi, frame)
  assert.deepEqual([polygons.length, lines.length], [10, 10])
})
