import { taskIdPattern } from '@sightline/contract/task.ts'
import { BatchTasksRequest, type BatchTasksResponse } from '@sightline/contract/task-extras.ts'
import type { z } from 'zod'
import { wishTaken } from '../events.ts'
import { wakeReconciler } from '../store/database.ts'
import { type BatchRow, selectBatch, selectMatchingIds, updateTasksWished } from '../store/task-batch.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { apiError, outcomeOf } from './errors.ts'
import { findService } from './find-service.ts'
import { checkPermission, permissions } from './gate.ts'
import { parseJsonObject } from './json.ts'
import { parse } from './parse.ts'
import { checkProfileStarts } from './strict.ts'
import { readConditions } from './task-query.ts'

const tasksMax = 1000

/** Starts, stops or deletes many tasks, each on its own: one that refuses holds up no other. Source: platform API page. */
export async function batchTasks(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const request = parse(BatchTasksRequest, parseJsonObject(call.body))
  const { action, ids, filter } = request
  if ((ids === undefined) === (filter === undefined)) {
    throw apiError('invalid_argument', { detail: 'One of the fields [ids] and [filter] is required.' })
  }
  for (const [at, id] of (ids ?? []).entries()) {
    if (taskIdPattern.test(id)) continue
    throw apiError('invalid_argument', { detail: `The field [ids[${at}]] does not match ${taskIdPattern.source}.` })
  }
  const conditions = filter && readConditions(toQuery(filter))
  const service = await findService(door, caller, call.params.service_id ?? '')
  if (action !== 'delete') checkProfileStarts(door, service, action)
  if (action === 'start' && service.status !== 'running') throw apiError('service_unavailable', { id: service.id })
  const of = { projectId: caller.project.id, serviceId: service.id }
  const chosen = conditions
    ? await selectMatchingIds(door.database, { ...of, ...conditions }, tasksMax)
    : { ids: [...new Set(ids)], count: new Set(ids).size }
  if (action === 'delete') checkPermission(caller.token, permissions.DeleteTask, call.params)
  const isDryRun = request.dry_run === true || call.query.get('dry_run') === 'true'
  const batch = { ...of, action, ids: chosen.ids }
  const rows = isDryRun ? await selectBatch(door.database, batch) : await take(door, caller, call, batch)
  const found = new Map(rows.map((row) => [row.id, row]))
  const tasks = chosen.ids.map((id) => outcome(action, id, found.get(id)))
  const answer: BatchTasksResponse = { dry_run: isDryRun, count: chosen.count, tasks }
  return { status: 202, json: answer }
}

type Batch = Parameters<typeof updateTasksWished>[1]

async function take(door: Door, caller: Caller, { nowMs }: Call, batch: Batch): Promise<BatchRow[]> {
  const rows = await door.database.transaction(async (tx) => {
    const taken = await updateTasksWished(tx, batch, { nowMs, by: caller.name })
    await wakeReconciler(tx)
    return taken
  })
  for (const { id, is_taken } of rows) {
    if (is_taken) wishTaken(door.log, { wish: batch.action, taskId: id, by: caller.name })
  }
  return rows
}

function outcome(op: Batch['action'], id: string, row: BatchRow | undefined): BatchTasksResponse['tasks'][number] {
  if (row?.is_taken) return { id, accepted: true, state: row.state }
  const error = row
    ? apiError('operation_not_allowed', { op, id, state: row.state })
    : apiError('task_not_found', { id })
  const { code } = outcomeOf(error, '')
  return { id, accepted: false, ...(row && { state: row.state }), error_code: code, error_msg: error.message }
}

/** The filter as the list's own parameters. */
function toQuery({ label = [], ...filter }: NonNullable<z.output<typeof BatchTasksRequest>['filter']>) {
  const entries = Object.entries(filter).filter(([, value]) => value !== undefined)
  return { query: new Map(entries.map(([name, value]) => [name, String(value)])), labels: label }
}
