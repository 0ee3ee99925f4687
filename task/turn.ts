// One turn of one task: the next thing to do about it, or nothing. Source: lifecycle page, sections 2 and 3.
import { type TaskErrorCode, taskErrorCodes } from '@sightline/contract/errors.ts'
import type { TaskState } from '@sightline/contract/states.ts'
import type { TaskError } from '@sightline/contract/task.ts'
import { heldStates, restStates, type TaskEvent, waitingStates } from './lifecycle.ts'
import type { Placement } from './placement.ts'
import type { Node, Run, Task } from './task.ts'

export const startWithinMs = 120_000
export const startTriesMax = 5
export const recoverTriesMax = 10
/** Of a task that worked until its node was lost: tries to start are left, and the pause stays at 4 s. */
const triesAfterWorkMax = 3
export const backOffFirstMs = 1_000
export const backOffMostMs = 16_000
/** A worker that has said nothing of an order is looked after this often: it may have begun anew meanwhile. */
export const unheardForMs = 10_000
/** How long a worker may take to let go; its last results leave within it. */
export const stopGraceMs = 30_000
/** A run that holds for so long has begun anew: its earlier tries no longer count. */
export const steadyAfterMs = 60_000
/** A running source that is being opened again is down after this. */
export const silentAfterMs = 30_000
/** A safety net only: a registered node and a run that ended wake the tasks that wait. */
export const lookAgainAfterMs = 30_000
/** A file that cannot be read for so long never will be. */
export const abnormalFileMs = 600_000

/** What a turn is decided on. */
export type Situation = {
  task: Task
  /** The live run, if any. */
  run: Run | undefined
  /** The node of the live run. */
  node: Node | undefined
  nowMs: number
  place: () => Placement
}

type Changes = Partial<Pick<Task, 'desired' | 'attempt' | 'stateBeforeHold'>> & {
  notBeforeMs?: number
  error?: TaskError
  status?: string
}

export type Turn =
  /** `changes` replace; what is not named in them of error, status and back-off is cleared. */
  | { kind: 'move'; event: TaskEvent; cause: string; changes: Changes }
  | { kind: 'order_run'; node: Node }
  | { kind: 'ask_stop' }
  | { kind: 'end_run' }
  | { kind: 'remove' }
  | { kind: 'wait'; status?: string; dueAtMs?: number }

const causes = { delete: 'a delete was asked', stop: 'a stop was asked' } as const
/** Causes of what somebody asked for. */
export const askedCauses: readonly string[] = Object.values(causes)

/** All automatic moves follow from this. */
export const shouldRun = (task: Task) =>
  task.desired === 'run' && task.isOpen && task.hold === 'none' && task.isServiceRunning

/** The next thing to do; `wait` when there is nothing until its time, a write or a report. */
export function nextTurn(situation: Situation): Turn {
  const { state } = situation.task
  return (
    turnOfDelete(situation) ??
    turnOfHold(situation) ??
    (heldStates.includes(state)
      ? (turnOfOldSpec(situation) ?? turnWhileHeld(situation))
      : (turnBeforeLettingGo(situation) ?? turnOfRun(situation) ?? turnWithoutRun(situation)))
  )
}

function turnOfDelete({ task }: Situation): Turn | undefined {
  if (task.desired !== 'delete' || task.state === 'DELETING') return undefined
  return move('delete_asked', causes.delete)
}

function turnOfHold({ task }: Situation): Turn | undefined {
  const { state, hold, stateBeforeHold } = task
  const isOnHold = state === 'FREEZING' || state === 'FROZEN'
  if (state === 'DELETING' || isOnHold === (hold !== 'none')) return undefined
  if (!isOnHold) {
    const before: TaskState = restStates.includes(state) ? state : 'STOPPED'
    const kept = task.error && { error: task.error }
    return move('hold_set', `a hold was set: ${hold}`, {
      stateBeforeHold: before,
      status: `On hold: ${hold}.`,
      ...kept,
    })
  }
  if (shouldRun(task)) return move('hold_lifted_to_run', 'the hold was lifted')
  const isFailed = stateBeforeHold !== 'STOPPED' && stateBeforeHold !== 'SUCCEEDED'
  return move('hold_lifted_to_rest', 'the hold was lifted', isFailed && task.error ? { error: task.error } : {})
}

/** A run of an earlier spec is told to let go, and one of the new spec is placed; meanwhile the task is UPGRADING. */
function turnOfOldSpec(situation: Situation): Turn | undefined {
  const { task, run, nowMs, place } = situation
  const isOld = run !== undefined && run.generation <= task.outdatedGeneration
  if (!shouldRun(task) || (run?.seen?.phase === 'ended' && run.stopAskedAtMs === undefined)) return undefined
  if (isOld && (task.state === 'RUNNING' || task.state === 'ABNORMAL')) {
    return move('reconfigured', 'the task was updated')
  }
  if (task.state !== 'UPGRADING') return undefined
  if (isOld || run?.stopAskedAtMs !== undefined) return turnOfRun(situation)
  if (run) return undefined
  const placement = place()
  if (placement.kind === 'placed') return { kind: 'order_run', node: placement.node }
  const limitMs = task.stateSinceMs + startWithinMs
  if (nowMs >= limitMs) return undefined
  return { kind: 'wait', status: placement.reason, dueAtMs: Math.min(limitMs, nowMs + lookAgainAfterMs) }
}

