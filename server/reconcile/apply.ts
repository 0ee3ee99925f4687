// Writes the steps of a plan down, in the transaction that claimed their tasks. Nothing is decided here.
import assert from 'node:assert/strict'
import type { Step } from '@sightline/task/plan.ts'
import { type Connection, notify } from '../store/database.ts'
import { deleteTasks, updateTasks, wakeWaitingTasks } from '../store/due-tasks.ts'
import { insertHistory } from '../store/history.ts'
import { updateNodesAssigned } from '../store/nodes.ts'
import { insertRuns, updateRunsEnded, updateRunsStopAsked } from '../store/runs.ts'
import { deleteEmptyServices } from '../store/services.ts'

type StepOf<Kind extends Step['kind']> = Extract<Step, { kind: Kind }>

// Tasks that wait for room are woken a batch at a time when some is left.
const wakenMax = 500

/**
 * Writes the steps down and says how many waiting tasks are due now because runs have ended.
 *
 * Errors: an assertion fails when a task has moved on since it was claimed, which its lock forbids.
 */
export async function apply(tx: Connection, steps: readonly Step[], nowMs: number): Promise<number> {
  const ended = pick(steps, 'end_run')
  await applyToRuns(tx, steps, nowMs)
  await applyToTasks(tx, steps, nowMs)
  const nodeIds = new Set(
    [...pick(steps, 'order_run'), ...pick(steps, 'ask_stop'), ...ended].map(({ nodeId }) => nodeId),
  )
  if (nodeIds.size > 0) {
    await updateNodesAssigned(tx, [...nodeIds])
    await notify(tx, 'assignments')
  }
  return ended.length > 0 ? wakeWaitingTasks(tx, { nowMs, limit: wakenMax }) : 0
}

/** Old runs end before new ones begin: a task has one live run at most. */
async function applyToRuns(tx: Connection, steps: readonly Step[], nowMs: number): Promise<void> {
  const [ended, stopped, ordered] = [pick(steps, 'end_run'), pick(steps, 'ask_stop'), pick(steps, 'order_run')]
  if (ended.length > 0) await updateRunsEnded(tx, ended, nowMs)
  if (stopped.length > 0) await updateRunsStopAsked(tx, stopped, nowMs)
  if (ordered.length > 0) await insertRuns(tx, ordered, nowMs)
}

async function applyToTasks(tx: Connection, steps: readonly Step[], nowMs: number): Promise<void> {
  const [kept, moves, removed] = [pick(steps, 'keep'), pick(steps, 'move'), pick(steps, 'remove')]
  if (kept.length > 0) assert.equal(await updateTasks(tx, kept, nowMs), kept.length, 'a claimed task has moved on')
  if (moves.length > 0) await insertHistory(tx, moves, nowMs)
  if (moves.length + removed.length > 0) await notify(tx, 'changes')
  if (removed.length === 0) return
  await deleteTasks(
    tx,
    removed.map(({ taskId }) => taskId),
    nowMs,
  )
  await deleteEmptyServices(tx)
}

function pick<Kind extends Step['kind']>(steps: readonly Step[], kind: Kind): StepOf<Kind>[] {
  return steps.filter((step): step is StepOf<Kind> => step.kind === kind)
}
