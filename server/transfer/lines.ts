// The lines of an export, one schema a kind: what is written and what is read. Source: running page, Export format;
// docs/reference/export-format.md.

import { TaskSchedule } from '@sightline/contract/schedule.ts'
import { serviceStatuses, taskProfiles, taskStates } from '@sightline/contract/states.ts'
import { projectIdPattern, serviceIdPattern, TaskInput, TaskOutput, taskIdPattern } from '@sightline/contract/task.ts'
import { desires, holds } from '@sightline/task/task.ts'
import { z } from 'zod'

export const formatVersion = 1

// Of the range that a JavaScript date and a timestamptz share.
const Instant = z.int().min(-62_135_596_800_000).max(8_640_000_000_000_000)
const Name = z.string().min(1).max(256)
const Id = z.string().min(1).max(64)
const Json = z.unknown()
/** Base64 of what the passphrase's key encrypted; the line has no secrets without it. */
const Sealed = z.base64()
const Domain = z.strictObject({ id: Id, name: Name })

/** How the secrets of a file are encrypted; absent from a file that has them masked. */
export const FileSecrets = z.strictObject({
  cipher: z.literal('aes-256-gcm'),
  kdf: z.literal('scrypt'),
  /** Memory is `128 * n * r` bytes; what a file may ask for is bounded. */
  n: z
    .int()
    .min(2)
    .max(2 ** 17),
  r: z.int().min(1).max(16),
  p: z.int().min(1).max(8),
  salt: z.base64(),
  /** A known text, encrypted: a wrong passphrase is told at once. */
  check: Sealed,
})
export type FileSecrets = z.infer<typeof FileSecrets>

export const HeaderLine = z.strictObject({
  kind: z.literal('sightline'),
  version: z.literal(formatVersion),
  secrets: FileSecrets.optional(),
})

export const ProjectLine = z.strictObject({
  kind: z.literal('project'),
  id: z.string().regex(projectIdPattern),
  name: Name,
  domain: Domain.optional(),
  created_at: Instant.optional(),
  /** `{"signing_secrets": […]}`, newest first. */
  secrets: Sealed.optional(),
})

/** A role that a project made for itself. */
export const RoleLine = z.strictObject({
  kind: z.literal('role'),
  project_id: z.string().regex(projectIdPattern),
  name: z.string().regex(/^[a-z][a-z0-9_-]{0,63}$/),
  description: z.string(),
  policy: z.string(),
  created_at: Instant,
})

export const UserLine = z.strictObject({
  kind: z.literal('user'),
  id: Id,
  name: Name,
  domain: Domain.optional(),
  is_enabled: z.boolean().optional(),
  /** Without `project_id`: in every project. With `labels`: for tasks that carry them all. */
  roles: z
    .array(
      z.strictObject({
        role: Name,
        project_id: Id.optional(),
        labels: z.record(z.string(), z.string()).optional(),
      }),
    )
    .optional(),
  created_at: Instant.optional(),
  /** `{"password_hash": …}` */
  secrets: Sealed.optional(),
})

/** An access key. */
export const KeyLine = z.strictObject({
  kind: z.literal('key'),
  access: z.string().min(1).max(128),
  user_id: Id,
  description: z.string(),
  created_at: Instant,
  /** `{"secret": …}` */
  secrets: Sealed.optional(),
})

export const ServiceLine = z.strictObject({
  kind: z.literal('service'),
  id: z.string().regex(serviceIdPattern),
  project_id: z.string().regex(projectIdPattern),
  service_name: Name,
  algorithm: Name,
  task_profile: z.enum(taskProfiles),
  status: z.enum(serviceStatuses),
  owner: Name,
  created_at: Instant,
  description: z.string().optional(),
  version: Name.optional(),
  infer_type: Name.optional(),
  workspace_id: Name.optional(),
  config: Json.optional(),
  additional_properties: Json.optional(),
  transition_at: Instant.optional(),
})