/** While a worker holds a run that is meant to go on. What happened wins over what is wanted, for an input that ended. */
function turnWhileHeld({ task, run, node, nowMs }: Situation): Turn {
  const { state } = task
  const held = run?.stopAskedAtMs === undefined ? run : undefined
  const phase = held?.seen?.phase
  if (phase === 'ended') return move('input_ended', 'the input ended', { desired: 'stop' })
  if (!shouldRun(task)) return move('run_unwanted', whyNot(task))
  if (phase === 'failed') return turnOfFault(task, held?.seen, nowMs)
  if (!held || held.epoch !== node?.epoch || phase === 'released') {
    return loseRun(withoutBlame(task), nowMs, `${node?.name ?? 'the worker'} no longer holds the run`)
  }
  if (state === 'STARTING' && nowMs >= task.stateSinceMs + startWithinMs) {
    return turnOfFault(task, { isPermanent: false, error: startTimeout }, nowMs)
  }
  return turnOfPhase(task, held, nowMs) ?? { kind: 'wait', ...whileHeldUntil(task, held, nowMs) }
}

function turnOfPhase(task: Task, { seen }: Run, nowMs: number): Turn | undefined {
  const { state, stateSinceMs } = task
  const isSilent = seen?.phase === 'opening' && nowMs >= seen.sinceMs + silentAfterMs
  if (seen?.phase === 'running' && state === 'ABNORMAL') return move('healed', 'frames again and outputs accept')
  if (seen?.phase === 'running' && state !== 'RUNNING') return move('frame_analysed', 'the first frame was analysed')
  if (state === 'RUNNING' || state === 'STARTING') {
    const isDown = seen?.phase === 'abnormal' || (state === 'RUNNING' && isSilent)
    return isDown ? move('degraded', causeOf(seen, 'input or output is down'), whatIsDown(seen)) : undefined
  }
  if (state === 'UPGRADING' && nowMs >= stateSinceMs + startWithinMs) {
    return turnOfFault(task, { isPermanent: false, error: startTimeout }, nowMs)
  }
  if (state === 'ABNORMAL' && task.isFinite && nowMs >= stateSinceMs + abnormalFileMs) {
    return move('abnormal_limit_passed', 'the file could not be read for too long', {
      desired: 'stop',
      error: seen?.error ?? task.error ?? fault('urlSilent', 'the file could not be read for 10 minutes'),
    })
  }
  return undefined
}

/** What a failed run leads to: another try, or none. */
function turnOfFault(task: Task, seen: { isPermanent: boolean; error?: TaskError } | undefined, nowMs: number): Turn {
  const error = seen?.error ?? fault('engineCrashed', 'the run ended without saying why')
  const cause = `the run failed: ${error.message}`
  const end = { desired: 'stop', error } as const
  if (task.state !== 'STARTING') {
    return seen?.isPermanent ? move('run_failed', cause, end) : loseRun(task, nowMs, cause)
  }
  if (seen?.isPermanent || task.attempt >= startTriesMax) return move('start_given_up', cause, end)
  const pauseMs = backOffMs(task.attempt)
  return move('start_failed', cause, {
    attempt: task.attempt + 1,
    notBeforeMs: nowMs + pauseMs,
    status: `Retry ${task.attempt + 1} of ${startTriesMax} in ${pauseMs / 1000} s, after: ${error.message}`.slice(
      0,
      4096,
    ),
  })
}

/** The first recovery is at once; a run that is lost again and again is placed with growing pauses. */
function loseRun(task: Task, nowMs: number, cause: string): Turn {
  const attempt = task.attempt + 1
  const pause = task.attempt > 0 && { notBeforeMs: nowMs + backOffMs(task.attempt - 1) }
  return move('run_lost', cause, { attempt, status: recovering(attempt), ...pause })
}

/** A run that worked when its node let go of it uses up no try; only the pause before the next one grows. */
const withoutBlame = (task: Task): Task =>
  task.state === 'STARTING' ? task : { ...task, attempt: Math.min(task.attempt, triesAfterWorkMax) }

const recovering = (attempt: number) => `Recovering, attempt ${attempt} of ${recoverTriesMax}.`

