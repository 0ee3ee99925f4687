import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Act, beginRun, nextRun, type Run, type RunEvent, viewOf } from './run.ts'

const lost = { code: 'VIN.201', message: 'rtsp://10.0.0.1/ was lost' }
const refused = { code: 'VOUT.102', message: 'The webhook at a:1 is unreachable: ECONNREFUSED.' }
const threw: RunEvent = { kind: 'threw', error: lost, isPermanent: false }
const threwForGood: RunEvent = { ...threw, isPermanent: true }
const frames: RunEvent = { kind: 'frames' }
const probed: RunEvent = { kind: 'probed', error: undefined }
const tick: RunEvent = { kind: 'tick' }
const unassigned: RunEvent = { kind: 'unassigned', isReplaced: false }

type Happening = [atMs: number, event: RunEvent]

/** What a run did in answer to each event, and how it looks after the last one. */
function play(happenings: Happening[]): { acts: string[]; view: ReturnType<typeof viewOf>; run: Run } {
  let run = beginRun(0, 0)
  const acts: string[] = []
  let nowMs = 0
  for (const [atMs, event] of happenings) {
    nowMs = atMs
    const next = nextRun(run, event, { nowMs, random: 0.5 })
    run = next.run
    acts.push(...next.acts.map(saying(atMs)))
  }
  return { acts, view: viewOf(run, nowMs), run }
}
const saying = (atMs: number) => (act: Act) => `${atMs} ${act.kind}${'withinMs' in act ? ` ${act.withinMs}` : ''}`

const wentWell: Happening[] = [
  [100, probed],
  [200, frames],
]
/** One tick a second. */
const ticks = (fromMs: number, toMs: number): Happening[] =>
  Array.from({ length: (toMs - fromMs) / 1000 }, (_, index) => [fromMs + 1000 * (index + 1), tick])

