import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { beginRun, nextRun, type Run, type RunEvent, viewOf } from './run.ts'

const error = { code: 'VIN.201', message: 'lost' }
const anyEvent: fc.Arbitrary<RunEvent> = fc.oneof(
  fc.constant({ kind: 'frames' } as const),
  fc.record({ kind: fc.constant('threw' as const), error: fc.constant(error), isPermanent: fc.boolean() }),
  fc.constant({ kind: 'ended' } as const),
  fc.constant({ kind: 'stopped' } as const),
  fc.record({ kind: fc.constant('probed' as const), error: fc.option(fc.constant(error), { nil: undefined }) }),
  fc.record({
    kind: fc.constant('output' as const),
    trouble: fc.option(fc.constant({ sinceMs: 0, error }), { nil: undefined }),
  }),
  fc.constant({ kind: 'flushed' } as const),
  fc.record({ kind: fc.constant('unassigned' as const), isReplaced: fc.boolean() }),
  fc.constant({ kind: 'tick' } as const),
)
const anyHistory = fc.array(fc.tuple(fc.integer({ min: 0, max: 60_000 }), anyEvent), { maxLength: 60 })

/** Each run of a history with what was done on the way to it; whether a pipeline is there is counted from the acts. */
function* lives(
  history: [number, RunEvent][],
): Generator<{ run: Run; nowMs: number; started: number; stopped: number }> {
  let run = beginRun(0, 0)
  let nowMs = 0
  let started = 1
  let stopped = 0
  for (const [passMs, event] of history) {
    nowMs += passMs
    const next = nextRun(run, event, { nowMs, random: 0.5 })
    run = next.run
    started += next.acts.filter(({ kind }) => kind === 'start_pipeline').length
    stopped += next.acts.filter(({ kind }) => kind === 'stop_pipeline').length
    yield { run, nowMs, started, stopped }
  }
}

test('a pipeline starts only when the one before it is gone', () =>
  fc.assert(
    fc.property(anyHistory, (history) => {
      let before: Run | undefined
      let startedBefore = 1
      for (const { run, started } of lives(history)) {
        if (started > startedBefore) assert.equal(before?.step.kind, 'waiting')
        startedBefore = started
        before = run
      }
    }),
  ))

test('a run that is over stays over, and says the same', () =>
  fc.assert(
    fc.property(anyHistory, (history) => {
      let end: unknown
      for (const { run, nowMs } of lives(history)) {
        if (end !== undefined) assert.deepEqual(viewOf(run, nowMs), end)
        if (run.step.kind === 'over') end = viewOf(run, nowMs)
      }
    }),
  ))

test('a run is never said to run before a frame was analysed and its outputs were probed', () =>
  fc.assert(
    fc.property(anyHistory, (history) => {
      for (const { run, nowMs } of lives(history)) {
        const { phase } = viewOf(run, nowMs)
        if (phase === 'running' || phase === 'abnormal') assert.ok(run.isProbed)
      }
    }),
  ))

test('a run that is let go of is over when its pipeline has stopped and its results have left', () =>
  fc.assert(
    fc.property(anyHistory, (history) => {
      const letGo: [number, RunEvent][] = [
        [0, { kind: 'unassigned', isReplaced: false }],
        [0, { kind: 'stopped' }],
        [0, { kind: 'flushed' }],
      ]
      const last = [...lives([...history, ...letGo])].at(-1)
      assert.equal(last?.run.step.kind, 'over')
    }),
  ))
