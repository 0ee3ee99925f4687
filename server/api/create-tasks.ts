import { randomBytes } from 'node:crypto'
import { CreateTasksRequest } from '@sightline/contract/task.ts'
import { admit } from '@sightline/task/admit.ts'
import type { NewTask } from '@sightline/task/task.ts'
import { tasksCreated } from '../events.ts'
import { wakeReconciler } from '../store/database.ts'
import { countTasksOfProject } from '../store/task-counts.ts'
import { insertTasks, type StoredSpec } from '../store/tasks.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { apiError } from './errors.ts'
import { findService } from './find-service.ts'
import { parseJsonObject } from './json.ts'
import { maskInput, maskOutput } from './mask.ts'
import { parse } from './parse.ts'
import { settleSpellings } from './spellings.ts'

const taskCountMax = 1_000_000
const taskIdBytes = 16

/** Makes one task per entry of `input.data`, all of them or none. Source: tasks API page, section 3. */
export async function createTasks(door: Door, caller: Caller, call: Call): Promise<Answer> {
  // Whoever asks for a rehearsal must not get the real thing.
  if (call.query.get('dry_run') === 'true') {
    throw apiError('invalid_argument', { detail: 'The param [dry_run] is not supported.' })
  }
  const request = parse(CreateTasksRequest, settleSpellings(parseJsonObject(call.body)))
  const service = await findService(door, caller, call.params.service_id ?? '')
  if (service.status === 'deleting') throw apiError('service_unavailable', { id: service.id })
  const context = {
    service,
    creator: caller.name,
    nowMs: call.nowMs,
    taskIds: request.input.data.map(() => randomBytes(taskIdBytes).toString('hex')),
    isStrict: door.isStrict,
    mayReadFiles: caller.token.roles.includes('admin'),
    addressPolicy: door.addressPolicy(),
  }
  const ids = await door.database.transaction(async (tx) => {
    const taskCount = await countTasksOfProject(tx, caller.project.id)
    const admission = admit(request, { ...context, quota: { taskCount, taskCountMax } })
    if ('refusal' in admission) throw apiError(admission.refusal.error, admission.refusal.params)
    await insertTasks(
      tx,
      admission.tasks.map((task) => ({ task, stored: storedSpec(door, task) })),
    )
    await wakeReconciler(tx)
    return admission.tasks.map(({ id }) => ({ id }))
  })
  tasksCreated(door.log, { serviceId: service.id, taskIds: ids.map(({ id }) => id), by: caller.name })
  return { status: 201, json: { tasks: ids } }
}

/** The clear spec is sealed only where masking changes something. */
function storedSpec({ secretBox }: Door, { id, projectId, input, output }: NewTask): StoredSpec {
  const clear = JSON.stringify({ input, output })
  const masked = { input: maskInput(input), output: maskOutput(output) }
  return {
    input: JSON.stringify(masked.input),
    output: JSON.stringify(masked.output),
    ...(JSON.stringify(masked) !== clear && { secrets: secretBox.seal(clear, { table: 'task', id, projectId }) }),
  }
}
