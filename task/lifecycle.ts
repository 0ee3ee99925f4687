// The lifecycle of a task: states × events → next state, as one table. Source: lifecycle page, section 3.
import type { TaskState } from '@sightline/contract/states.ts'

/** What moves a task, each with the words the documentation says it in. */
export const taskEvents = {
  run_placed: 'a worker takes it',
  run_unwanted: 'user stop, the window closes or the service stops',
  run_wanted: 'user start, the window opens or the service starts',
  preparation_failed: 'it cannot be prepared',
  frame_analysed: 'first frame analysed, every output probed',
  start_failed: 'a fault or 120 s without a frame, tries left',
  start_given_up: 'a permanent fault, or no try left',
  degraded: 'input silent or an output failing for more than 30 s',
  healed: 'frames again and outputs accept',
  abnormal_limit_passed: 'abnormal for too long (a file: 10 min)',
  run_lost: 'the lease expires, or the run breaks and may be tried again',
  recovery_given_up: 'no try left',
  input_ended: 'a finite input ends, outputs flushed',
  run_failed: 'a fatal run error',
  reconfigured: 'configuration or algorithm version changed',
  rolled_back: 'the change cannot be applied, the previous one runs',
  released: 'the worker lets go, or its grace is over',
  released_to_run: 'the worker lets go, and it should run again',
  released_for_good: 'the worker lets go after the last window',
  hold_set: 'a hold is set',
  hold_lifted_to_run: 'the hold is lifted, and it should run',
  hold_lifted_to_rest: 'the hold is lifted, and it should not run',
  delete_asked: 'delete',
} as const
export type TaskEvent = keyof typeof taskEvents

/** A state; or the end of the row; or the rest state that the task had before its hold. */
export type Target = TaskState | 'REMOVED' | 'BEFORE_HOLD'

const everywhere = { delete_asked: 'DELETING' } as const
const whileNobodyHoldsIt = { run_unwanted: 'STOPPED', hold_set: 'FROZEN', ...everywhere } as const
const whileHeld = {
  run_lost: 'RECOVERING',
  run_unwanted: 'STOPPING',
  hold_set: 'FREEZING',
  input_ended: 'SUCCEEDED',
  ...everywhere,
} as const
const atRest = { run_wanted: 'PENDING', hold_set: 'FROZEN', ...everywhere } as const
const whileOnHold = { hold_lifted_to_run: 'PENDING', hold_lifted_to_rest: 'BEFORE_HOLD', ...everywhere } as const

/** An event without an entry in a state's row is refused there: it changes nothing. */
export const nextStates = {
  PENDING: { run_placed: 'STARTING', preparation_failed: 'CREATE_FAILED', ...whileNobodyHoldsIt },
  RECOVERING: { run_placed: 'STARTING', recovery_given_up: 'FAILED', ...whileNobodyHoldsIt },
  STARTING: {
    frame_analysed: 'RUNNING',
    // A stream that comes later is waited for, not failed: inputs and outputs, 1.1 and 1.6.
    degraded: 'ABNORMAL',
    start_failed: 'PENDING',
    start_given_up: 'START_FAILED',
    ...whileHeld,
  },
  UPGRADING: { frame_analysed: 'RUNNING', rolled_back: 'RUNNING', run_failed: 'FAILED', ...whileHeld },
  CREATE_FAILED: atRest,
  START_FAILED: atRest,
  RUNNING: { degraded: 'ABNORMAL', run_failed: 'FAILED', reconfigured: 'UPGRADING', ...whileHeld },
  STOPPING: {
    released: 'STOPPED',
    released_to_run: 'PENDING',
    released_for_good: 'SUCCEEDED',
    hold_set: 'FREEZING',
    ...everywhere,
  },
  STOPPED: atRest,
  ABNORMAL: {
    healed: 'RUNNING',
    abnormal_limit_passed: 'FAILED',
    run_failed: 'FAILED',
    reconfigured: 'UPGRADING',
    ...whileHeld,
  },
  SUCCEEDED: atRest,
  FAILED: atRest,
  DELETING: { released: 'REMOVED' },
  FREEZING: { released: 'FROZEN', ...whileOnHold },
  FROZEN: whileOnHold,
} as const satisfies Record<TaskState, Partial<Record<TaskEvent, Target>>>

/** Where an event leads from a state; absent when it changes nothing there. */
export function nextState(state: TaskState, event: TaskEvent): Target | undefined {
  const row: Partial<Record<TaskEvent, Target>> = nextStates[state]
  return row[event]
}

/** States in which a worker holds a run that is meant to go on. */
export const heldStates: readonly TaskState[] = ['STARTING', 'UPGRADING', 'RUNNING', 'ABNORMAL']
/** States in which a run is looked for. */
export const waitingStates: readonly TaskState[] = ['PENDING', 'RECOVERING']
/** States in which a worker is letting go. */
export const lettingGoStates: readonly TaskState[] = ['STOPPING', 'FREEZING', 'DELETING']
/** States in which nothing runs until somebody wants it. */
export const restStates: readonly TaskState[] = [
  'STOPPED',
  'SUCCEEDED',
  'FAILED',
  'START_FAILED',
  'CREATE_FAILED',
  'FROZEN',
]
