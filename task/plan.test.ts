// Long because it is one list: what a round does with a task in each situation, and what no round may ever do.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type TaskState, taskStates } from '@sightline/contract/states.ts'
import fc from 'fast-check'
import { lettingGoStates, nextState, waitingStates } from './lifecycle.ts'
import { type Observation, plan, type Step } from './plan.ts'
import type { Node, Run, Task } from './task.ts'
import { actions, aNode, anyWorld, applied, aRun, aTask, aWorld, isHeld, nowMs } from './test-world.ts'
import { shouldRun, stopGraceMs } from './turn.ts'

const forEveryWorld = (check: (world: Observation) => void) =>
  fc.assert(fc.property(anyWorld, check), { numRuns: 2_000 })
const after = (world: Observation) => applied(world, plan(world))
const runOf = (world: Observation, task: Task) => world.runs.find((run) => run.taskId === task.id)
const keeps = (steps: Step[]) => steps.flatMap((step) => (step.kind === 'keep' ? [step] : []))

test('a plan, once applied, wants nothing more', () =>
  forEveryWorld((world) => assert.deepEqual(actions(plan(after(world))), [])))

test('no task ever has two live runs', () =>
  forEveryWorld((world) => {
    const ids = after(world).runs.map((run) => run.taskId)
    assert.equal(new Set(ids).size, ids.length)
  }))

test('a task that should not run is not held', () =>
  forEveryWorld((world) =>
    assert.deepEqual(
      after(world).tasks.filter((task) => isHeld(task) && !shouldRun(task)),
      [],
    ),
  ))

test('a run that should not be is told to stop, and does not outlive its grace', () =>
  forEveryWorld((world) => {
    const left = after(world)
    for (const task of left.tasks.filter((one) => !shouldRun(one))) {
      const run = runOf(left, task)
      if (run) assert.ok(run.stopAskedAtMs !== undefined && run.stopAskedAtMs + stopGraceMs > nowMs)
    }
  }))

test('a held task has a live run that is not told to stop, unless the run is being replaced', () =>
  forEveryWorld((world) => {
    const left = after(world)
    for (const task of left.tasks.filter((one) => isHeld(one) && one.state !== 'UPGRADING')) {
      assert.ok(runOf(left, task))
      assert.ok(runOf(left, task)?.stopAskedAtMs === undefined)
    }
  }))

test('no run of an earlier spec is left to go on once its first frame was seen', () =>
  forEveryWorld((world) => {
    const left = after(world)
    for (const task of left.tasks.filter(({ state }) => ['RUNNING', 'ABNORMAL', 'UPGRADING'].includes(state))) {
      const run = runOf(left, task)
      const isOld = run !== undefined && run.generation <= task.outdatedGeneration
      assert.ok(!isOld || run.stopAskedAtMs !== undefined)
    }
  }))

test('every moving state has a time at which it is looked at again', () =>
  forEveryWorld((world) => {
    const moving: readonly TaskState[] = [...waitingStates, ...lettingGoStates, 'STARTING', 'UPGRADING']
    for (const { task, dueAtMs } of keeps(plan(world))) {
      if (moving.includes(task.state)) assert.ok(dueAtMs !== undefined && dueAtMs > nowMs, task.state)
    }
  }))

test('DELETING has no way back', () =>
  forEveryWorld((world) => {
    for (const task of world.tasks.filter(({ state, desired }) => state === 'DELETING' || desired === 'delete')) {
      const left = after(world).tasks.find(({ id }) => id === task.id)
      assert.ok(left === undefined || left.state === 'DELETING')
    }
  }))

test('every move is an arrow of the table', () =>
  forEveryWorld((world) => {
    for (const step of plan(world)) {
      if (step.kind !== 'move') continue
      const to = nextState(step.from, step.event)
      assert.ok(to === step.to || to === 'BEFORE_HOLD', `${step.from} by ${step.event}`)
    }
  }))

