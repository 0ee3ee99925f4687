// Builders, a generator and the effect of steps, for the tests of decisions.
import { taskStates } from '@sightline/contract/states.ts'
import fc from 'fast-check'
import { heldStates, restStates } from './lifecycle.ts'
import { withRun } from './placement.ts'
import type { Observation, Step } from './plan.ts'
import { type Desired, desires, type Hold, holds, type Needs, type Node, type Run, type Task } from './task.ts'

export const nowMs = 1_000_000_000

export const someNeeds: Needs = {
  input: 'url',
  outputs: ['webhook'],
  algorithm: 'c-flowcount',
  cores: 0.5,
  memoryMib: 32,
}

export const aTask = (changes: Partial<Task> = {}): Task => ({
  id: 't1',
  state: 'PENDING',
  desired: 'run',
  hold: 'none',
  isOpen: true,
  isScheduleOver: false,
  hasSchedule: false,
  isServiceRunning: true,
  isFinite: false,
  generation: 0,
  outdatedGeneration: 0,
  attempt: 0,
  stateSinceMs: nowMs,
  needs: someNeeds,
  ...changes,
})

export const aRun = (changes: Partial<Run> = {}): Run => ({
  taskId: 't1',
  generation: 1,
  nodeId: 'n1',
  epoch: 1,
  ...changes,
})

export const aNode = (changes: Partial<Node> = {}): Node => ({
  id: 'n1',
  name: 'north',
  epoch: 1,
  leaseUntilMs: nowMs + 20_000,
  isCordoned: false,
  cores: 2,
  memoryMib: 4096,
  usedCores: 0,
  usedMemoryMib: 0,
  runCount: 0,
  inputs: ['url', 'restful'],
  outputs: ['webhook'],
  algorithms: ['c-flowcount', 'c-intrusiondetection'],
  ...changes,
})

export const aWorld = (changes: Partial<Observation> = {}): Observation => ({
  nowMs,
  tasks: [],
  runs: [],
  nodes: [],
  ...changes,
})

/** The world in which the steps of a plan were done. Room that a run leaves is free from the next observation on. */
export function applied(world: Observation, steps: readonly Step[]): Observation {
  return steps.reduce(applyStep, world)
}

function applyStep(world: Observation, step: Step): Observation {
  switch (step.kind) {
    case 'move':
      return world
    case 'keep':
      return { ...world, tasks: world.tasks.map((task) => (task.id === step.task.id ? step.task : task)) }
    case 'remove':
      return { ...world, tasks: world.tasks.filter((task) => task.id !== step.taskId) }
    case 'order_run': {
      const { taskId, generation, nodeId, epoch } = step
      const needs = world.tasks.find((one) => one.id === taskId)?.needs ?? someNeeds
      return {
        ...world,
        runs: [...world.runs, { taskId, generation, nodeId, epoch }],
        nodes: world.nodes.map((one) => (one.id === nodeId ? withRun(one, needs) : one)),
      }
    }
    case 'ask_stop':
      return {
        ...world,
        runs: world.runs.map((run) => (isOf(step, run) ? { ...run, stopAskedAtMs: world.nowMs } : run)),
      }
    case 'end_run':
      return { ...world, runs: world.runs.filter((run) => !isOf(step, run)) }
  }
}

const isOf = (step: { taskId: string; generation: number }, run: Run) =>
  step.taskId === run.taskId && step.generation === run.generation

/** Steps that change something. */
export const actions = (steps: readonly Step[]) => steps.filter((step) => step.kind !== 'keep')

/** The first value as often as all others together. */
const mostly = <Value>(first: Value, ...others: Value[]) => fc.constantFrom(...others.map(() => first), ...others)

const ago = fc.integer({ min: 0, max: 700_000 }).map((ms) => nowMs - ms)

const seen = fc.record(
  {
    phase: fc.constantFrom('opening', 'running', 'abnormal', 'ended', 'failed', 'released'),
    isPermanent: fc.boolean(),
    sinceMs: ago,
  },
  { noNullPrototype: true },
)

const task = fc.record(
  {
    state: fc.constantFrom(...taskStates),
    desired: mostly<Desired>('run', ...desires),
    hold: mostly<Hold>('none', ...holds),
    isOpen: mostly(true, false),
    isServiceRunning: mostly(true, false),
    isScheduleOver: fc.boolean(),
    isFinite: fc.boolean(),
    generation: fc.integer({ min: 1, max: 9 }),
    outdatedGeneration: mostly(0, 4),
    attempt: fc.integer({ min: 0, max: 12 }),
    stateSinceMs: ago,
    notBeforeMs: fc.option(fc.integer({ min: nowMs - 20_000, max: nowMs + 20_000 }), { nil: undefined }),
    stateBeforeHold: fc.constantFrom(...restStates.filter((state) => state !== 'FROZEN')),
  },
  { noNullPrototype: true },
)

const run = fc.record(
  {
    nodeId: fc.constantFrom('n1', 'n2'),
    epoch: mostly(1, 2),
    stopAskedAtMs: fc.option(
      fc.integer({ min: 0, max: 60_000 }).map((ms) => nowMs - ms),
      { nil: undefined, freq: 1 },
    ),
    seen: fc.option(seen, { nil: undefined }),
  },
  { noNullPrototype: true },
)

const node = fc.record(
  {
    epoch: mostly(1, 2),
    leaseUntilMs: fc.option(fc.integer({ min: nowMs - 10_000, max: nowMs + 20_000 }), { nil: undefined }),
    isCordoned: mostly(false, true),
    cores: fc.integer({ min: 1, max: 4 }),
    inputs: fc.constantFrom<string[]>(['url'], ['vcn']),
  },
  { noNullPrototype: true },
)

/** Up to six tasks in any state, each with or without a live run, on two nodes that may be gone. */
export const anyWorld: fc.Arbitrary<Observation> = fc
  .record({
    tasks: fc.array(fc.tuple(task, fc.option(run, { nil: undefined })), { maxLength: 6 }),
    nodes: fc.tuple(node, node),
  })
  .map(({ tasks, nodes }) => ({
    nowMs,
    tasks: tasks.map(([changes], at) => aTask({ id: `t${at}`, ...withoutAbsent(changes) })),
    runs: tasks.flatMap(([{ generation }, live], at) =>
      live ? [aRun({ taskId: `t${at}`, generation, ...withoutAbsent(live) })] : [],
    ),
    nodes: nodes.map((changes, at) => aNode({ id: `n${at + 1}`, ...withoutAbsent(changes) })),
  }))

/** An absent member is not there, instead of there and undefined. */
function withoutAbsent<Value extends object>(value: Value): { [Key in keyof Value]: Exclude<Value[Key], undefined> } {
  // The entries that are left have the type that the signature says.
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as never
}

export const isHeld = (task: Task) => heldStates.includes(task.state)
