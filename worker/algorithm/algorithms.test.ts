import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConfigError } from './algorithm.ts'
import { algorithms } from './algorithms.ts'

const frame = { widthPx: 1920, heightPx: 1080 }
const flow = algorithms['c-flowcount']

for (const { name, config, expected } of [
  { name: 'five frames a second by default', config: {}, expected: 200 },
  { name: 'every third sample', config: { video_sampling_interval: 3 }, expected: 600 },
  { name: 'an interval in seconds', config: { sampling_time_interval: 2 }, expected: 2000 },
  {
    name: 'the interval in seconds wins',
    config: { sampling_time_interval: 2, video_sampling_interval: 3 },
    expected: 2000,
  },
])
  test(`${name} is ${expected} ms`, () => assert.equal(flow.sampleEveryMs(config), expected))

test('pictures are of quality 90 and show nothing but the frame by default', () =>
  assert.deepEqual(flow.pictureStyle({}, frame), { quality: 90, drawBoxes: false, roi: undefined }))

test('pictures show boxes and the ROI when the config asks', () => {
  const target_roi = {
    polygons: [
      {
        data: [
          [0, 0],
          [0.5, 0],
          [0.5, 0.5],
        ],
        name: 'a',
      },
    ],
    lines: [
      {
        data: [
          [0, 0],
          [1, 1],
        ],
      },
    ],
  }
  assert.deepEqual(
    flow.pictureStyle({ image_compression_ratio: 50, render_result_sw: 1, render_roi_sw: 1, target_roi }, frame),
    {
      quality: 50,
      drawBoxes: true,
      roi: {
        polygons: [
          {
            points: [
              [0, 0],
              [960, 0],
              [960, 540],
            ],
            name: 'a',
          },
        ],
        lines: [{ from: [0, 0], to: [1920, 1080] }],
      },
    },
  )
})

for (const { name, config, message } of [
  { name: 'a number out of range', config: { line_count_interval: 0 }, message: /^line_count_interval: / },
  { name: 'a ROI that is no JSON', config: { target_roi: '{' }, message: /^target_roi: not JSON$/ },
])
  test(`${name} is a ConfigError that names the parameter`, () =>
    assert.throws(
      () => flow.open(config, frame),
      (error) => error instanceof ConfigError && message.test(error.message),
    ))

test('a largest size below the smallest is refused', () =>
  assert.throws(
    () => algorithms['c-intrusiondetection'].open({ detection_min_size: 100, detection_max_size: 90 }, frame),
    ConfigError,
  ))

test('an algorithm wants the labels that its switches name', () => {
  const classesOf = (config: Record<string, unknown>) => algorithms['c-intrusiondetection'].open(config, frame).classes
  assert.deepEqual(classesOf({}), ['person'])
  assert.deepEqual(classesOf({ person_detection_sw: 0, car_detection_sw: 1 }), [
    'car',
    'truck',
    'bus',
    'motorcycle',
    'bicycle',
  ])
})
