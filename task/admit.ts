// From a request that is well formed to tasks, or to a refusal. Source: tasks API page, sections 3 and 10.
import type { AddressPolicy } from '@sightline/contract/fleet.ts'
import type { TaskSchedule } from '@sightline/contract/schedule.ts'
import type { OutputKind, TaskProfile } from '@sightline/contract/states.ts'
import type { CreateTasksRequest, TaskInput } from '@sightline/contract/task.ts'
import { checkConfig, unknownParameters } from './check-config.ts'
import { checkInput, checkScheduledInput, isFiniteInput } from './check-input.ts'
import { checkOutput, completeOutput } from './check-output.ts'
import { checkSchedule } from './check-schedule.ts'
import { firstRefusal, firstRefusalOf, isNotSupportedBy, isRequired, type Refusal } from './refusal.ts'
import type { NewTask } from './task.ts'

export type AdmitContext = {
  /** `algorithm` without `-edge` or `-cloud`. */
  service: { id: string; projectId: string; algorithm: string; version: string; profile: TaskProfile }
  creator: string
  nowMs: number
  /** Fresh ids, at least one per entry of `input.data`. */
  taskIds: readonly string[]
  /** Profiles and mandatory members as the documents have them, nothing forgiven. */
  isStrict: boolean
  /** Whether the caller may name files of a node. */
  mayReadFiles: boolean
  addressPolicy: AddressPolicy
  /** Tasks that the project has and may have in all. */
  quota: { taskCount: number; taskCountMax: number }
}

export type Admission = { tasks: NewTask[] } | { refusal: Refusal }

// What a task takes when the request does not say: the documents' own example.
const usageByDefault = { cpu: 0.1, memory: 32 }
const nameLengthMax = 100

/**
 * The tasks that a request makes, one per entry of `input.data`, in its order; or the first reason why it makes none.
 *
 * Errors: none are thrown.
 */
export function admit(request: CreateTasksRequest, context: AdmitContext): Admission {
  const refusal = firstRefusal(
    () => checkSpec(request, context),
    () => checkQuota(request.input.data.length, context.quota),
  )
  if (refusal) return { refusal }
  const inputs = splitInput(request.input)
  return { tasks: inputs.flatMap((input, at) => newTask(request, context, { input, at, count: inputs.length })) }
}

/** What decides about a spec, whoever it is for. */
export type SpecContext = Pick<AdmitContext, 'service' | 'isStrict' | 'mayReadFiles' | 'addressPolicy'>
export type Spec = Pick<CreateTasksRequest, 'schedule' | 'input' | 'output' | 'config' | 'source_usage_estimate'>

/** The first reason why a task may not have this spec. */
export function checkSpec(spec: Spec, context: SpecContext): Refusal | undefined {
  return firstRefusal(...checksOf(spec, context))
}

/** Every reason why a request makes no tasks, at most one for each of its parts. */
export function findRefusals(request: CreateTasksRequest, context: Omit<AdmitContext, 'taskIds'>): Refusal[] {
  const checks = [...checksOf(request, context), () => checkQuota(request.input.data.length, context.quota)]
  return checks.flatMap((check) => check() ?? [])
}

/** In the order of the document. */
function checksOf(spec: Spec, context: SpecContext): (() => Refusal | undefined)[] {
  const { schedule, input, output, config } = spec
  const { isStrict, addressPolicy, service } = context
  return [
    () => (isStrict ? checkProfile(spec, service.profile) : undefined),
    () => (schedule ? checkSchedule(schedule, isStrict) : undefined),
    () => (schedule ? checkScheduledInput(input, isStrict) : undefined),
    () => checkInput(input, context),
    () => checkOutput(output, { addressPolicy, isStrict }),
    () => checkConfig(service.algorithm, config ?? {}, isStrict),
  ]
}

function checkQuota(count: number, { taskCount, taskCountMax }: AdmitContext['quota']): Refusal | undefined {
  if (taskCount + count <= taskCountMax) return undefined
  return { error: 'quota_exceeded', params: { what: 'number of tasks' } }
}

const edgeInputs: readonly string[] = ['restful', 'url', 'edgecamera', 'vcn']
const edgeSchedules: readonly string[] = ['once', 'daily']
const edgeOutputs: readonly OutputKind[] = ['dis', 'webhook']

/** What the profile `edge` leaves out. Source: tasks API page, section 3.4. */
function checkProfile(request: Spec, profile: TaskProfile): Refusal | undefined {
  if (profile !== 'edge') return undefined
  const { schedule, input, output } = request
  const leftOut: [field: string, isUsed: boolean][] = [
    ['schedule.type', schedule !== undefined && !edgeSchedules.includes(schedule.type)],
    ['schedule.frequency', schedule?.frequency !== undefined],
    ['input.type', !edgeInputs.includes(input.type)],
    ['output.obs', output.obs !== undefined && !edgeOutputs.includes('obs')],
    ['config', request.config !== undefined],
  ]
  return (
    firstRefusalOf(leftOut, ([field, isUsed]) =>
      isUsed ? isNotSupportedBy(field, `services of profile [${profile}]`) : undefined,
    ) ?? (request.source_usage_estimate ? undefined : isRequired('source_usage_estimate'))
  )
}

/** One input per entry. */
function splitInput(input: TaskInput): TaskInput[] {
  // The entries of one type stay of that type, which a spread over the union cannot say.
  return input.data.map((entry) => ({ ...input, data: [entry] }) as TaskInput)
}

type Part = { input: TaskInput; at: number; count: number }

function newTask(request: CreateTasksRequest, context: AdmitContext, { input, at, count }: Part): NewTask[] {
  const id = context.taskIds[at]
  if (id === undefined) return []
  const { description, config, labels, schedule, output } = request
  const usage = request.source_usage_estimate ?? usageByDefault
  const task: NewTask = {
    id,
    projectId: context.service.projectId,
    serviceId: context.service.id,
    name: count === 1 ? request.name : numberedName(request.name, at),
    ...(description !== undefined && { description }),
    creator: context.creator,
    input,
    output: completeOutput(output),
    ...(config && { config }),
    ...(schedule && { schedule }),
    ...(labels && { labels }),
    cores: usage.cpu,
    memoryMib: usage.memory,
    isFinite: isFiniteInput(input),
    createdAtMs: context.nowMs,
    cause: causeOf(unknownParameters(context.service.algorithm, config ?? {})),
    ...birthOf(schedule, context.nowMs),
  }
  return [task]
}

/** `name_0`, `name_1`, …, cut so that the result keeps to 100 characters. */
function numberedName(name: string, at: number): string {
  const suffix = `_${at}`
  return name.slice(0, nameLengthMax - suffix.length) + suffix
}

function causeOf(ignored: string[]): string {
  return ignored.length === 0 ? 'created' : `created; ignored parameters: ${ignored.join(', ')}`.slice(0, 4096)
}

type Birth = Pick<NewTask, 'desired' | 'armed' | 'state' | 'status' | 'dueAtMs'>

/** How a task begins: it runs at once, unless a schedule decides. */
function birthOf(schedule: TaskSchedule | undefined, nowMs: number): Birth {
  if (!schedule) return { desired: 'run', state: 'PENDING', dueAtMs: nowMs }
  const status = 'Schedules are not acted on by this version; start the task when it gets a window.'
  return { desired: 'stop', armed: false, state: 'STOPPED', status }
}
