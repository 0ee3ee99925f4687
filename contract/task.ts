// The service task as clients see it. Member order is the order in which faults are looked for.
import { z } from 'zod'
import { TaskSchedule } from './schedule.ts'
import { scheduleStatuses, taskStates } from './states.ts'

export const taskNamePattern = /^[\u4E00-\u9FA5A-Za-z0-9_-]{1,100}$/
export const taskIdPattern = /^[0-9a-f]{32}$/
export const serviceIdPattern = /^[0-9a-zA-Z_-]{1,64}$/
export const projectIdPattern = /^[0-9a-zA-Z-]{1,64}$/

/** What every answer shows in place of a secret. A value equal to it is never a secret. */
export const mask = '****'

/** Header and query names whose values are secrets. */
export const secretNamePattern = /auth|token|secret|key|passw|cookie|session|credential|signature/i

const Headers = z.record(z.string().min(1).max(256), z.string().max(4096))
const headersOf = (atLeastCount: number) =>
  Headers.refine((headers) => Object.keys(headers).length <= 10, { params: { range: `[${atLeastCount}, 10]` } })
const Url = z.url().max(1000)
const Bucket = z
  .string()
  .min(3)
  .max(63)
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/)
const ObjectPath = z.string().min(1).max(1023)
const StreamName = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9_-]+$/)
const DataCategory = z.array(z.string().min(1).max(64)).max(20).optional()
const index = z.int().optional()
const node_id = z.string().min(1).max(64).optional()

export const RestfulData = z.object({
  url: Url,
  headers: headersOf(0).optional(),
  certificate_check: z.boolean(),
  rtsp_path_in_response: z.string().min(1).max(1024),
  node_id,
  index,
})
export const UrlData = z.object({ url: Url, index })
export const EdgeCameraData = z.object({
  id: z
    .string()
    .min(1)
    .regex(/^[A-Za-z0-9_-]{1,64}$/),
  camera_type: z.string().min(1).max(64).optional(),
  tag: z.array(z.record(z.string(), z.string())).min(1).max(20).optional(),
  index,
})
export const VcnData = z.object({
  node_id,
  device_id: z.string().min(1).max(128),
  stream_type: z.int().min(1).max(3).optional(),
  index,
})
export const ObsData = z.object({ bucket: Bucket, path: ObjectPath, index })
export const VisData = z.object({ stream_name: StreamName, index })

export const TaskInputVcn = z.object({
  ip: z.string().min(1).max(253),
  port: z.int().min(1).max(65535),
  username: z.string().min(1).max(1000),
  password: z.string().min(1).max(1000),
})

const entries = <T extends z.ZodType>(item: T) => z.array(item).min(1).max(100)

/** Source: API reference, TaskInput and TaskInputData. */
export const TaskInput = z.discriminatedUnion('type', [
  z.object({ type: z.literal('restful'), data: entries(RestfulData) }),
  z.object({ type: z.literal('url'), data: entries(UrlData) }),
  z.object({ type: z.literal('edgecamera'), data: entries(EdgeCameraData) }),
  z.object({ type: z.literal('vcn'), data: entries(VcnData), vcn: TaskInputVcn }),
  z.object({ type: z.literal('obs'), data: entries(ObsData) }),
  z.object({ type: z.literal('vis'), data: entries(VisData) }),
])
export type TaskInput = z.infer<typeof TaskInput>

export const TaskOutputObs = z.object({ bucket: Bucket, path: ObjectPath, data_category: DataCategory })
export const TaskOutputDis = z.object({
  stream_name: StreamName,
  stream_id: z.string().min(1).max(128).optional(),
  data_category: DataCategory,
})
export const TaskOutputWebhook = z.object({
  url: z.url({ protocol: /^https?$/ }).max(1000),
  headers: headersOf(1).optional(),
  data_category: DataCategory,
  /** Seconds after which an undelivered message is given up. An extension. */
  freshness: z.int().min(1).max(270_000).optional(),
})

/** At least one member; `admit` refuses none. Source: API reference, TaskOutput. */
export const TaskOutput = z.object({
  obs: TaskOutputObs.optional(),
  dis: TaskOutputDis.optional(),
  webhook: TaskOutputWebhook.optional(),
})
export type TaskOutput = z.infer<typeof TaskOutput>

/** Cores and MiB; MiB by analogy with the custom specification of a service. */
export const SourceUsageEstimate = z.object({ cpu: z.number().positive(), memory: z.int().positive() })
export type SourceUsageEstimate = z.infer<typeof SourceUsageEstimate>

export const Labels = z
  .record(z.string().min(1).max(64), z.string().max(128))
  .refine((labels) => Object.keys(labels).length <= 20, { params: { range: '[0, 20]' } })

export const CreateTasksRequest = z.object({
  name: z.string().min(1).max(100).regex(taskNamePattern),
  description: z.string().max(500).optional(),
  schedule: TaskSchedule.optional(),
  input: TaskInput,
  output: TaskOutput,
  config: z.record(z.string(), z.unknown()).optional(),
  source_usage_estimate: SourceUsageEstimate.optional(),
  labels: Labels.optional(),
})
export type CreateTasksRequest = z.infer<typeof CreateTasksRequest>

export const CreateTasksResponse = z.object({ tasks: z.array(z.object({ id: z.string() })) })
export type CreateTasksResponse = z.infer<typeof CreateTasksResponse>

export const TaskError = z.object({ code: z.string(), message: z.string() })
export type TaskError = z.infer<typeof TaskError>

/** Times are ISO 8601, UTC, whole seconds. Members without a value are left out. Source: API reference, TaskDetails. */
export const TaskDetails = z.object({
  id: z.string(),
  name: z.string(),
  service_name: z.string(),
  creator: z.string(),
  project_id: z.string(),
  description: z.string().optional(),
  service_id: z.string(),
  created_at: z.string(),
  updated_at: z.string(),
  state: z.enum(taskStates),
  status: z.string().max(4096).optional(),
  error: TaskError.optional(),
  schedule_status: z.enum(scheduleStatuses).optional(),
  schedule: TaskSchedule.optional(),
  input: TaskInput,
  output: TaskOutput,
  config: z.record(z.string(), z.unknown()).optional(),
  labels: z.record(z.string(), z.string()).optional(),
})
export type TaskDetails = z.infer<typeof TaskDetails>

/** `count` is the number of matching tasks, not of returned ones. */
export const ListTasksDetailsResponse = z.object({ count: z.int(), tasks: z.array(TaskDetails) })
export type ListTasksDetailsResponse = z.infer<typeof ListTasksDetailsResponse>
