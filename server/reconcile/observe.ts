// One consistent look at the tasks that are due, their live runs and the nodes. The tasks stay locked until the
// transaction ends, so nobody else moves them meanwhile.
import type { Observation } from '@sightline/task/plan.ts'
import type { Node, Run, Task } from '@sightline/task/task.ts'
import { shouldRun } from '@sightline/task/turn.ts'
import type { Connection } from '../store/database.ts'
import { claimDueTasks, type DueTaskRow } from '../store/due-tasks.ts'
import { selectNodes, selectNodesUncounted, takePlacementTurn } from '../store/nodes.ts'
import { selectLiveRuns } from '../store/runs.ts'

/** Claims up to `limit` due tasks and what decides about them. */
export async function observe(
  tx: Connection,
  { nowMs, limit }: { nowMs: number; limit: number },
): Promise<Observation> {
  const rows = await claimDueTasks(tx, { nowMs, limit })
  if (rows.length === 0) return { nowMs, tasks: [], runs: [], nodes: [] }
  const tasks = rows.map(toTask)
  const runs = await selectLiveRuns(
    tx,
    tasks.map(({ id }) => id),
  )
  const nodes = await selectNodesUncounted(tx)
  if (!mayPlace(tasks, runs, nodes)) return { nowMs, tasks, runs, nodes }
  await takePlacementTurn(tx)
  return { nowMs, tasks, runs, nodes: await selectNodes(tx) }
}

/** Whether a plan could order a run, so that the room of nodes must not be counted by two servers at once. */
function mayPlace(tasks: Task[], runs: Run[], nodes: Node[]): boolean {
  const epochs = new Map(nodes.map(({ id, epoch }) => [id, epoch]))
  const goesOn = ({ nodeId, epoch, stopAskedAtMs, seen }: Run) =>
    epochs.get(nodeId) === epoch &&
    stopAskedAtMs === undefined &&
    !['ended', 'failed', 'released'].includes(seen?.phase ?? '')
  const running = new Set(runs.filter(goesOn).map(({ taskId }) => taskId))
  return tasks.some((task) => shouldRun(task) && !running.has(task.id))
}

function toTask(row: DueTaskRow): Task {
  const isBeingRemoved = row.service_status === 'deleting'
  return {
    id: row.id,
    state: row.state,
    desired: isBeingRemoved ? 'delete' : row.desired,
    hold: row.hold,
    // Windows are not acted on: a scheduled task stays outside of them.
    isOpen: !row.has_schedule,
    isScheduleOver: false,
    hasSchedule: row.has_schedule,
    isServiceRunning: row.service_status === 'running' || row.service_status === 'concerning',
    isFinite: row.is_finite,
    generation: row.generation,
    outdatedGeneration: row.outdated_generation,
    attempt: row.attempt,
    stateSinceMs: row.state_since,
    ...(row.not_before !== null && { notBeforeMs: row.not_before }),
    ...(row.state_before_hold !== null && { stateBeforeHold: row.state_before_hold }),
    ...(row.status !== null && { status: row.status }),
    ...(row.error_code !== null &&
      row.error_message !== null && { error: { code: row.error_code, message: row.error_message } }),
    needs: {
      input: row.input_type,
      outputs: row.output_kinds,
      algorithm: row.algorithm,
      ...(row.input_node_id !== null && { nodeId: row.input_node_id }),
      cores: row.cores,
      memoryMib: row.memory_mib,
    },
  }
}