test('moves of a task follow one another without a gap', () =>
  forEveryWorld((world) => {
    for (const task of world.tasks) {
      const path = plan(world).flatMap((step) => (step.kind === 'move' && step.taskId === task.id ? [step] : []))
      assert.deepEqual(
        path.map(({ from }) => from),
        [task.state, ...path.map(({ to }) => to)].slice(0, path.length),
      )
    }
  }))

test('a generation never falls, and grows with each order', () =>
  forEveryWorld((world) => {
    const steps = plan(world)
    for (const { task } of keeps(steps)) {
      const before = world.tasks.find(({ id }) => id === task.id)?.generation ?? assert.fail()
      const orders = steps.filter(
        (step) => (step.kind === 'order_run' || step.kind === 'ask_stop') && step.taskId === task.id,
      )
      assert.equal(task.generation, before + orders.length)
    }
  }))

test('no node takes more than it has room for', () =>
  forEveryWorld((world) => {
    const ordered = plan(world).flatMap((step) => (step.kind === 'order_run' ? [step] : []))
    for (const node of world.nodes) {
      assert.ok(ordered.filter(({ nodeId }) => nodeId === node.id).length * 0.5 <= node.cores)
    }
  }))

test('every state but CREATE_FAILED is the end of some plan', () => {
  // Preparation cannot fail before a worker has the task.
  const seen = new Set<TaskState>()
  for (const world of fc.sample(anyWorld, { seed: 1, numRuns: 5_000 })) {
    for (const step of plan(world)) if (step.kind === 'move') seen.add(step.to)
  }
  const restored: TaskState[] = ['CREATE_FAILED']
  assert.deepEqual(
    taskStates.filter((state) => !seen.has(state) && !restored.includes(state)),
    [],
  )
})

type Seen = NonNullable<Run['seen']>
const seen = (phase: Seen['phase'], rest: Partial<Seen> = {}): Seen => ({
  phase,
  isPermanent: false,
  sinceMs: nowMs,
  ...rest,
})
const error = { code: 'VIN.201', message: 'no answer' }

/** One line a task: its path, the orders, the state in which it is kept and what is said of it. */
function story(steps: Step[]): string {
  return steps
    .map((step) => {
      if (step.kind === 'move') return step.to
      if (step.kind === 'order_run') return `order on ${step.nodeId} (${step.generation})`
      if (step.kind !== 'keep') return step.kind
      const due = step.dueAtMs === undefined ? 'never' : `${(step.dueAtMs - nowMs) / 1000} s`
      return [`due ${due}`, step.task.error?.code, step.task.status].filter(Boolean).join(', ')
    })
    .join('; ')
}

const held = (state: TaskState, task: Partial<Task> = {}, run: Partial<Run> = {}) => ({
  task: aTask({ state, generation: 1, ...task }),
  run: aRun(run),
})

