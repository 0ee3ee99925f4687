// Lines of an import to rows, a batch at a time.
import { randomBytes } from 'node:crypto'
import { TaskInput, TaskOutput } from '@sightline/contract/task.ts'
import { isFiniteInput } from '@sightline/task/check-input.ts'
import { completeOutput } from '@sightline/task/check-output.ts'
import { z } from 'zod'
import { maskInput, maskOutput } from '../api/mask.ts'
import { newSigningSecret } from '../bootstrap.ts'
import type { Connection } from '../store/database.ts'
import {
  type ImportedTask,
  replaceTasks,
  upsertAccessKey,
  upsertAccount,
  upsertHistory,
  upsertProject,
  upsertRole,
  upsertService,
} from '../store/import-rows.ts'
import { insertDomain, selectDomainByName } from '../store/projects.ts'
import type { SecretBox } from '../store/secrets.ts'
import {
  derivedArmed,
  derivedDesired,
  derivedHold,
  derivedVersion,
  serviceByDefault,
  usageByDefault,
} from './derive.ts'
import { type Line, LineError, type LineKind, type LineOf } from './lines.ts'
import type { LineSecrets } from './passphrase.ts'

export type ApplyTools = {
  box: SecretBox
  /** Absent for a file whose secrets are masked. */
  secrets: LineSecrets | undefined
  nowMs: number
}

/** How many of each kind were stored. */
export type Applied = Record<LineKind, number>

type Apply<Kind extends LineKind> = (tx: Connection, lines: LineOf<Kind>[], tools: ApplyTools) => Promise<number>

const appliers: { [Kind in LineKind]: Apply<Kind> } = {
  project: eachOf(applyProject),
  role: eachOf((tx, role) => upsertRole(tx, role)),
  user: eachOf(applyUser),
  key: eachOf(applyKey),
  service: eachOf(applyService),
  task: applyTasks,
  history: applyHistory,
}

export const noneApplied = (): Applied => ({
  project: 0,
  role: 0,
  user: 0,
  key: 0,
  service: 0,
  task: 0,
  history: 0,
})

/** Stores lines in their order, those of one kind that follow each other together. */
export async function applyLines(tx: Connection, lines: readonly Line[], tools: ApplyTools): Promise<Applied> {
  const applied = noneApplied()
  for (let from = 0; from < lines.length; ) {
    const kind = lines[from]?.kind ?? 'task'
    let to = from
    while (lines[to]?.kind === kind) to++
    applied[kind] += await applyGroup(tx, kind, lines.slice(from, to), tools)
    from = to
  }
  return applied
}

function applyGroup<Kind extends LineKind>(
  tx: Connection,
  kind: Kind,
  lines: readonly Line[],
  tools: ApplyTools,
): Promise<number> {
  return appliers[kind](tx, lines as LineOf<Kind>[], tools)
}

/** One statement or more a line; false when it was left out. */
function eachOf<One>(
  apply: (tx: Connection, line: One, tools: ApplyTools) => Promise<unknown>,
): (tx: Connection, lines: One[], tools: ApplyTools) => Promise<number> {
  return async (tx, lines, tools) => {
    let count = 0
    for (const line of lines) if ((await apply(tx, line, tools)) !== false) count++
    return count
  }
}

const domainByDefault = 'sightline'
const domainIdBytes = 16

/** The id of a domain of this name here, made if there is none. */
async function domainIdOf(tx: Connection, given: { id: string; name: string } | undefined): Promise<string> {
  const named = given ?? { id: randomBytes(domainIdBytes).toString('hex'), name: domainByDefault }
  await insertDomain(tx, named)
  const domain = await selectDomainByName(tx, named.name)
  if (!domain) throw new LineError(`the member domain.id is that of another domain than ${named.name}`)
  return domain.id
}

const ProjectSecrets = z.strictObject({ signing_secrets: z.array(z.string()) })
const UserSecrets = z.strictObject({ password_hash: z.string() })
const KeySecrets = z.strictObject({ secret: z.string() })
const TaskSecrets = z.strictObject({ input: TaskInput, output: TaskOutput })

/** Absent where the line has none. */
function secretsOf<Schema extends z.ZodType>(
  sealed: string | undefined,
  { schema, line, tools }: { schema: Schema; line: string; tools: ApplyTools },
): z.infer<Schema> | undefined {
  if (sealed === undefined) return undefined
  if (!tools.secrets) throw new LineError('the member secrets needs a first line that says how it is encrypted')
  const { success, data } = schema.safeParse(tools.secrets.open(sealed, line))
  if (!success) throw new LineError('the member secrets holds something else than secrets of its kind')
  return data
}

async function applyProject(tx: Connection, line: LineOf<'project'>, tools: ApplyTools): Promise<void> {
  const seal = (secret: string) => tools.box.seal(secret, { table: 'project', id: line.id, projectId: line.id })
  const given = secretsOf(line.secrets, { schema: ProjectSecrets, line: `project ${line.id}`, tools })
  await upsertProject(tx, {
    id: line.id,
    name: line.name,
    domain_id: await domainIdOf(tx, line.domain),
    created_at: line.created_at,
    signing_secrets: given?.signing_secrets.map(seal),
    fresh: { created_at: tools.nowMs, signing_secrets: [seal(newSigningSecret())] },
  })
}

