import type { Assignment, AssignmentsResponse } from '@sightline/contract/fleet.ts'
import type { TaskInput, TaskOutput } from '@sightline/contract/task.ts'
import { flatConfig } from '@sightline/task/check-config.ts'
import type { z } from 'zod'
import { apiError } from '../api/errors.ts'
import { type AssignedRun, selectAssignments } from '../store/runs.ts'
import { SecretKeyError } from '../store/secrets.ts'
import type { AssignmentsWatch } from './assignments-watch.ts'
import { checkEpoch, findNode } from './credentials.ts'
import type { FleetDoor } from './door.ts'

export type AssignmentsQuery = {
  epoch: number
  /** The version that the node has; absent when it has none. */
  version?: number
  waitMs: number
}

// Below the idle limits of proxies.
const waitMostMs = 55_000

/**
 * What a node should be running: at once when that differs from the version it has, else when it changes or the wait is
 * over.
 *
 * Errors: `unknown_credential`, `epoch_over`.
 */
export async function listAssignments(
  door: FleetDoor & { watch: AssignmentsWatch },
  { epoch, version, waitMs }: AssignmentsQuery,
  call: { authorization: string | undefined; signal: AbortSignal },
): Promise<z.infer<typeof AssignmentsResponse>> {
  const node = await findNode(door.database, call.authorization)
  checkEpoch(node, epoch)
  const answer = await currentAssignments(door, { id: node.id, epoch })
  if (answer.version !== version || waitMs <= 0) return answer
  await door.watch.change({ id: node.id, version, waitMs: Math.min(waitMs, waitMostMs) }, call.signal)
  return currentAssignments(door, { id: node.id, epoch })
}

async function currentAssignments(
  door: FleetDoor,
  node: { id: string; epoch: number },
): Promise<z.infer<typeof AssignmentsResponse>> {
  const found = await selectAssignments(door.database, node)
  if (!found) throw apiError('epoch_over', { epoch: node.epoch })
  return { version: found.version, assignments: found.runs.flatMap((run) => toAssignment(door, run)) }
}

/** Empty for a run whose secrets cannot be opened: it runs into its start time-out, and the log says why. */
function toAssignment(door: FleetDoor, run: AssignedRun): Assignment[] {
  try {
    return [openAssignment(door, run)]
  } catch (error) {
    if (!(error instanceof SecretKeyError)) throw error
    door.log.error({ err: error, task: run.task_id }, 'a run was not assigned: its secrets could not be opened')
    return []
  }
}

function openAssignment({ secretBox, addressPolicy }: FleetDoor, run: AssignedRun): Assignment {
  const { input, output } = specOf(run, secretBox)
  return {
    task_id: run.task_id,
    project_id: run.project_id,
    generation: run.generation,
    input,
    output,
    algorithm: { name: run.algorithm, version: run.version },
    config: run.config === null ? {} : flatConfig(JSON.parse(run.config)),
    signing_secrets: run.signing_secrets.map((sealed) =>
      secretBox.open(sealed, { table: 'project', id: run.project_id, projectId: run.project_id }),
    ),
    address_policy: addressPolicy(),
    last_sequence: run.last_sequence,
  }
}

/** The part of a task that the user wrote, secrets in clear. What is stored was checked when it came in. */
function specOf(run: AssignedRun, secretBox: FleetDoor['secretBox']): { input: TaskInput; output: TaskOutput } {
  if (run.secrets === null) return { input: JSON.parse(run.input), output: JSON.parse(run.output) }
  return JSON.parse(secretBox.open(run.secrets, { table: 'task', id: run.task_id, projectId: run.project_id }))
}