type Case = { name: string; task: Task; run?: Run; nodes?: Node[]; expected: string }
const cases: Case[] = [
  { name: 'a waiting task is placed', task: aTask(), expected: 'order on n1 (1); STARTING; due 10 s' },
  {
    name: 'a waiting task without a worker says so',
    task: aTask(),
    nodes: [],
    expected: 'due 30 s, Waiting: no worker is connected.',
  },
  { name: 'a waiting task is stopped', task: aTask({ desired: 'stop' }), expected: 'STOPPED; due never' },
  {
    name: 'a waiting task whose service stops says so',
    task: aTask({ isServiceRunning: false }),
    expected: 'STOPPED; due never, The service is not running.',
  },
  { name: 'a waiting task is deleted', task: aTask({ desired: 'delete' }), expected: 'DELETING; remove' },
  {
    name: 'a waiting task is put on hold',
    task: aTask({ hold: 'admin' }),
    expected: 'FROZEN; due never, On hold: admin.',
  },
  {
    name: 'a waiting task whose back-off is not over waits for it',
    task: aTask({ notBeforeMs: nowMs + 4_000, status: 'Try 3 of 5.' }),
    expected: 'due 4 s, Try 3 of 5.',
  },
  {
    name: 'a stopped task that should run is placed',
    task: aTask({ state: 'STOPPED' }),
    expected: 'PENDING; order on n1 (1); STARTING; due 10 s',
  },
  {
    name: 'a failed task that is started forgets its error',
    task: aTask({ state: 'FAILED', error, attempt: 3 }),
    expected: 'PENDING; order on n1 (1); STARTING; due 10 s',
  },
  {
    name: 'a failed task keeps its error',
    task: aTask({ state: 'FAILED', desired: 'stop', error }),
    expected: 'due never, VIN.201',
  },
  {
    name: 'a task that opens its input waits for it',
    ...held('STARTING', {}, { seen: seen('opening') }),
    expected: 'due 120 s',
  },
  {
    name: 'a first frame makes it run',
    ...held('STARTING', {}, { seen: seen('running') }),
    expected: 'RUNNING; due never',
  },
  {
    name: 'a first frame after some tries is watched for a minute',
    ...held('STARTING', { attempt: 2 }, { seen: seen('running') }),
    expected: 'RUNNING; due 60 s',
  },
  {
    name: 'a stream that nobody sends yet is waited for',
    ...held('STARTING', {}, { seen: seen('abnormal', { error, detail: 'Nobody publishes.' }) }),
    expected: 'ABNORMAL; due never, VIN.201, Nobody publishes.',
  },
  {
    name: 'a fault before the first frame is tried again after 1 s',
    ...held('STARTING', {}, { seen: seen('failed', { error }) }),
    expected: 'PENDING; end_run; due 1 s, Retry 1 of 5 in 1 s, after: no answer',
  },
  {
    name: 'a fifth fault is tried again after 16 s',
    ...held('STARTING', { attempt: 4 }, { seen: seen('failed', { error }) }),
    expected: 'PENDING; end_run; due 16 s, Retry 5 of 5 in 16 s, after: no answer',
  },
  {
    name: 'a sixth fault is the last',
    ...held('STARTING', { attempt: 5 }, { seen: seen('failed', { error }) }),
    expected: 'START_FAILED; end_run; due never, VIN.201',
  },
  {
    name: 'a permanent fault is not tried again',
    ...held('STARTING', {}, { seen: seen('failed', { error, isPermanent: true }) }),
    expected: 'START_FAILED; end_run; due never, VIN.201',
  },
  {
    name: 'a start that takes 120 s is a fault, and its run is told to stop',
    ...held('STARTING', { stateSinceMs: nowMs - 120_000 }, { seen: seen('opening') }),
    expected: 'PENDING; ask_stop; due 30 s, Waiting: the previous run is letting go.',
  },
  {
    name: 'a short file that ends before its first frame was seen',
    ...held('STARTING', { isFinite: true }, { seen: seen('ended') }),
    expected: 'SUCCEEDED; end_run; due never',
  },
  { name: 'a running task is left alone', ...held('RUNNING', {}, { seen: seen('running') }), expected: 'due never' },
  {
    name: 'a running task that goes down says what is down',
    ...held('RUNNING', {}, { seen: seen('abnormal', { error }) }),
    expected: 'ABNORMAL; due never, VIN.201, no answer',
  },
  {
    name: 'a running task that opens its input again is down after 30 s',
    ...held('RUNNING', {}, { seen: seen('opening', { sinceMs: nowMs - 29_000 }) }),
    expected: 'due 1 s',
  },
  {
    name: 'a task that heals forgets its error',
    ...held('ABNORMAL', { error, status: 'down' }, { seen: seen('running') }),
    expected: 'RUNNING; due never',
  },
  {
    name: 'a file that cannot be read for 10 minutes has failed',
    ...held('ABNORMAL', { isFinite: true, stateSinceMs: nowMs - 600_000 }, { seen: seen('abnormal', { error }) }),
    expected: 'FAILED; ask_stop; due 30 s, VIN.201',
  },
  {
    name: 'a camera may be away for ever',
    ...held('ABNORMAL', { stateSinceMs: 0 }, { seen: seen('abnormal', { error }) }),
    expected: 'due never, VIN.201, no answer',
  },
  {
    name: 'a finite input ends well',
    ...held('RUNNING', {}, { seen: seen('ended') }),
    expected: 'SUCCEEDED; end_run; due never',
  },
  {
    name: 'a fatal fault while running is the end',
    ...held('RUNNING', {}, { seen: seen('failed', { error, isPermanent: true }) }),
    expected: 'FAILED; end_run; due never, VIN.201',
  },
  {
    name: 'a crash while running is recovered from at once',
    ...held('RUNNING', {}, { seen: seen('failed', { error }) }),
    expected: 'RECOVERING; end_run; order on n1 (2); STARTING; due 10 s',
  },
  {
    name: 'a lost worker is replaced by another',
    ...held('RUNNING', {}, { seen: seen('running') }),
    nodes: [aNode({ epoch: 2, leaseUntilMs: nowMs - 1 }), aNode({ id: 'n2' })],
    expected: 'RECOVERING; end_run; order on n2 (2); STARTING; due 10 s',
  },
  {
    name: 'a lost worker without another is waited for',
    ...held('RUNNING', {}, { seen: seen('running') }),
    nodes: [aNode({ epoch: 2, leaseUntilMs: nowMs - 1 })],
    expected: 'RECOVERING; end_run; due 30 s, Recovering, attempt 1 of 10. Waiting: no worker is connected.',
  },
  {
    name: 'a second loss within a minute is placed after 1 s',
    ...held('RUNNING', { attempt: 1 }, { seen: seen('released') }),
    expected: 'RECOVERING; end_run; due 1 s, Recovering, attempt 2 of 10.',
  },
  {
    name: 'a node that is lost under a working task uses up no try',
    ...held('RUNNING', { attempt: 10 }, { seen: seen('released') }),
    expected: 'RECOVERING; end_run; due 4 s, Recovering, attempt 4 of 10.',
  },
  {
    name: 'a tenth failure is tried again',
    ...held('RUNNING', { attempt: 9 }, { seen: seen('failed', { error }) }),
    expected: 'RECOVERING; end_run; due 16 s, Recovering, attempt 10 of 10.',
  },
  {
    name: 'a failure after the tenth try is the end',
    ...held('RUNNING', { attempt: 10 }, { seen: seen('failed', { error }) }),
    expected: 'RECOVERING; FAILED; end_run; due never, VRT.002',
  },
  {
    name: 'a minute of running forgets the tries before a loss',
    ...held('RUNNING', { attempt: 10, stateSinceMs: nowMs - 60_000 }, { seen: seen('released') }),
    expected: 'RECOVERING; end_run; order on n1 (2); STARTING; due 10 s',
  },
  {
    name: 'a stop is told to the worker',
    ...held('RUNNING', { desired: 'stop' }),
    expected: 'STOPPING; ask_stop; due 30 s',
  },
  {
    name: 'a window that closes is told to the worker',
    ...held('RUNNING', { isOpen: false }),
    expected: 'STOPPING; ask_stop; due 30 s',
  },
  {
    name: 'a stop of a run that is lost is done',
    ...held('RUNNING', { desired: 'stop' }, { epoch: 0 }),
    expected: 'STOPPING; end_run; STOPPED; due never',
  },
  {
    name: 'a worker that lets go makes it stopped',
    ...held('STOPPING', { desired: 'stop' }, { stopAskedAtMs: nowMs, seen: seen('released') }),
    expected: 'end_run; STOPPED; due never',
  },
  {
    name: 'a worker that does not let go loses the run after 30 s',
    ...held('STOPPING', { desired: 'stop' }, { stopAskedAtMs: nowMs - 30_000 }),
    expected: 'end_run; STOPPED; due never',
  },
  {
    name: 'a task that is started while it stops runs again after',
    ...held('STOPPING', {}, { stopAskedAtMs: nowMs, seen: seen('released') }),
    expected: 'end_run; PENDING; order on n1 (2); STARTING; due 10 s',
  },
  {
    name: 'the last window of a once schedule ends well',
    ...held('STOPPING', { isOpen: false, isScheduleOver: true }, { stopAskedAtMs: nowMs, seen: seen('released') }),
    expected: 'end_run; SUCCEEDED; due never',
  },
  {
    name: 'a delete waits for the worker',
    ...held('RUNNING', { desired: 'delete' }),
    expected: 'DELETING; ask_stop; due 30 s',
  },
  {
    name: 'a delete is done when the worker let go',
    ...held('DELETING', { desired: 'delete' }, { stopAskedAtMs: nowMs, seen: seen('released') }),
    expected: 'end_run; remove',
  },
  {
    name: 'a delete is done after 30 s',
    ...held('DELETING', { desired: 'delete' }, { stopAskedAtMs: nowMs - 30_000 }),
    expected: 'end_run; remove',
  },
  {
    name: 'a hold makes the worker let go',
    ...held('RUNNING', { hold: 'arrears' }),
    expected: 'FREEZING; ask_stop; due 30 s, On hold: arrears.',
  },
  {
    name: 'a hold that is lifted lets it run again',
    task: aTask({ state: 'FROZEN', stateBeforeHold: 'STOPPED' }),
    expected: 'PENDING; order on n1 (1); STARTING; due 10 s',
  },
  {
    name: 'a hold that is lifted gives a failed task its state back',
    task: aTask({ state: 'FROZEN', desired: 'stop', stateBeforeHold: 'FAILED', error }),
    expected: 'FAILED; due never, VIN.201',
  },
  {
    name: 'an update that shows no frame in time is tried again',
    ...held('UPGRADING', { stateSinceMs: nowMs - 120_000 }, { seen: seen('opening') }),
    expected: 'RECOVERING; ask_stop; due 30 s, Waiting: the previous run is letting go.',
  },
  {
    name: 'a running task that is updated lets its run go',
    ...held('RUNNING', { outdatedGeneration: 1 }, { seen: seen('running') }),
    expected: 'UPGRADING; ask_stop; due 30 s',
  },
  {
    name: 'a task that is starting with an earlier spec is not disturbed',
    ...held('STARTING', { outdatedGeneration: 1 }, { seen: seen('opening') }),
    expected: 'due 120 s',
  },
  {
    name: 'an updated task whose run let go is placed with its new spec',
    ...held('UPGRADING', { generation: 2, outdatedGeneration: 1 }, { stopAskedAtMs: nowMs, seen: seen('released') }),
    expected: 'end_run; order on n1 (3); due 120 s',
  },
  {
    name: 'an updated task without room waits for it',
    task: aTask({ state: 'UPGRADING', generation: 2, outdatedGeneration: 1 }),
    nodes: [],
    expected: 'due 30 s, Waiting: no worker is connected.',
  },
]