async function applyUser(tx: Connection, line: LineOf<'user'>, tools: ApplyTools): Promise<void> {
  const given = secretsOf(line.secrets, { schema: UserSecrets, line: `user ${line.id}`, tools })
  await upsertAccount(tx, {
    id: line.id,
    name: line.name,
    domain_id: await domainIdOf(tx, line.domain),
    is_enabled: line.is_enabled ?? true,
    created_at: line.created_at ?? tools.nowMs,
    password_hash: given?.password_hash,
    roles: line.roles ?? [],
  })
}

function applyKey(tx: Connection, line: LineOf<'key'>, tools: ApplyTools): Promise<boolean> {
  const given = secretsOf(line.secrets, { schema: KeySecrets, line: `key ${line.access}`, tools })
  const context = { table: 'access_key', id: line.access, projectId: '' } as const
  const { access, user_id, description, created_at } = line
  const secret = given && tools.box.seal(given.secret, context)
  return upsertAccessKey(tx, { access, account_id: user_id, description, created_at, secret })
}

async function applyService(tx: Connection, line: LineOf<'service'>): Promise<void> {
  const { config, additional_properties } = line
  await upsertService(tx, {
    ...line,
    description: line.description ?? serviceByDefault.description,
    version: line.version ?? derivedVersion(line.algorithm),
    infer_type: line.infer_type ?? serviceByDefault.inferType,
    workspace_id: line.workspace_id ?? serviceByDefault.workspaceId,
    config: config === undefined ? serviceByDefault.config : JSON.stringify(config),
    additional_properties: additional_properties === undefined ? null : JSON.stringify(additional_properties),
    transition_at: line.transition_at ?? line.created_at,
  })
}

async function applyTasks(tx: Connection, lines: LineOf<'task'>[], tools: ApplyTools): Promise<number> {
  // The last of two lines of one id counts, as it would in two batches.
  const tasks = new Map(lines.map((line) => [line.id, toTask(line, tools)]))
  await replaceTasks(tx, [...tasks.values()])
  return lines.length
}

async function applyHistory(tx: Connection, lines: LineOf<'history'>[]): Promise<number> {
  const entries = lines.map((line) => ({
    ...line,
    from_state: line.from ?? null,
    to_state: line.to,
    node_id: line.node_id ?? null,
    project_id: line.project_id ?? null,
    service_id: line.service_id ?? null,
    actor: line.actor ?? null,
  }))
  const byKey = new Map(entries.map((entry) => [`${entry.task_id} ${entry.seq}`, entry]))
  await upsertHistory(tx, [...byKey.values()])
  return lines.length
}

function toTask(line: LineOf<'task'>, tools: ApplyTools): ImportedTask {
  if (line.input.data.length !== 1) throw new LineError('the member input.data holds other than one entry')
  const desired = line.desired ?? derivedDesired(line.state)
  const { schedule } = line
  return {
    ...{ id: line.id, project_id: line.project_id, service_id: line.service_id, name: line.name },
    ...{ description: line.description ?? null, creator: line.creator, state: line.state, desired },
    hold: line.hold ?? derivedHold(line.state),
    schedule: json(schedule),
    ...sealTask(line, tools),
    config: json(line.config),
    labels: json(line.labels),
    ...{ created_at: line.created_at, updated_at: line.updated_at },
    armed: schedule ? (line.armed ?? derivedArmed({ state: line.state, desired })) : null,
    ...restOfTask(line),
    is_finite: isFiniteInput(line.input),
    due_at: isAtRest(line.state, desired) && !schedule ? null : tools.nowMs,
  }
}

/** What an export leaves out of most tasks. */
function restOfTask(line: LineOf<'task'>) {
  const usage = line.source_usage_estimate ?? usageByDefault
  return {
    ...{
      status: line.status ?? null,
      error_code: line.error?.code ?? null,
      error_message: line.error?.message ?? null,
    },
    ...{ state_since: line.state_since ?? line.updated_at, state_before_hold: line.state_before_hold ?? null },
    ...{ generation: line.generation ?? 0, attempt: line.attempt ?? 0, not_before: line.not_before ?? null },
    ...{ revision: line.revision ?? 1, outdated_generation: line.outdated_generation ?? 0 },
    ...{ last_sequence: line.last_sequence ?? 0, wished_by: line.wished_by ?? null },
    ...{ cores: usage.cpu, memory_mib: usage.memory },
  }
}

/** Masked for the columns; in clear and sealed where the line has secrets, encrypted or as it was written by hand. */
function sealTask(line: LineOf<'task'>, tools: ApplyTools): { input: string; output: string; secrets: Buffer | null } {
  const given = secretsOf(line.secrets, { schema: TaskSecrets, line: `task ${line.id}`, tools })
  const spec = given ?? { input: line.input, output: completeOutput(line.output) }
  const clear = JSON.stringify({ input: spec.input, output: spec.output })
  const masked = { input: maskInput(spec.input), output: maskOutput(spec.output) }
  const context = { table: 'task', id: line.id, projectId: line.project_id } as const
  return {
    input: JSON.stringify(masked.input),
    output: JSON.stringify(masked.output),
    secrets: JSON.stringify(masked) === clear ? null : tools.box.seal(clear, context),
  }
}

/** Nothing happens to it until somebody writes. */
function isAtRest(state: string, desired: string): boolean {
  return desired === 'stop' && ['STOPPED', 'SUCCEEDED', 'FAILED', 'START_FAILED', 'CREATE_FAILED'].includes(state)
}

const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value))
