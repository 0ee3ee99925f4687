// Our own values: what the server knows of a task, a run and a node while it decides.

import type { TaskSchedule } from '@sightline/contract/schedule.ts'
import type { InputType, OutputKind, TaskState } from '@sightline/contract/states.ts'
import type { TaskError, TaskInput, TaskOutput } from '@sightline/contract/task.ts'

export const desires = ['run', 'stop', 'delete'] as const
/** What the user wants of a task. Written by the API only, but for a run that ended by itself, which sets `stop`. */
export type Desired = (typeof desires)[number]

export const holds = ['none', 'quota', 'arrears', 'admin'] as const
export type Hold = (typeof holds)[number]

/** What a node must offer to run a task. */
export type Needs = {
  input: InputType
  outputs: OutputKind[]
  algorithm: string
  nodeId?: string
  cores: number
  memoryMib: number
}

/** A task as the reconciler sees it: everything that decides its next state, nothing of its spec that does not. */
export type Task = {
  id: string
  state: TaskState
  desired: Desired
  hold: Hold
  /** False outside a schedule's window; always true without a schedule. */
  isOpen: boolean
  /** No window is left in which it may run again; always false without a schedule. */
  isScheduleOver: boolean
  hasSchedule: boolean
  isServiceRunning: boolean
  /** Its input ends by itself: a file. */
  isFinite: boolean
  /** Grows with every new order for the task: placed, stopped, moved, reconfigured. Fences reports and results. */
  generation: number
  /** Runs up to this generation carry an earlier spec and are replaced; 0 when none does. */
  outdatedGeneration: number
  /** Restarts since the last RUNNING of 60 s. */
  attempt: number
  /** When it entered `state`, epoch ms. */
  stateSinceMs: number
  /** Not before this moment is a new run ordered (back-off), epoch ms; absent when nothing holds it back. */
  notBeforeMs?: number
  /** Where it goes back to when a hold is lifted. */
  stateBeforeHold?: TaskState
  /** One English sentence, where it adds something to the state. */
  status?: string
  error?: TaskError
  needs: Needs
}

/** One execution of a task on one node, not ended. At most one per task is live. */
export type Run = {
  taskId: string
  generation: number
  nodeId: string
  /** The node's epoch when the run was ordered; a node that lost its lease since then no longer holds it. */
  epoch: number
  /** When the node was told to let go, epoch ms; absent while it is to go on. */
  stopAskedAtMs?: number
  /** The newest report; absent until the node has said something. */
  seen?: {
    phase: 'opening' | 'running' | 'abnormal' | 'ended' | 'failed' | 'released'
    isPermanent: boolean
    error?: TaskError
    detail?: string
    /** When the phase was first reported, epoch ms of the database. */
    sinceMs: number
  }
}

export type Node = {
  id: string
  name: string
  epoch: number
  /** Absent when the lease was lost and not taken again. */
  leaseUntilMs?: number
  isCordoned: boolean
  cores: number
  memoryMib: number
  /** What live runs on it take. */
  usedCores: number
  usedMemoryMib: number
  runCount: number
  inputs: string[]
  outputs: string[]
  algorithms: string[]
}

/** A task as it is admitted: one row of table `task`, secrets still in clear. */
export type NewTask = {
  id: string
  projectId: string
  serviceId: string
  name: string
  description?: string
  creator: string
  /** Exactly one entry in `data`. */
  input: TaskInput
  output: TaskOutput
  /** As sent. */
  config?: Record<string, unknown>
  /** Letter case of `type` settled, else as sent. */
  schedule?: TaskSchedule
  labels?: Record<string, string>
  cores: number
  memoryMib: number
  isFinite: boolean
  desired: 'run' | 'stop'
  /** Absent without a schedule. */
  armed?: boolean
  state: 'PENDING' | 'STOPPED'
  status?: string
  /** Of `created_at`, `updated_at` and `state_since`. */
  createdAtMs: number
  /** When the reconciler first looks at it; absent when only a write can change anything. */
  dueAtMs?: number
  /** Of the first row of its history. */
  cause: string
}