/** What comes before the last run has let go: a wish withdrawn, or the end of all tries. */
function turnBeforeLettingGo({ task }: Situation): Turn | undefined {
  if (!waitingStates.includes(task.state)) return undefined
  if (!shouldRun(task)) return move('run_unwanted', whyNot(task), statusAtRest(task))
  if (task.state !== 'RECOVERING' || task.attempt <= recoverTriesMax) return undefined
  const error = fault('workerLost', `the run was lost ${task.attempt} times`)
  return move('recovery_given_up', error.message, { desired: 'stop', error })
}

/** A live run that is not meant to go on: it is told, and ends when the worker let go, is gone, or took too long. */
function turnOfRun({ task, run, node, nowMs }: Situation): Turn | undefined {
  if (!run) return undefined
  const isLost = run.epoch !== node?.epoch
  const isOver = ['ended', 'failed', 'released'].includes(run.seen?.phase ?? '')
  if (isLost || isOver) return { kind: 'end_run' }
  if (run.stopAskedAtMs === undefined) return { kind: 'ask_stop' }
  const graceEndsAtMs = run.stopAskedAtMs + stopGraceMs
  if (nowMs >= graceEndsAtMs) return { kind: 'end_run' }
  const status = waitingStates.includes(task.state) ? 'Waiting: the previous run is letting go.' : undefined
  return { kind: 'wait', dueAtMs: graceEndsAtMs, ...(status && { status }) }
}

function turnWithoutRun(situation: Situation): Turn {
  const { task } = situation
  if (waitingStates.includes(task.state)) return turnWhileWaiting(situation)
  if (task.state === 'STOPPING') return turnWhenReleased(task)
  if (task.state === 'FREEZING') return move('released', 'the worker let go', { status: `On hold: ${task.hold}.` })
  if (task.state === 'DELETING') return { kind: 'remove' }
  const isWanted = task.state !== 'FROZEN' && shouldRun(task)
  return isWanted ? move('run_wanted', 'it should run', { attempt: 0 }) : { kind: 'wait' }
}

function turnWhileWaiting({ task, nowMs, place }: Situation): Turn {
  if (task.notBeforeMs !== undefined && task.notBeforeMs > nowMs) return { kind: 'wait', dueAtMs: task.notBeforeMs }
  const placement = place()
  if (placement.kind === 'placed') return { kind: 'order_run', node: placement.node }
  const prefix = task.state === 'RECOVERING' ? `${recovering(task.attempt)} ` : ''
  return { kind: 'wait', status: prefix + placement.reason, dueAtMs: nowMs + lookAgainAfterMs }
}

function turnWhenReleased(task: Task): Turn {
  if (shouldRun(task)) return move('released_to_run', 'the worker let go, and it should run again')
  if (task.isScheduleOver) return move('released_for_good', 'the last window ended', { desired: 'stop' })
  return move('released', 'the worker let go', statusAtRest(task))
}

/** Until when a held run is left alone, and what is said meanwhile. */
function whileHeldUntil({ state, attempt, isFinite: endsByItself, stateSinceMs }: Task, { seen }: Run, nowMs: number) {
  const isOpening = seen?.phase === 'opening'
  const startEndsAtMs = stateSinceMs + startWithinMs
  const limitsMs: Partial<Record<TaskState, number | undefined>> = {
    STARTING: seen ? startEndsAtMs : Math.min(startEndsAtMs, nowMs + unheardForMs),
    UPGRADING: startEndsAtMs,
    RUNNING: isOpening ? seen.sinceMs + silentAfterMs : attempt > 0 ? stateSinceMs + steadyAfterMs : undefined,
    ABNORMAL: endsByItself ? stateSinceMs + abnormalFileMs : undefined,
  }
  const dueAtMs = limitsMs[state]
  return { ...(dueAtMs !== undefined && { dueAtMs }), ...(state === 'ABNORMAL' && whatIsDown(seen)) }
}

const move = (event: TaskEvent, cause: string, changes: Changes = {}): Turn => ({ kind: 'move', event, cause, changes })

const backOffMs = (tries: number) => Math.min(backOffFirstMs * 2 ** tries, backOffMostMs)

const fault = (name: keyof typeof taskErrorCodes, message: string): TaskError & { code: TaskErrorCode } => ({
  code: taskErrorCodes[name],
  message,
})
const startTimeout = fault('startTimeout', 'no frame was analysed within 120 s')

const causeOf = (seen: Run['seen'], otherwise: string) => seen?.detail ?? seen?.error?.message ?? otherwise

function whatIsDown(seen: Run['seen']): { error?: TaskError; status?: string } {
  const status = causeOf(seen, 'The input or an output is down.')
  return { status, ...(seen?.error && { error: seen.error }) }
}

function whyNot({ desired, isOpen, isServiceRunning }: Task): string {
  if (desired !== 'run') return causes.stop
  if (!isServiceRunning) return 'the service is not running'
  return isOpen ? 'a hold was set' : 'the window closed'
}

const statusAtRest = ({ desired, isServiceRunning }: Task) =>
  desired === 'run' && !isServiceRunning ? { status: 'The service is not running.' } : {}
