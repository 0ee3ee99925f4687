import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type TaskState, taskStates } from '@sightline/contract/states.ts'
import { isLifecycleDocCurrent } from '../scripts/lifecycle-doc.ts'
import {
  heldStates,
  lettingGoStates,
  nextState,
  nextStates,
  restStates,
  type TaskEvent,
  taskEvents,
  waitingStates,
} from './lifecycle.ts'

const events = Object.keys(taskEvents) as TaskEvent[]
const targetsOf = (state: TaskState) => events.flatMap((event) => nextState(state, event) ?? [])

test('every state is reached from a birth', () => {
  // UPGRADING begins with a configuration update, CREATE_FAILED with a preparation that fails.
  const reached = new Set<string>(['PENDING', 'STOPPED'])
  for (const state of reached) {
    const isState = taskStates.find((one) => one === state)
    for (const target of isState ? targetsOf(isState) : []) reached.add(target)
  }
  assert.deepEqual([...reached].sort(), [...taskStates, 'REMOVED', 'BEFORE_HOLD'].sort())
})

test('every state but DELETING leads to DELETING by a delete', () => {
  const others = taskStates.filter((state) => nextState(state, 'delete_asked') !== 'DELETING')
  assert.deepEqual(others, ['DELETING'])
})

test('DELETING has no way back', () => assert.deepEqual(nextStates.DELETING, { released: 'REMOVED' }))

test('every state is of exactly one kind', () => {
  assert.deepEqual([...heldStates, ...waitingStates, ...lettingGoStates, ...restStates].sort(), [...taskStates].sort())
})

test('every event moves some state', () => {
  assert.deepEqual(
    events.filter((event) => !taskStates.some((state) => nextState(state, event))),
    [],
  )
})

test('no event leaves a task where it is', () => {
  assert.deepEqual(
    taskStates.filter((state) => targetsOf(state).includes(state)),
    [],
  )
})

for (const { from, event, to } of [
  { from: 'PENDING', event: 'run_placed', to: 'STARTING' },
  { from: 'PENDING', event: 'run_unwanted', to: 'STOPPED' },
  { from: 'STARTING', event: 'frame_analysed', to: 'RUNNING' },
  { from: 'STARTING', event: 'start_failed', to: 'PENDING' },
  { from: 'STARTING', event: 'start_given_up', to: 'START_FAILED' },
  { from: 'RUNNING', event: 'degraded', to: 'ABNORMAL' },
  { from: 'ABNORMAL', event: 'healed', to: 'RUNNING' },
  { from: 'RUNNING', event: 'run_lost', to: 'RECOVERING' },
  { from: 'RECOVERING', event: 'run_placed', to: 'STARTING' },
  { from: 'RECOVERING', event: 'run_unwanted', to: 'STOPPED' },
  { from: 'RUNNING', event: 'run_unwanted', to: 'STOPPING' },
  { from: 'STOPPING', event: 'released', to: 'STOPPED' },
  { from: 'STOPPED', event: 'run_wanted', to: 'PENDING' },
  { from: 'RUNNING', event: 'hold_set', to: 'FREEZING' },
  { from: 'PENDING', event: 'hold_set', to: 'FROZEN' },
  { from: 'FROZEN', event: 'run_wanted', to: undefined },
  { from: 'DELETING', event: 'run_wanted', to: undefined },
] as const) {
  test(`${from} by ${event} ${to ? `becomes ${to}` : 'stays'}`, () => assert.equal(nextState(from, event), to))
}

test('docs/lifecycle.md says what the table says', () => assert.ok(isLifecycleDocCurrent()))
