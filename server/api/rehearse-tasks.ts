// What a creation would do, without doing it. Source: platform API page, Tasks.

import type { OutputKind } from '@sightline/contract/states.ts'
import { CreateTasksRequest } from '@sightline/contract/task.ts'
import type { DryRunResponse } from '@sightline/contract/task-extras.ts'
import { type AdmitContext, admit, findRefusals } from '@sightline/task/admit.ts'
import { place, withRun } from '@sightline/task/placement.ts'
import type { Needs, NewTask, Node } from '@sightline/task/task.ts'
import { selectNodes } from '../store/nodes.ts'
import type { Service } from '../store/services.ts'
import { countTasksOfProject } from '../store/task-counts.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { apiError, outcomeOf } from './errors.ts'
import { findService } from './find-service.ts'
import { parseJsonObject } from './json.ts'
import { maskInput } from './mask.ts'
import { parseWhole } from './parse.ts'
import { settleSpellings } from './spellings.ts'
import { admitContext, taskCountMax } from './task-rules.ts'

const moreMax = 1_000
const notProbed = ['whether the inputs open', 'whether the outputs accept', 'the windows of the schedule']

export async function rehearseTasks(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const parsed = parseWhole(CreateTasksRequest, settleSpellings(parseJsonObject(call.body)))
  const service = await findService(door, caller, call.params.service_id ?? '')
  if ('faults' in parsed) return answerOf(parsed.faults.map((detail) => apiError('invalid_argument', { detail })))
  const quota = { taskCount: await countTasksOfProject(door.database, caller.project.id), taskCountMax }
  const context = { ...admitContext(door, caller, service), nowMs: call.nowMs, quota }
  const faults = [
    ...(service.status === 'deleting' ? [apiError('service_unavailable', { id: service.id })] : []),
    ...findRefusals(parsed.data, context).map(({ error, params }) => apiError(error, params)),
  ]
  const tasks = faults.length > 0 ? [] : tasksOf(parsed.data, context)
  return answerOf(faults, tasks, placed(tasks, service, await selectNodes(door.database), call.nowMs))
}

type Refused = ReturnType<typeof apiError>

function tasksOf(request: CreateTasksRequest, context: Omit<AdmitContext, 'taskIds'>): NewTask[] {
  const admission = admit(request, { ...context, taskIds: request.input.data.map((_, at) => String(at)) })
  return 'tasks' in admission ? admission.tasks : []
}

type Placed = { placements: DryRunResponse['inputs'][number]['placement'][]; moreCount: number }

/** Each task on the room that those before it leave, and then as many more like the last one as fit. */
function placed(tasks: readonly NewTask[], service: Service, nodes: readonly Node[], nowMs: number): Placed {
  const room = new Map(nodes.map((node) => [node.id, node]))
  const placeOne = (task: NewTask): Placed['placements'][number] => {
    const needs = needsOf(task, service)
    const placement = place(needs, [...room.values()], nowMs)
    if (placement.kind === 'waiting') return { reason: placement.reason }
    room.set(placement.node.id, withRun(placement.node, needs))
    return { node_id: placement.node.id, node_name: placement.node.name }
  }
  const placements = tasks.map(placeOne)
  const last = tasks.at(-1)
  let moreCount = 0
  while (last && moreCount < moreMax && placeOne(last).node_id !== undefined) moreCount++
  return { placements, moreCount }
}

function needsOf({ input, output, cores, memoryMib }: NewTask, { algorithm }: Service): Needs {
  const [entry] = input.data
  const nodeId = entry && 'node_id' in entry ? entry.node_id : undefined
  const outputs = Object.entries(output).flatMap(([kind, member]) => (member ? [kind as OutputKind] : []))
  return { input: input.type, outputs, algorithm, ...(nodeId !== undefined && { nodeId }), cores, memoryMib }
}

function answerOf(faults: readonly Refused[], tasks: readonly NewTask[] = [], places?: Placed): Answer {
  const sum = (pick: (task: NewTask) => number) => tasks.reduce((total, task) => total + pick(task), 0)
  const answer: DryRunResponse = {
    dry_run: true,
    faults: faults.map((fault) => ({ error_code: outcomeOf(fault, '').code, error_msg: fault.message })),
    inputs: tasks.map((task, at) => ({
      name: task.name,
      input: maskInput(task.input),
      placement: places?.placements[at] ?? {},
    })),
    estimate: {
      cores: Number(sum(({ cores }) => cores).toFixed(3)),
      memory_mib: sum(({ memoryMib }) => memoryMib),
      more_such_tasks: places?.moreCount ?? 0,
    },
    not_probed: notProbed,
  }
  return { status: 200, json: answer }
}
