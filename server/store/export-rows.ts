// What an export reads, each table whole, a batch of rows at a time. JSON columns are their stored text.
import type { ServiceStatus, TaskProfile, TaskState } from '@sightline/contract/states.ts'
import type { Desired, Hold } from '@sightline/task/task.ts'
import type { Connection, Database } from './database.ts'

const batchRows = 2_000

/** One look at the whole content, however long `act` takes; what is written meanwhile is not in it. */
export function readSnapshot<Result>(database: Database, act: (tx: Connection) => Promise<Result>): Promise<Result> {
  return database.transaction(async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only')
    // The reader may be slow: a person at a terminal, a full disk.
    await tx.query('set local idle_in_transaction_session_timeout = 0')
    return act(tx)
  })
}

export type ExportRows = {
  project: {
    id: string
    name: string
    domain_id: string
    domain_name: string
    created_at: number
    signing_secrets: Buffer[]
  }
  role: { project_id: string; name: string; description: string; policy: string; created_at: number }
  user: {
    id: string
    name: string
    domain_id: string
    domain_name: string
    password_hash: string
    is_enabled: boolean
    created_at: number
    roles: string[]
    /** As long as `roles`; null for a role in every project. */
    role_project_ids: (string | null)[]
    /** As long as `roles`; JSON, null for a role without a limit. */
    role_labels: (string | null)[]
  }
  key: { access: string; account_id: string; secret: Buffer; description: string; created_at: number }
  service: {
    id: string
    project_id: string
    service_name: string
    algorithm: string
    task_profile: TaskProfile
    status: ServiceStatus
    owner: string
    created_at: number
    description: string
    version: string
    infer_type: string
    workspace_id: string
    config: string
    additional_properties: string | null
    transition_at: number
  }
  task: {
    id: string
    project_id: string
    service_id: string
    name: string
    description: string | null
    creator: string
    state: TaskState
    desired: Desired
    hold: Hold
    schedule: string | null
    input: string
    output: string
    config: string | null
    labels: string | null
    created_at: number
    updated_at: number
    armed: boolean | null
    status: string | null
    error_code: string | null
    error_message: string | null
    state_since: number
    state_before_hold: TaskState | null
    generation: number
    attempt: number
    not_before: number | null
    last_sequence: number
    revision: number
    outdated_generation: number
    wished_by: string | null
    cores: number
    memory_mib: number
    secrets: Buffer | null
  }
  history: {
    task_id: string
    seq: number
    at: number
    from_state: TaskState | null
    to_state: TaskState
    cause: string
    node_id: string | null
    generation: number
    project_id: string | null
    service_id: string | null
    actor: string | null
  }
}
export type ExportKind = keyof ExportRows

const cursors = {
  project: `declare export_rows no scroll cursor for
    select p.id, p.name, p.domain_id, d.name as domain_name, p.created_at, p.signing_secrets
      from project p join domain d on d.id = p.domain_id
     order by p.id`,
  role: `declare export_rows no scroll cursor for
    select project_id, name, description, policy, created_at from role order by project_id, name`,
  user: `declare export_rows no scroll cursor for
    select a.id, a.name, a.domain_id, d.name as domain_name, a.password_hash, a.is_enabled, a.created_at,
           array(select r.role from account_role r where r.account_id = a.id
                  order by r.project_id nulls first, r.role) as roles,
           array(select r.project_id from account_role r where r.account_id = a.id
                  order by r.project_id nulls first, r.role) as role_project_ids,
           array(select r.labels from account_role r where r.account_id = a.id
                  order by r.project_id nulls first, r.role) as role_labels
      from account a join domain d on d.id = a.domain_id
     order by a.id`,
  key: `declare export_rows no scroll cursor for
    select access, account_id, secret, description, created_at from access_key order by access`,
  service: `declare export_rows no scroll cursor for
    select id, project_id, service_name, algorithm, task_profile, status, owner, created_at, description, version,
           infer_type, workspace_id, config, additional_properties, transition_at
      from service
     order by project_id, id`,
  task: `declare export_rows no scroll cursor for
    select id, project_id, service_id, name, description, creator, state, desired, hold, schedule, input, output,
           config, labels, created_at, updated_at, armed, status, error_code, error_message, state_since,
           state_before_hold, generation, attempt, not_before, last_sequence, revision, outdated_generation, wished_by, cores,
           memory_mib, secrets
      from task
     order by id`,
  history: `declare export_rows no scroll cursor for
    select task_id, seq, at, from_state, to_state, cause, node_id, generation, project_id, service_id, actor
      from task_history
     order by task_id, seq`,
} as const satisfies Record<ExportKind, string>

/** Every row of a kind, in the order of its key. */
export async function* readRows<Kind extends ExportKind>(
  tx: Connection,
  kind: Kind,
): AsyncGenerator<ExportRows[Kind][]> {
  await tx.query(cursors[kind])
  while (true) {
    const { rows } = await tx.query<ExportRows[Kind]>(fetchBatch)
    if (rows.length === 0) break
    yield rows
  }
  await tx.query('close export_rows')
}

const fetchBatch = `fetch forward ${batchRows} from export_rows`
