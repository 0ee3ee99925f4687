import { randomBytes } from 'node:crypto'
import { CreateTasksRequest } from '@sightline/contract/task.ts'
import { admit } from '@sightline/task/admit.ts'
import type { NewTask } from '@sightline/task/task.ts'
import { tasksCreated } from '../events.ts'
import { type Connection, DatabaseUnavailableError, wakeReconciler } from '../store/database.ts'
import { countTasksOfProject, takeProjectTurn } from '../store/task-counts.ts'
import { insertTasks, type StoredSpec } from '../store/tasks.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { apiError } from './errors.ts'
import { findService } from './find-service.ts'
import { readIdempotencyKey, takeIdempotencyKey } from './idempotency.ts'
import { parseJsonObject } from './json.ts'
import { maskInput, maskOutput } from './mask.ts'
import { parse } from './parse.ts'
import { readWord } from './query.ts'
import { rehearseTasks } from './rehearse-tasks.ts'
import { settleSpellings } from './spellings.ts'
import { checkOldOutputs } from './strict.ts'
import { admitContext, taskCountMax } from './task-rules.ts'

// More than can be on their way at once: 100 tasks a request, 20 requests a server. Below it nobody waits for a turn.
const quotaMarginCount = 10_000
const taskIdBytes = 16

/** Makes one task per entry of `input.data`, all of them or none. Source: tasks API page, section 3. */
export async function createTasks(door: Door, caller: Caller, call: Call): Promise<Answer> {
  if (readWord(call.query, 'dry_run', ['true', 'false']) === 'true') return rehearseTasks(door, caller, call)
  const body = settleSpellings(parseJsonObject(call.body))
  const request = parse(CreateTasksRequest, body)
  checkOldOutputs(door, body)
  const key = readIdempotencyKey(call)
  const service = await findService(door, caller, call.params.service_id ?? '')
  if (service.status === 'deleting' || (door.isStrict && service.status === 'failed'))
    throw apiError('service_unavailable', { id: service.id })
  const taskIds = request.input.data.map(() => randomBytes(taskIdBytes).toString('hex'))
  const context = { ...admitContext(door, caller, service), nowMs: call.nowMs, taskIds }
  const record = async (tx: Connection, taskCount: number) => {
    const of = { projectId: caller.project.id, serviceId: service.id, call, taskIds }
    const earlier = key === undefined ? undefined : await takeIdempotencyKey(tx, { ...of, key })
    if (earlier) return earlier
    const admission = admit(request, { ...context, quota: { taskCount, taskCountMax } })
    if ('refusal' in admission) throw apiError(admission.refusal.error, admission.refusal.params)
    const tasks = admission.tasks.map((task) => ({ task, stored: storedSpec(door, task) }))
    await insertTasks(tx, tasks)
    return taskIds
  }
  const ids = await recordWithinQuota(door, caller, { isOneStatement: key === undefined, record })
  if (ids === taskIds) {
    await wake(door)
    tasksCreated(door.log, { serviceId: service.id, taskIds, by: caller.name })
  }
  return { status: 201, json: { tasks: ids.map((id) => ({ id })) } }
}

type Recording<Result> = {
  isOneStatement: boolean
  record: (tx: Connection, taskCount: number) => Promise<Result>
}

/** Far from the quota nobody waits for another's commit, and one statement needs no transaction around it. */
async function recordWithinQuota<Result>(
  { database }: Door,
  { project }: Caller,
  { isOneStatement, record }: Recording<Result>,
): Promise<Result> {
  const taskCount = await countTasksOfProject(database, project.id)
  const isNear = taskCount > taskCountMax - quotaMarginCount
  if (isOneStatement && !isNear) return record(database, taskCount)
  return database.transaction(async (tx) => {
    if (!isNear) return record(tx, taskCount)
    await takeProjectTurn(tx, project.id)
    return record(tx, await countTasksOfProject(tx, project.id))
  })
}

/** Outside the transaction, since a notification makes commits wait for each other. Unheard, the reconciler's poll finds the task. */
async function wake({ database }: Door): Promise<void> {
  await wakeReconciler(database).catch((error: unknown) => {
    if (!(error instanceof DatabaseUnavailableError)) throw error
  })
}

/** The clear spec is sealed only where masking changes something. */
export function storedSpec(
  { secretBox }: Door,
  { id, projectId, input, output }: Pick<NewTask, 'id' | 'projectId' | 'input' | 'output'>,
): StoredSpec {
  const clear = JSON.stringify({ input, output })
  const masked = { input: maskInput(input), output: maskOutput(output) }
  return {
    input: JSON.stringify(masked.input),
    output: JSON.stringify(masked.output),
    ...(JSON.stringify(masked) !== clear && { secrets: secretBox.seal(clear, { table: 'task', id, projectId }) }),
  }
}