for (const { name, task, run, nodes = [aNode()], expected } of cases) {
  test(`${name}: ${expected}`, () => {
    assert.equal(story(plan(aWorld({ tasks: [task], runs: run ? [run] : [], nodes }))), expected)
  })
}

test('a run that ended by itself no longer wants to run', () => {
  const steps = plan(
    aWorld({ ...{ tasks: [aTask({ state: 'RUNNING' })], runs: [aRun({ seen: seen('ended') })], nodes: [aNode()] } }),
  )
  assert.deepEqual(keeps(steps)[0]?.task.desired, 'stop')
})

test('tasks of one plan spread over the nodes until their room is taken', () => {
  const tasks = ['t1', 't2', 't3', 't4'].map((id) => aTask({ id }))
  const steps = plan(aWorld({ tasks, nodes: [aNode({ cores: 1 }), aNode({ id: 'n2', cores: 0.5 })] }))
  const placed = steps.flatMap((step) => (step.kind === 'order_run' ? [[step.taskId, step.nodeId]] : []))
  assert.deepEqual(placed, [
    ['t1', 'n1'],
    ['t2', 'n2'],
    ['t3', 'n1'],
  ])
  assert.equal(keeps(steps).at(-1)?.task.status, 'Waiting: no node has 0.5 free cores.')
})
