import assert from 'node:assert/strict'
import { test } from 'node:test'
import { algorithms } from './algorithms.ts'
import { aFrameSize, framesOf, resultsOf, startAtMs, type Walk } from './frames-for-tests.ts'

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
const fence = {
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

const intoYard: Walk = { from: [800, 300], to: [200, 300], fromMs: 0, toMs: 6000 }
const outOfYard: Walk = { from: [200, 300], to: [800, 300], fromMs: 0, toMs: 6000 }
const inYard: Walk = { from: [200, 300], to: [250, 300], fromMs: 0, toMs: 30_000 }

type Event = { start_position: string; end_position: string; category: number; detection_id: string }

function resultsFor(config: Record<string, unknown>, walks: Walk[], untilMs = 10_000) {
  const algorithm = algorithms['c-intrusiondetection'].open(config, aFrameSize)
  return resultsOf(algorithm, framesOf(walks, { everyMs: 200, untilMs })).map((result) => ({
    ...result,
    atMs: result.atMs - startAtMs,
  }))
}

const eventsOf = (result: { data: Record<string, unknown> } | undefined) => (result?.data.event_set ?? []) as Event[]

/** Per message: type, time in seconds, and `start end category` of each event. */
function linesOf(results: ReturnType<typeof resultsFor>): string[] {
  return results.map(({ eventType, atMs, data }) => {
    const events = eventsOf({ data }).map((event) => `${event.start_position} ${event.end_position} ${event.category}`)
    return [eventType === 196609 ? 'intrusion' : 'loitering', atMs / 1000, ...events].join(', ')
  })
}

test('an alarm is one message with the box and the id of the target, and a picture', () => {
  const [result, ...others] = resultsFor({ target_roi: yard }, [inYard], 2000)
  const [event] = eventsOf(result)
  assert.match(event?.detection_id ?? '', /^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/)
  const bounding_box = { x: 185, y: 220, w: 30, h: 80 }
  assert.deepEqual(
    [result, ...others],
    [
      {
        eventType: 196609,
        atMs: 200,
        category: 'StructuredData',
        data: {
          event_set: [
            { start_position: 'in', end_position: 'in', bounding_box, category: 0, detection_id: event?.detection_id },
          ],
        },
        picture: { boxes: [bounding_box] },
      },
    ],
  )
})

const cases: { name: string; config: Record<string, unknown>; walks: Walk[]; untilMs?: number; expected: string[] }[] =
  [
    {
      name: 'who comes into a region came from out',
      config: { target_roi: yard },
      walks: [intoYard],
      expected: ['intrusion, 3.2, out in 0'],
    },
    {
      name: 'who leaves a region says nothing',
      config: { target_roi: yard },
      walks: [outOfYard],
      expected: ['intrusion, 0.2, in in 0'],
    },
    {
      name: 'who leaves is told when the config asks',
      config: { target_roi: yard, event_disappear_alert_sw: 1 },
      walks: [outOfYard],
      expected: ['intrusion, 0.2, in in 0', 'intrusion, 3.2, in out 0'],
    },
    {
      name: 'who is no longer seen is told when the config asks',
      config: { target_roi: yard, event_disappear_alert_sw: 1 },
      walks: [{ ...inYard, toMs: 2000 }],
      expected: ['intrusion, 0.2, in in 0', 'intrusion, 4.2, in out 0'],
    },
    { name: 'without an ROI everyone intrudes', config: {}, walks: [intoYard], expected: ['intrusion, 0.2, in in 0'] },
    {
      name: 'a line names the sides',
      config: { target_roi: fence },
      walks: [intoYard],
      expected: ['intrusion, 3.2, street yard 0'],
    },
    {
      name: 'a line is watched in both directions',
      config: { target_roi: fence },
      walks: [outOfYard],
      expected: ['intrusion, 3.2, yard street 0'],
    },
    {
      name: 'sides without names are side1 and side2',
      config: {
        target_roi: {
          lines: [
            {
              data: [
                [500, 0],
                [500, 500],
              ],
            },
          ],
        },
      },
      walks: [intoYard],
      expected: ['intrusion, 3.2, side1 side2 0'],
    },
    {
      name: 'lines can be turned off',
      config: { target_roi: fence, line_detection_sw: 0 },
      walks: [intoYard],
      expected: [],
    },
    {
      name: 'regions can be turned off',
      config: { target_roi: yard, region_detection_sw: 0 },
      walks: [intoYard],
      expected: [],
    },
    {
      name: 'a car is not looked for by default',
      config: { target_roi: yard },
      walks: [{ ...inYard, label: 'car' }],
      expected: [],
    },
    {
      name: 'a truck is a vehicle',
      config: { target_roi: yard, car_detection_sw: 1 },
      walks: [{ ...inYard, label: 'truck' }],
      expected: ['intrusion, 0.2, in in 1'],
    },
    {
      name: 'a bicycle is something else',
      config: { target_roi: yard, car_detection_sw: 1 },
      walks: [{ ...inYard, label: 'bicycle' }],
      expected: ['intrusion, 0.2, in in 2'],
    },
    {
      name: 'persons can be turned off',
      config: { target_roi: yard, person_detection_sw: 0, car_detection_sw: 1 },
      walks: [inYard],
      expected: [],
    },
    {
      name: 'a target below the smallest size is ignored',
      config: { target_roi: yard, detection_min_size: 90 },
      walks: [inYard],
      expected: [],
    },
    {
      name: 'a target above the largest size is ignored',
      config: { target_roi: yard, detection_max_size: 70 },
      walks: [inYard],
      expected: [],
    },
    {
      name: 'two at once are one message',
      config: { target_roi: yard },
      walks: [inYard, { ...inYard, from: [100, 400] }],
      expected: ['intrusion, 0.2, in in 0, in in 0'],
    },
    {
      name: 'a target that stays is told again when the config asks',
      config: { target_roi: yard, repeat_alert_sw: 1, alert_detection_interval: 4 },
      walks: [inYard],
      expected: ['intrusion, 0.2, in in 0', 'intrusion, 4.2, in in 0', 'intrusion, 8.2, in in 0'],
    },
    {
      name: 'again means every 10 s when the config names no interval',
      config: { target_roi: yard, repeat_alert_sw: 1 },
      walks: [inYard],
      untilMs: 21_000,
      expected: ['intrusion, 0.2, in in 0', 'intrusion, 10.2, in in 0', 'intrusion, 20.2, in in 0'],
    },
    {
      name: 'a target that comes back is told again',
      config: { target_roi: yard },
      walks: [intoYard, { ...outOfYard, fromMs: 6200, toMs: 12_200 }, { ...intoYard, fromMs: 12_400, toMs: 18_400 }],
      untilMs: 19_000,
      expected: ['intrusion, 3.2, out in 0', 'intrusion, 15.6, out in 0'],
    },
    {
      name: 'alarms of one target within the interval are one',
      config: { target_roi: yard, alert_detection_interval: 60 },
      walks: [intoYard, { ...outOfYard, fromMs: 6200, toMs: 12_200 }, { ...intoYard, fromMs: 12_400, toMs: 18_400 }],
      untilMs: 19_000,
      expected: ['intrusion, 3.2, out in 0'],
    },
    {
      name: 'all_print_sw names those who are inside already, too',
      config: { target_roi: yard, all_print_sw: 1 },
      walks: [inYard, { ...intoYard, from: [800, 450], to: [200, 450] }],
      expected: ['intrusion, 0.2, in in 0', 'intrusion, 3.2, out in 0, in in 0'],
    },
    {
      name: 'loitering is not looked for by default',
      config: { target_roi: yard, region_detection_sw: 0 },
      walks: [inYard],
      untilMs: 20_000,
      expected: [],
    },
    {
      name: 'who stays for the threshold loiters',
      config: { target_roi: yard, region_detection_sw: 0, loitering_detection_sw: 1 },
      walks: [inYard],
      untilMs: 20_000,
      expected: ['loitering, 10, in in 0'],
    },
    {
      name: 'who leaves before the threshold does not loiter',
      config: { target_roi: yard, region_detection_sw: 0, loitering_detection_sw: 1 },
      walks: [outOfYard],
      untilMs: 20_000,
      expected: [],
    },
    {
      name: 'who leaves after loitering is told when the config asks',
      config: {
        target_roi: yard,
        region_detection_sw: 0,
        loitering_detection_sw: 1,
        loitering_time_threshold: 2,
        event_disappear_alert_sw: 1,
      },
      walks: [outOfYard],
      expected: ['loitering, 2, in in 0', 'loitering, 3.2, in out 0'],
    },
    {
      name: 'intrusion and loitering are two messages',
      config: { target_roi: yard, loitering_detection_sw: 1, loitering_time_threshold: 1 },
      walks: [inYard],
      expected: ['intrusion, 0.2, in in 0', 'loitering, 1, in in 0'],
    },
  ]
for (const { name, config, walks, untilMs, expected } of cases)
  test(name, () => assert.deepEqual(linesOf(resultsFor(config, walks, untilMs)), expected))

test('a target keeps its id over the alarms', () => {
  const results = resultsFor({ target_roi: { ...yard, ...fence }, event_disappear_alert_sw: 1 }, [intoYard])
  const ids = results.flatMap(({ data }) => eventsOf({ data }).map((event) => event.detection_id))
  assert.deepEqual([results.length, new Set(ids).size], [2, 1])
})

test('one who stands still behind a closed motion gate goes on loitering', () => {
  const algorithm = algorithms['c-intrusiondetection'].open(
    { target_roi: yard, region_detection_sw: 0, loitering_detection_sw: true },
    aFrameSize,
  )
  const frames = framesOf([inYard], { everyMs: 200, untilMs: 20_000 })
  const gated = frames.map((frame) => (frame.ptsMs < 1000 ? frame : { ptsMs: frame.ptsMs, atMs: frame.atMs }))
  assert.deepEqual(
    resultsOf(algorithm, gated).map(({ atMs }) => atMs - startAtMs),
    [10_000],
  )
})
