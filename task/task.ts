// Our own values: what the server knows of a task, a run and a node while it decides.

import type { InputType, OutputKind, TaskState } from '@sightline/contract/states.ts'
import type { TaskError } from '@sightline/contract/task.ts'

export const desires = ['run', 'stop', 'delete'] as const
/** What the user wants of a task. Written by the API only, but for a run that ended by itself, which sets `stop`. */
export type Desired = (typeof desires)[number]

export const holds = ['none', 'quota', 'arrears', 'admin'] as const
export type Hold = (typeof holds)[number]

/** A task as the reconciler sees it: everything that decides its next state, nothing of its spec that does not. */
export type Task = {
  id: string
  projectId: string
  serviceId: string
  state: TaskState
  desired: Desired
  hold: Hold
  /** False outside a schedule's window; always true without a schedule. */
  isOpen: boolean
  hasSchedule: boolean
  isServiceRunning: boolean
  /** Grows with every new order for the task: placed, stopped, moved, reconfigured. Fences reports and results. */
  generation: number
  /** Restarts since the last RUNNING of 60 s. */
  attempt: number
  /** When it entered `state`, epoch ms. */
  stateSinceMs: number
  /** Not before this moment is a new run ordered (back-off), epoch ms; absent when nothing holds it back. */
  notBeforeMs?: number
  /** Where it goes back to when a hold is lifted. */
  stateBeforeHold?: TaskState
  error?: TaskError
  /** What a node must offer to run it. */
  needs: {
    input: InputType
    outputs: OutputKind[]
    algorithm: string
    nodeId?: string
    cores: number
    memoryMib: number
  }
}

/** One execution of a task on one node. At most one per task is live. */
export type Run = {
  taskId: string
  generation: number
  nodeId: string
  /** The node's epoch when the run was ordered; a node that lost its lease since then no longer holds it. */
  epoch: number
  /** Set when the node has been told to let go. */
  isStopAsked: boolean
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
  leaseUntilMs: number
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
