// Observation → steps: what should happen next, for every task that was looked at.
import type { TaskState } from '@sightline/contract/states.ts'
import { nextState, type TaskEvent } from './lifecycle.ts'
import { place, withRun } from './placement.ts'
import type { Node, Run, Task } from './task.ts'
import { askedCauses, nextTurn, steadyAfterMs, type Turn } from './turn.ts'

/** One consistent look: the tasks that are due, their live runs, and every node. */
export type Observation = { nowMs: number; tasks: Task[]; runs: Run[]; nodes: Node[] }

export type Step =
  /** One row of the history. `nodeId` is that of the live run. */
  | {
      kind: 'move'
      /** Somebody asked for it. */
      isAsked: boolean
      taskId: string
      event: TaskEvent
      from: TaskState
      to: TaskState
      cause: string
      generation: number
      nodeId?: string
    }
  | { kind: 'order_run'; taskId: string; generation: number; nodeId: string; epoch: number }
  /** `generation` is that of the run. */
  | { kind: 'ask_stop' | 'end_run'; taskId: string; generation: number; nodeId: string }
  | { kind: 'remove'; taskId: string }
  /** What the task is after the steps before, and when to look again; absent: only a write or a report matters. */
  | { kind: 'keep'; readGeneration: number; task: Task; dueAtMs?: number }

// From any state a task comes to rest in fewer turns; more is a circle in the rules.
const turnsMax = 12

/**
 * The steps that follow from an observation, in order; each task's end in one `keep` or one `remove`.
 *
 * Shape: a plan of the world that results from them holds nothing but `keep`.
 */
export function plan({ nowMs, tasks, runs, nodes }: Observation): Step[] {
  const room = new Map(nodes.map((node) => [node.id, node]))
  const runOf = new Map(runs.map((run) => [run.taskId, run]))
  return tasks.flatMap((task) => planTask(task, runOf.get(task.id), { nowMs, room }))
}

type Stage = { nowMs: number; room: Map<string, Node> }
type Scene = { task: Task; run: Run | undefined }

function planTask(observed: Task, observedRun: Run | undefined, stage: Stage): Step[] {
  const steps: Step[] = []
  let scene: Scene = { task: withoutOldTries(observed, stage.nowMs), run: observedRun }
  for (let turns = 0; turns < turnsMax; turns++) {
    const turn = turnOf(scene, stage)
    if (turn.kind === 'wait') return [...steps, keep(scene.task, turn, observed.generation)]
    steps.push(...stepsOf(turn, scene))
    if (turn.kind === 'remove') return steps
    scene = after(turn, scene, stage)
  }
  return [...steps, keep(scene.task, { kind: 'wait', dueAtMs: stage.nowMs + 1_000 }, observed.generation)]
}

function turnOf({ task, run }: Scene, { nowMs, room }: Stage): Turn {
  const node = run && room.get(run.nodeId)
  return nextTurn({ task, run, node, nowMs, place: () => place(task.needs, [...room.values()], nowMs) })
}

function stepsOf(turn: Turn, { task, run }: Scene): Step[] {
  const taskId = task.id
  if (turn.kind === 'remove') return [{ kind: 'remove', taskId }]
  if (turn.kind === 'order_run') {
    const { id: nodeId, epoch } = turn.node
    const generation = task.generation + 1
    const order: Step = { kind: 'order_run', taskId, generation, nodeId, epoch }
    // A run of a new spec is placed while the task stays UPGRADING.
    if (task.state === 'UPGRADING') return [order]
    return [order, ...moves(task, 'run_placed', `placed on ${turn.node.name}`, { generation, nodeId })]
  }
  if (turn.kind === 'move') {
    return moves(task, turn.event, turn.cause, { generation: task.generation, ...(run && { nodeId: run.nodeId }) })
  }
  if (turn.kind === 'wait' || !run) return []
  return [{ kind: turn.kind, taskId, generation: run.generation, nodeId: run.nodeId }]
}

function moves(task: Task, event: TaskEvent, cause: string, rest: { generation: number; nodeId?: string }): Step[] {
  const to = targetOf(task, event)
  const isAsked = askedCauses.includes(cause)
  return [{ kind: 'move', taskId: task.id, event, from: task.state, to, cause: cause.slice(0, 4096), isAsked, ...rest }]
}

/** The scene once a turn is done. */
function after(turn: Turn, { task, run }: Scene, { nowMs, room }: Stage): Scene {
  if (turn.kind === 'order_run') {
    const { node } = turn
    room.set(node.id, withRun(node, task.needs))
    const generation = task.generation + 1
    const placed = moved(task, 'run_placed', {}, nowMs)
    return { task: { ...placed, generation }, run: { taskId: task.id, generation, nodeId: node.id, epoch: node.epoch } }
  }
  if (turn.kind === 'move') return { task: moved(task, turn.event, turn.changes, nowMs), run }
  if (turn.kind === 'end_run') return { task, run: undefined }
  if (turn.kind === 'ask_stop' && run) {
    return { task: { ...task, generation: task.generation + 1 }, run: { ...run, stopAskedAtMs: nowMs } }
  }
  return { task, run }
}

type MoveChanges = Extract<Turn, { kind: 'move' }>['changes']

function moved(task: Task, event: TaskEvent, changes: MoveChanges, nowMs: number): Task {
  const { error: _, status: _status, notBeforeMs: _notBefore, ...rest } = task
  return { ...rest, ...changes, state: targetOf(task, event), stateSinceMs: nowMs }
}

/** Where an event leads; an event that the table does not know in this state changes nothing. */
function targetOf(task: Task, event: TaskEvent): TaskState {
  const target = nextState(task.state, event) ?? task.state
  if (target === 'BEFORE_HOLD') return task.stateBeforeHold ?? 'STOPPED'
  return target === 'REMOVED' ? task.state : target
}

function keep(task: Task, wait: Extract<Turn, { kind: 'wait' }>, readGeneration: number): Step {
  const { kind: _, dueAtMs, ...said } = wait
  const kept: Task = { ...task, ...said }
  return { kind: 'keep', readGeneration, task: kept, ...(dueAtMs !== undefined && { dueAtMs }) }
}

function withoutOldTries(task: Task, nowMs: number): Task {
  const isSteady = task.state === 'RUNNING' && nowMs >= task.stateSinceMs + steadyAfterMs
  return isSteady ? { ...task, attempt: 0 } : task
}