type Case = { name: string; happens: Happening[]; acts?: string[]; view: ReturnType<typeof viewOf> }
const cases: Case[] = [
  { name: 'a run is opening before anything is known', happens: [], view: { phase: 'opening' } },
  { name: 'a frame alone does not make it run', happens: [[1, frames]], view: { phase: 'opening' } },
  { name: 'a probe alone does not make it run', happens: [[1, probed]], view: { phase: 'opening' } },
  { name: 'a frame after the probe makes it run', happens: wentWell, view: { phase: 'running' } },
  {
    name: 'a probe after the frame makes it run',
    happens: [
      [1, frames],
      [2, probed],
    ],
    view: { phase: 'running' },
  },
  {
    name: 'a throw before the first frame is for the server to decide on',
    happens: [
      [1, probed],
      [2, threw],
    ],
    view: { phase: 'failed', error: lost, isPermanent: false },
  },
  {
    name: 'a permanent throw before the first frame says so',
    happens: [[2, threwForGood]],
    view: { phase: 'failed', error: lost, isPermanent: true },
  },
  {
    name: 'an output that is down at the start fails the run when the pipeline has stopped',
    happens: [
      [1, frames],
      [2, { kind: 'probed', error: refused }],
      [3, { kind: 'stopped' }],
    ],
    acts: ['2 stop_pipeline'],
    view: { phase: 'failed', error: refused, isPermanent: false },
  },
  {
    name: 'a source that is lost is opened again after 1 s, and looks well meanwhile',
    happens: [...wentWell, [40_000, frames], [40_000, threw], [40_999, tick], [41_000, tick]],
    acts: ['41000 start_pipeline'],
    view: { phase: 'running' },
  },
  {
    name: 'the pause doubles while a source stays lost, up to 30 s',
    happens: [
      ...wentWell,
      ...[300, 1_300, 3_300, 7_300, 15_300, 31_300, 61_300].flatMap((atMs): Happening[] => [
        [atMs, tick],
        [atMs, threw],
      ]),
      [91_299, tick],
      [91_300, tick],
    ],
    acts: [1_300, 3_300, 7_300, 15_300, 31_300, 61_300, 91_300].map((atMs) => `${atMs} start_pipeline`),
    view: { phase: 'abnormal', error: lost, detail: `The input has been down for 1 minute: ${lost.message}` },
  },
  {
    name: 'a source that is lost for 30 s is abnormal',
    happens: [...wentWell, [300, threw], [30_201, { kind: 'output', trouble: undefined }]],
    view: { phase: 'abnormal', error: lost, detail: `The input has been down for less than a minute: ${lost.message}` },
  },
  {
    name: 'frames heal it',
    happens: [...wentWell, [300, threw], ...ticks(300, 31_300), [31_400, frames]],
    acts: ['1300 start_pipeline'],
    view: { phase: 'running' },
  },
  {
    name: 'a source that is silent without throwing is abnormal after 30 s and replaced after 90 s',
    happens: [...wentWell, ...ticks(200, 90_200), [90_300, { kind: 'stopped' }], [91_300, tick]],
    acts: ['90200 stop_pipeline', '91300 start_pipeline'],
    view: {
      phase: 'abnormal',
      error: { code: 'VIN.205', message: 'No frame came from the input.' },
      detail: 'The input has been down for 1 minute: No frame came from the input.',
    },
  },
  {
    name: 'an output that fails for less than 30 s is nothing to tell',
    happens: [...wentWell, [1000, { kind: 'output', trouble: { sinceMs: 1000, error: refused } }], [30_000, frames]],
    view: { phase: 'running' },
  },
  {
    name: 'an output that fails for longer than 30 s is abnormal',
    happens: [...wentWell, [1000, { kind: 'output', trouble: { sinceMs: 1000, error: refused } }], [31_001, frames]],
    view: {
      phase: 'abnormal',
      error: refused,
      detail: `An output has been down for less than a minute: ${refused.message}`,
    },
  },
  {
    name: 'an output that accepts again heals it',
    happens: [
      ...wentWell,
      [1000, { kind: 'output', trouble: { sinceMs: 1000, error: refused } }],
      [31_001, frames],
      [31_002, { kind: 'output', trouble: undefined }],
    ],
    view: { phase: 'running' },
  },
  {
    name: 'a refusal of a source that worked is believed the third time',
    happens: [
      ...wentWell,
      [300, threwForGood],
      [1_300, tick],
      [1_400, threwForGood],
      [3_400, tick],
      [3_500, threwForGood],
    ],
    acts: ['1300 start_pipeline', '3400 start_pipeline'],
    view: { phase: 'failed', error: lost, isPermanent: true },
  },
  {
    name: 'a finite input ends when its results have left',
    happens: [...wentWell, [300, { kind: 'ended' }], [400, { kind: 'flushed' }]],
    acts: ['300 flush 30000'],
    view: { phase: 'ended' },
  },
  {
    name: 'a finite input runs while its results leave',
    happens: [...wentWell, [300, { kind: 'ended' }], [25_000, tick]],
    acts: ['300 flush 30000'],
    view: { phase: 'running' },
  },
  {
    name: 'a run that is not assigned any more stops, flushes, and is released',
    happens: [...wentWell, [300, unassigned], [400, { kind: 'stopped' }], [500, { kind: 'flushed' }]],
    acts: ['300 stop_pipeline', '400 flush_unless_failing 5000'],
    view: { phase: 'released' },
  },
  {
    name: 'a run that is replaced does not wait for its results to leave',
    happens: [...wentWell, [400, { kind: 'unassigned', isReplaced: true }], [500, { kind: 'stopped' }]],
    acts: ['400 stop_pipeline', '500 flush_unless_failing 0'],
    view: { phase: 'running' },
  },
  {
    name: 'an engine that crashes while a run stops has stopped it',
    happens: [...wentWell, [300, unassigned], [400, threw], [500, { kind: 'flushed' }]],
    acts: ['300 stop_pipeline', '400 flush_unless_failing 5000'],
    view: { phase: 'released' },
  },
  {
    name: 'a run that waits to try again is released without a pipeline',
    happens: [...wentWell, [300, threw], [400, unassigned], [401, { kind: 'flushed' }], [5000, tick]],
    acts: ['400 flush_unless_failing 5000'],
    view: { phase: 'released' },
  },
  {
    name: 'a run that fails its probe and is unassigned at once is released',
    happens: [
      [1, { kind: 'probed', error: refused }],
      [2, unassigned],
      [3, { kind: 'stopped' }],
      [4, { kind: 'flushed' }],
    ],
    acts: ['1 stop_pipeline', '3 flush_unless_failing 5000'],
    view: { phase: 'released' },
  },
  {
    name: 'a run that is over stays over',
    happens: [
      [2, threw],
      [3, frames],
      [4, probed],
      [5, unassigned],
      [6, tick],
      [7, threw],
      [8, { kind: 'stopped' }],
    ],
    view: { phase: 'failed', error: lost, isPermanent: false },
  },
]
for (const { name, happens, acts = [], view } of cases) {
  test(name, () => {
    const played = play(happens)
    assert.deepEqual({ acts: played.acts, view: played.view }, { acts, view })
  })
}

test('a source that gives a frame an hour is not silent between two of them', () => {
  const run = nextRun(nextRun(beginRun(0, 7_200_000), probed, { nowMs: 1, random: 0 }).run, frames, {
    nowMs: 2,
    random: 0,
  }).run
  assert.deepEqual(viewOf(run, 3_600_000), { phase: 'running' })
})

test('a pipeline that was well for 30 s starts the pauses anew', () => {
  const { run } = play([
    ...wentWell,
    [300, threw],
    [1_300, tick],
    [1_400, threw],
    [3_400, tick],
    [3_500, frames],
    [33_500, frames],
    [33_600, threw],
  ])
  assert.deepEqual(run.step, { kind: 'waiting', retryAtMs: 34_600 })
})