export const TaskLine = z.strictObject({
  kind: z.literal('task'),
  id: z.string().regex(taskIdPattern),
  project_id: z.string().regex(projectIdPattern),
  service_id: z.string().regex(serviceIdPattern),
  name: Name,
  description: z.string().optional(),
  creator: Name,
  state: z.enum(taskStates),
  desired: z.enum(desires).optional(),
  hold: z.enum(holds).optional(),
  schedule: TaskSchedule.optional(),
  input: TaskInput,
  output: TaskOutput,
  config: z.record(z.string(), Json).optional(),
  labels: z.record(z.string(), z.string()).optional(),
  created_at: Instant,
  updated_at: Instant,
  armed: z.boolean().optional(),
  status: z.string().max(4096).optional(),
  error: z.strictObject({ code: z.string(), message: z.string() }).optional(),
  state_since: Instant.optional(),
  state_before_hold: z.enum(taskStates).optional(),
  generation: z.int().min(0).max(2_147_483_647).optional(),
  attempt: z.int().min(0).max(2_147_483_647).optional(),
  not_before: Instant.optional(),
  last_sequence: z.int().min(0).max(2_147_483_647).optional(),
  revision: z.int().min(1).max(2_147_483_647).optional(),
  outdated_generation: z.int().min(0).max(2_147_483_647).optional(),
  wished_by: z.string().optional(),
  source_usage_estimate: z.strictObject({ cpu: z.number().positive(), memory: z.int().positive() }).optional(),
  /** `{"input": …, "output": …}` with its secrets in clear. */
  secrets: Sealed.optional(),
})

export const HistoryLine = z.strictObject({
  kind: z.literal('history'),
  task_id: z.string().regex(taskIdPattern),
  seq: z.int().min(1).max(2_147_483_647),
  at: Instant,
  from: z.enum(taskStates).optional(),
  to: z.enum(taskStates),
  cause: z.string(),
  node_id: z.string().optional(),
  generation: z.int().min(0).max(2_147_483_647),
  project_id: z.string().optional(),
  service_id: z.string().optional(),
  actor: z.string().optional(),
})

const schemas = {
  project: ProjectLine,
  role: RoleLine,
  user: UserLine,
  key: KeyLine,
  service: ServiceLine,
  task: TaskLine,
  history: HistoryLine,
} as const
export type LineKind = keyof typeof schemas
export type LineOf<Kind extends LineKind> = z.infer<(typeof schemas)[Kind]>
export type Line = { [Kind in LineKind]: LineOf<Kind> }[LineKind]

/** In the order in which they are written: parents before children. */
export const lineKinds = Object.keys(schemas) as LineKind[]

/** A line is not what the format has; the message says what is wrong, without the number of the line. */
export class LineError extends Error {
  override name = 'LineError'
}

/** Errors: `LineError` for what is no JSON object, an unknown kind or member, or a member that is wrong. */
export function parseLine(text: string): Line {
  const value = parseObject(text)
  const kind = 'kind' in value ? value.kind : undefined
  if (typeof kind !== 'string' || !Object.hasOwn(schemas, kind)) {
    throw new LineError(`the kind ${JSON.stringify(kind)?.slice(0, 80)} is unknown`)
  }
  return read(schemas[kind as LineKind], value) as Line
}

/** Errors: `LineError`. */
export function parseHeader(text: string): z.infer<typeof HeaderLine> {
  const value = parseObject(text)
  if (!('kind' in value) || value.kind !== 'sightline') {
    throw new LineError(`expected {"kind":"sightline","version":${formatVersion}}, given something else`)
  }
  return read(HeaderLine, value)
}

function parseObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // Said below; the text of the error may hold a part of the line.
  }
  throw new LineError('expected one JSON object, given something else')
}

function read<Schema extends z.ZodType>(schema: Schema, value: object): z.infer<Schema> {
  const { success, data, error } = schema.safeParse(value)
  if (!success) throw new LineError(sayIssue(error.issues[0]))
  const unknown = unknownMember(value, data, '')
  if (unknown !== undefined) throw new LineError(`the member ${unknown} is unknown`)
  return data
}

/** Without the value, which may be a secret. */
function sayIssue(issue: z.core.$ZodIssue | undefined): string {
  if (!issue) return 'it is malformed'
  const path = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') return `the member ${[...path, issue.keys[0]].join('.')} is unknown`
  return `the member ${path.join('.')} is malformed: ${issue.message}`
}

/** The first member that a schema of the contract passed over. */
function unknownMember(given: unknown, read: unknown, path: string): string | undefined {
  if (typeof given !== 'object' || given === null || typeof read !== 'object' || read === null) return undefined
  for (const [name, value] of Object.entries(given)) {
    const member = path === '' ? name : `${path}.${name}`
    if (!Object.hasOwn(read, name)) return member
    const found = unknownMember(value, (read as Record<string, unknown>)[name], member)
    if (found !== undefined) return found
  }
  return undefined
}
