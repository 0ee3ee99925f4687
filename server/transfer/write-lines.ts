// Rows to the lines of an export. What an import derives by itself is left out.
import type { ExportKind, ExportRows } from '../store/export-rows.ts'
import type { SecretBox } from '../store/secrets.ts'
import { derivedArmed, derivedHold, derivedVersion, serviceByDefault, usageByDefault } from './derive.ts'
import type { LineSecrets } from './passphrase.ts'

/** Opens what the database sealed and encrypts it for the file. */
export type SecretsOut = { box: SecretBox; line: LineSecrets }

type Write<Kind extends ExportKind> = (row: ExportRows[Kind], secrets: SecretsOut | undefined) => string

const writers: { [Kind in ExportKind]: Write<Kind> } = {
  project: (row, secrets) =>
    line('project', {
      id: text(row.id),
      name: text(row.name),
      domain: text({ id: row.domain_id, name: row.domain_name }),
      created_at: text(row.created_at),
      secrets:
        secrets &&
        text(
          secrets.line.seal(
            {
              signing_secrets: row.signing_secrets.map((sealed) =>
                secrets.box.open(sealed, { table: 'project', id: row.id, projectId: row.id }),
              ),
            },
            `project ${row.id}`,
          ),
        ),
    }),
  role: (row) =>
    line('role', {
      project_id: text(row.project_id),
      name: text(row.name),
      description: text(row.description),
      policy: text(row.policy),
      created_at: text(row.created_at),
    }),
  user: (row, secrets) =>
    line('user', {
      id: text(row.id),
      name: text(row.name),
      domain: text({ id: row.domain_id, name: row.domain_name }),
      is_enabled: row.is_enabled ? undefined : 'false',
      roles: text(
        row.roles.map((role, at) => ({
          role,
          ...(row.role_project_ids[at] && { project_id: row.role_project_ids[at] }),
          ...labelsOf(row.role_labels[at]),
        })),
      ),
      created_at: text(row.created_at),
      secrets: secrets && text(secrets.line.seal({ password_hash: row.password_hash }, `user ${row.id}`)),
    }),
  key: (row, secrets) =>
    line('key', {
      access: text(row.access),
      user_id: text(row.account_id),
      description: text(row.description),
      created_at: text(row.created_at),
      secrets:
        secrets &&
        text(
          secrets.line.seal(
            { secret: secrets.box.open(row.secret, { table: 'access_key', id: row.access, projectId: '' }) },
            `key ${row.access}`,
          ),
        ),
    }),
  service: (row) =>
    line('service', {
      id: text(row.id),
      project_id: text(row.project_id),
      service_name: text(row.service_name),
      algorithm: text(row.algorithm),
      task_profile: text(row.task_profile),
      status: text(row.status),
      owner: text(row.owner),
      created_at: text(row.created_at),
      description: unless(row.description, serviceByDefault.description),
      version: unless(row.version, derivedVersion(row.algorithm)),
      infer_type: unless(row.infer_type, serviceByDefault.inferType),
      workspace_id: unless(row.workspace_id, serviceByDefault.workspaceId),
      config: row.config === serviceByDefault.config ? undefined : row.config,
      additional_properties: row.additional_properties ?? undefined,
      transition_at: unless(row.transition_at, row.created_at),
    }),
  task: (row, secrets) =>
    line('task', {
      id: text(row.id),
      project_id: text(row.project_id),
      service_id: text(row.service_id),
      name: text(row.name),
      description: optional(row.description),
      creator: text(row.creator),
      state: text(row.state),
      desired: text(row.desired),
      hold: unless(row.hold, derivedHold(row.state)),
      schedule: row.schedule ?? undefined,
      input: row.input,
      output: row.output,
      config: row.config ?? undefined,
      labels: row.labels ?? undefined,
      created_at: text(row.created_at),
      updated_at: text(row.updated_at),
      ...restOfTask(row),
      secrets: row.secrets && secrets ? text(secretsOfTask({ ...row, secrets: row.secrets }, secrets)) : undefined,
    }),
  history: (row) =>
    line('history', {
      task_id: text(row.task_id),
      seq: text(row.seq),
      at: text(row.at),
      from: optional(row.from_state),
      to: text(row.to_state),
      cause: text(row.cause),
      node_id: optional(row.node_id),
      generation: text(row.generation),
      project_id: optional(row.project_id),
      service_id: optional(row.service_id),
      actor: optional(row.actor),
    }),
}

/** One line with its end. */
export function writeLine<Kind extends ExportKind>(
  kind: Kind,
  row: ExportRows[Kind],
  secrets: SecretsOut | undefined,
): string {
  return writers[kind](row, secrets)
}

type TaskRow = ExportRows['task']

function restOfTask(row: TaskRow): Record<string, string | undefined> {
  const { error_code: code, error_message: message, cores: cpu, memory_mib: memory } = row
  const isUsual = cpu === usageByDefault.cpu && memory === usageByDefault.memory
  return {
    armed: row.armed === null ? undefined : unless(row.armed, derivedArmed(row)),
    status: optional(row.status),
    error: code === null ? undefined : text({ code, message }),
    state_since: unless(row.state_since, row.updated_at),
    state_before_hold: optional(row.state_before_hold),
    generation: unless(row.generation, 0),
    attempt: unless(row.attempt, 0),
    not_before: optional(row.not_before),
    last_sequence: unless(row.last_sequence, 0),
    revision: unless(row.revision, 1),
    outdated_generation: unless(row.outdated_generation, 0),
    wished_by: optional(row.wished_by),
    source_usage_estimate: isUsual ? undefined : text({ cpu, memory }),
  }
}

function secretsOfTask(row: TaskRow & { secrets: Buffer }, { box, line: sealer }: SecretsOut): string {
  const clear = box.open(row.secrets, { table: 'task', id: row.id, projectId: row.project_id })
  return sealer.seal(JSON.parse(clear), `task ${row.id}`)
}

const labelsOf = (labels: string | null | undefined) => (labels ? { labels: JSON.parse(labels) } : {})
const text = (value: unknown) => JSON.stringify(value)
const optional = (value: unknown) => (value === null ? undefined : JSON.stringify(value))
const unless = <Value>(value: Value, derived: Value) => (value === derived ? undefined : JSON.stringify(value))

/** Members are JSON text; stored JSON holds no line end but between its tokens. */
function line(kind: ExportKind, members: Record<string, string | undefined>): string {
  let result = `{"kind":"${kind}"`
  for (const name in members) {
    const value = members[name]
    if (value !== undefined) result += `,"${name}":${value.includes('\n') ? value.replaceAll('\n', ' ') : value}`
  }
  return `${result}}\n`
}
