import type { CreateTasksRequest, TaskInput, TaskOutput } from '@sightline/contract/task.ts'
import { UpdateTaskRequest } from '@sightline/contract/task-extras.ts'
import { checkSpec } from '@sightline/task/admit.ts'
import { isFiniteInput } from '@sightline/task/check-input.ts'
import { completeOutput } from '@sightline/task/check-output.ts'
import { taskUpdated } from '../events.ts'
import { wakeReconciler } from '../store/database.ts'
import type { Service } from '../store/services.ts'
import { selectTaskToUpdate, type TaskUpdate, type UpdatableTask, updateTaskSpec } from '../store/task-updates.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { storedSpec } from './create-tasks.ts'
import { apiError } from './errors.ts'
import { findService, readTaskId } from './find-service.ts'
import { parseJsonWithNulls } from './json.ts'
import { keepMaskedInput, keepMaskedOutput } from './keep-masked.ts'
import { parse } from './parse.ts'
import { etagOf, showTask } from './show-task.ts'
import { settleSpellings } from './spellings.ts'
import { checkOldOutputs } from './strict.ts'
import { admitContext } from './task-rules.ts'

const fixedStates: readonly string[] = ['STOPPING', 'DELETING']

/** Changes what the user wrote of a task; a running one is given to its node anew. Source: tasks API page, section 6. */
export async function updateTask(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const id = readTaskId(call)
  const body = settleSpellings(settleAliases(parseJsonWithNulls(call.body)))
  const request = parse(UpdateTaskRequest, body)
  checkOldOutputs(door, body)
  if (request.input && request.input.data.length > 1) {
    const detail = 'Only one input is allowed in the field [input.data] for update.'
    throw apiError('invalid_argument', { detail })
  }
  const service = await findService(door, caller, call.params.service_id ?? '')
  const update = await door.database.transaction(async (tx) => {
    const task = await selectTaskToUpdate(tx, { projectId: caller.project.id, serviceId: service.id, id })
    if (!task) throw apiError('task_not_found', { id })
    if (fixedStates.includes(task.state))
      throw apiError('operation_not_allowed', { op: 'update', id, state: task.state })
    checkMatch(call, task)
    const changed = updateOf({ door, caller, call, service }, task, request)
    await updateTaskSpec(tx, changed)
    await wakeReconciler(tx)
    return changed
  })
  taskUpdated(door.log, { taskId: id, isReconfigured: update.isReconfigured, by: caller.name })
  return showTask(door, caller, call)
}

/** Names of other services of the family. */
function settleAliases({ timing, service_config, ...body }: Record<string, unknown>): Record<string, unknown> {
  return {
    ...(timing !== undefined && { schedule: timing }),
    ...(service_config !== undefined && { config: service_config }),
    ...body,
  }
}

function checkMatch({ headers }: Call, { id, revision }: UpdatableTask): void {
  const wanted = headers['if-match']?.split(',').map((tag) => tag.trim())
  if (wanted && !wanted.includes('*') && !wanted.includes(etagOf(revision))) throw apiError('task_changed', { id })
}

type Scene = { door: Door; caller: Caller; call: Call; service: Service }

function updateOf({ door, caller, call, service }: Scene, task: UpdatableTask, request: UpdateTaskRequest): TaskUpdate {
  const projectId = caller.project.id
  const stored = openSpec(door, projectId, task)
  const input = request.input ? keepMaskedInput(request.input, stored.input) : stored.input
  const output = request.output ? completeOutput(keepMaskedOutput(request.output, stored.output)) : stored.output
  const config = request.config ? JSON.stringify(request.config) : task.config
  const schedule = request.schedule === undefined ? task.schedule : toJson(request.schedule)
  const isSpecGiven = [request.input, request.output, request.config, request.schedule].some(
    (part) => part !== undefined,
  )
  // What a task takes was said when it was made, and an update leaves it.
  const source_usage_estimate = { cpu: task.cores, memory: task.memory_mib }
  const spec = { input, output, source_usage_estimate, ...parsed('config', config), ...parsed('schedule', schedule) }
  const refusal = isSpecGiven ? checkSpec(spec, admitContext(door, caller, service)) : undefined
  if (refusal) throw apiError(refusal.error, refusal.params)
  const isSame = JSON.stringify([input, output]) === JSON.stringify([stored.input, stored.output])
  return {
    id: task.id,
    name: request.name ?? task.name,
    description: request.description === undefined ? task.description : request.description,
    stored: storedSpec(door, { id: task.id, projectId, input, output }),
    config,
    schedule,
    labels: request.labels ? JSON.stringify(request.labels) : task.labels,
    isFinite: isFiniteInput(input),
    isReconfigured: !isSame || config !== task.config,
    nowMs: call.nowMs,
    by: caller.name,
  }
}

const toJson = (value: object | null) => (value === null ? null : JSON.stringify(value))

/** A stored member of a spec; it was checked when it came in. */
function parsed<Name extends 'config' | 'schedule'>(name: Name, json: string | null): Pick<CreateTasksRequest, Name> {
  return (json === null ? {} : { [name]: JSON.parse(json) }) as Pick<CreateTasksRequest, Name>
}

/** Secrets in clear. */
function openSpec(
  { secretBox }: Door,
  projectId: string,
  task: UpdatableTask,
): { input: TaskInput; output: TaskOutput } {
  if (task.secrets === null) return { input: JSON.parse(task.input), output: JSON.parse(task.output) }
  return JSON.parse(secretBox.open(task.secrets, { table: 'task', id: task.id, projectId }))
}
