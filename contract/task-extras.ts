// What a client may ask of tasks beyond the ModelArts pages. Source: platform API page, Tasks; tasks API page, section 6.
import { z } from 'zod'
import { TaskSchedule } from './schedule.ts'
import { scheduleStatuses, taskStates } from './states.ts'
import { CreateTasksRequest, Labels, TaskInput, TaskOutput } from './task.ts'

/** Members replace whole; absent ones stay; null takes `description` or `schedule` away. */
export const UpdateTaskRequest = z.object({
  name: CreateTasksRequest.shape.name.optional(),
  description: z.string().max(500).nullable().optional(),
  schedule: TaskSchedule.nullable().optional(),
  input: TaskInput.optional(),
  output: TaskOutput.optional(),
  config: z.record(z.string(), z.unknown()).optional(),
  labels: Labels.optional(),
})
export type UpdateTaskRequest = z.infer<typeof UpdateTaskRequest>

/** Epoch ms, unlike the task's own times. `from` is absent for the creation; `actor` and `node_id` where there is none. */
export const TaskChange = z.object({
  time: z.int(),
  from: z.enum(taskStates).optional(),
  to: z.enum(taskStates),
  cause: z.string(),
  actor: z.string().optional(),
  node_id: z.string().optional(),
  generation: z.int(),
})
/** Newest first; `count` is that of all changes. */
export const ShowTaskHistoryResponse = z.object({ count: z.int(), history: z.array(TaskChange) })

export const batchActions = ['start', 'stop', 'delete'] as const
const text = z.string().min(1)
const ms = z.int()

/** The parameters of the list; an empty filter matches every task of the service. */
export const BatchFilter = z.strictObject({
  state: text.optional(),
  name_like: text.optional(),
  id: text.optional(),
  id_like: text.optional(),
  created_since: ms.optional(),
  created_until: ms.optional(),
  schedule_status: z.enum(scheduleStatuses).optional(),
  label: z.array(text).optional(),
})

/** One of `ids` and `filter`. A filter takes at most 1000 tasks, the oldest first; `count` tells how many match. */
export const BatchTasksRequest = z.object({
  action: z.enum(batchActions),
  ids: z.array(z.string()).min(1).max(1000).optional(),
  filter: BatchFilter.optional(),
  dry_run: z.boolean().optional(),
})
export type BatchTasksRequest = z.infer<typeof BatchTasksRequest>

export const BatchTasksResponse = z.object({
  dry_run: z.boolean(),
  /** Of all that match, more than `tasks` when there are over 1000. */
  count: z.int(),
  tasks: z.array(
    z.object({
      id: z.string(),
      /** Whether the action is taken, or would be. */
      accepted: z.boolean(),
      state: z.enum(taskStates).optional(),
      error_code: z.string().optional(),
      error_msg: z.string().optional(),
    }),
  ),
})
export type BatchTasksResponse = z.infer<typeof BatchTasksResponse>

const Fault = z.object({ error_code: z.string(), error_msg: z.string() })

/** What a creation would do. */
export const DryRunResponse = z.object({
  dry_run: z.literal(true),
  /** Every one found, not only the first; empty when the tasks would be made. */
  faults: z.array(Fault),
  /** One for each entry of `input.data`, in order. */
  inputs: z.array(
    z.object({
      name: z.string(),
      /** Secrets masked. */
      input: TaskInput,
      placement: z.object({
        node_id: z.string().optional(),
        node_name: z.string().optional(),
        reason: z.string().optional(),
      }),
    }),
  ),
  estimate: z.object({ cores: z.number(), memory_mib: z.int(), more_such_tasks: z.int() }),
  /** What this rehearsal did not look at. */
  not_probed: z.array(z.string()),
})
export type DryRunResponse = z.infer<typeof DryRunResponse>
