// What server and worker say to each other: assignments out, reports in. All over HTTP, opened by the worker.
import { z } from 'zod'
import { TaskError, TaskInput, TaskOutput } from './task.ts'

/** Room and abilities of a node; `inputs`, `outputs` and `algorithms` are what placement matches against. */
export const NodeCapabilities = z.object({
  cores: z.number().positive(),
  memory_mib: z.int().positive(),
  inputs: z.array(z.string()),
  outputs: z.array(z.string()),
  algorithms: z.array(z.string()),
  version: z.string(),
  labels: z.record(z.string(), z.string()),
})
export type NodeCapabilities = z.infer<typeof NodeCapabilities>

/** The first call of a worker carries its join token, each later one the credential that it was given. */
export const RegisterNodeRequest = z.object({
  name: z.string().min(1).max(64),
  join_token: z.string().max(256).optional(),
  capabilities: NodeCapabilities,
})
export type RegisterNodeRequest = z.infer<typeof RegisterNodeRequest>

export const RegisterNodeResponse = z.object({
  node_id: z.string(),
  /** Only in the answer to a join token: kept by the worker, sent as `Authorization: Bearer`. */
  credential: z.string().optional(),
  /** Grows each time the lease is lost; fences everything this node says. */
  epoch: z.int().min(1),
  lease_ms: z.int().positive(),
  heartbeat_every_ms: z.int().positive(),
})
export type RegisterNodeResponse = z.infer<typeof RegisterNodeResponse>

/** `POST /v1/fleet/lease`: 200 with the lease, 409 when the epoch is over: stop every run, then register again. */
export const RenewLeaseRequest = z.object({ epoch: z.int().min(1), cpu_used: z.number().min(0).optional() })
export const RenewLeaseResponse = z.object({ lease_ms: z.int().positive() })

/** Which addresses a worker may connect to. `allow` and `deny` hold CIDRs, hosts and host:port pairs. */
export const AddressPolicy = z.object({
  preset: z.enum(['lan', 'public-only']),
  allow: z.array(z.string()),
  deny: z.array(z.string()),
  /** host:port pairs of the platform itself: refused unless `allow` names the very pair. */
  own: z.array(z.string()),
})
export type AddressPolicy = z.infer<typeof AddressPolicy>

/** One run that a node should be executing now. Secrets are in clear: it goes only to the node that holds the lease. */
export const Assignment = z.object({
  task_id: z.string(),
  project_id: z.string(),
  generation: z.int().min(1),
  /** The task's `input` with exactly one entry in `data`. */
  input: TaskInput,
  output: TaskOutput,
  algorithm: z.object({ name: z.string(), version: z.string() }),
  /** As sent by the user, flat; defaults are filled in by the worker from the contract's schema. */
  config: z.record(z.string(), z.unknown()),
  /** Newest first, each `whsec_` and base64. */
  signing_secrets: z.array(z.string()),
  address_policy: AddressPolicy,
  /** The sequence number the first result of this run gets is one more than the last one accepted, see `last_sequence`. */
  last_sequence: z.int().min(0),
})
export type Assignment = z.infer<typeof Assignment>

/**
 * `GET /v1/fleet/assignments?epoch=E&version=V&wait_ms=W`: answers at once when the node's assignments differ from
 * version V, else waits up to W ms. The answer is the whole set: what is not in it is to be stopped.
 */
export const AssignmentsResponse = z.object({ version: z.int().min(0), assignments: z.array(Assignment) })
export type AssignmentsResponse = z.infer<typeof AssignmentsResponse>

export const runPhases = ['opening', 'running', 'abnormal', 'ended', 'failed', 'released'] as const
/**
 * What a node sees of a run. `opening`: input and outputs are being opened. `running`: frames are analysed.
 * `abnormal`: held, but input or an output is down. `ended`: a finite input was analysed to its end, outputs flushed.
 * `failed`: the run threw; `is_permanent` says that another try is useless. `released`: nothing of it runs any more.
 */
export type RunPhase = (typeof runPhases)[number]

/** The newest view of one run, not a change: sending it twice changes nothing, an older `seq` is ignored. */
export const Report = z.object({
  task_id: z.string(),
  generation: z.int().min(1),
  /** Counts up within (task, generation, epoch). */
  seq: z.int().min(1),
  phase: z.enum(runPhases),
  is_permanent: z.boolean().optional(),
  error: TaskError.optional(),
  /** One English sentence for `status`. */
  detail: z.string().max(4096).optional(),
  /** The highest `data.ext.sequence` that the spool holds for this task. */
  last_sequence: z.int().min(0).optional(),
  counters: z
    .object({ frames_analysed: z.int(), frames_dropped: z.int(), results: z.int(), reconnects: z.int() })
    .partial()
    .optional(),
})
export type Report = z.infer<typeof Report>

/** `POST /v1/fleet/reports`: 200 with the ids that were taken; 409 when the epoch is over. */
export const ReportsRequest = z.object({ epoch: z.int().min(1), reports: z.array(Report).max(1000) })
export type ReportsRequest = z.infer<typeof ReportsRequest>
export const ReportsResponse = z.object({ accepted_count: z.int() })
