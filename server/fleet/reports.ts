import type { Report, ReportsRequest, ReportsResponse } from '@sightline/contract/fleet.ts'
import type { z } from 'zod'
import { wakeReconciler } from '../store/database.ts'
import { lockTasks, type RunReport, updateRunsReported } from '../store/runs.ts'
import { checkEpoch, findNode } from './credentials.ts'
import type { FleetDoor } from './door.ts'

/**
 * Records what a node sees of its runs. A report about a run that is over, or of another generation, or older than one
 * that was taken, is dropped without a word: the assignments say what counts now.
 *
 * Errors: `unknown_credential`, `epoch_over`.
 */
export async function createReports(
  door: FleetDoor,
  { epoch, reports }: z.infer<typeof ReportsRequest>,
  authorization: string | undefined,
): Promise<z.infer<typeof ReportsResponse>> {
  const node = await findNode(door.database, authorization)
  checkEpoch(node, epoch)
  if (reports.length === 0) return { accepted_count: 0 }
  const newest = newestOfEachRun(reports)
  const { takenCount } = await door.database.transaction(async (tx) => {
    await lockTasks(
      tx,
      newest.map(({ taskId }) => taskId),
    )
    const outcome = await updateRunsReported(tx, { nodeId: node.id, epoch, reports: newest, nowMs: door.clock() })
    if (outcome.dueCount > 0) await wakeReconciler(tx)
    return outcome
  })
  return { accepted_count: takenCount }
}

function newestOfEachRun(reports: readonly Report[]): RunReport[] {
  const newest = new Map<string, Report>()
  for (const report of reports) {
    const key = `${report.task_id} ${report.generation}`
    const known = newest.get(key)
    if (!known || known.seq < report.seq) newest.set(key, report)
  }
  return [...newest.values()].map(toRunReport)
}

function toRunReport(report: Report): RunReport {
  return {
    taskId: report.task_id,
    generation: report.generation,
    seq: report.seq,
    phase: report.phase,
    isPermanent: report.is_permanent === true,
    ...(report.error && { errorCode: report.error.code, errorMessage: report.error.message }),
    ...(report.detail !== undefined && { detail: report.detail }),
    ...(report.last_sequence !== undefined && { lastSequence: report.last_sequence }),
    ...(report.counters && { counters: JSON.stringify(report.counters) }),
  }
}
