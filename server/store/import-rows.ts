// What an import writes: rows of an id that is there are replaced, others are left alone. Each list has no id twice.
import type { Connection } from './database.ts'
import type { ExportRows } from './export-rows.ts'

type Row<Kind extends keyof ExportRows> = ExportRows[Kind]

export type ImportMark = { lines: number; digest: Buffer }

export async function selectImportMark(db: Connection): Promise<ImportMark | undefined> {
  const { rows } = await db.query<ImportMark>('select lines, digest from import_mark')
  return rows[0]
}

export async function upsertImportMark(tx: Connection, { lines, digest }: ImportMark): Promise<void> {
  await tx.query(
    `insert into import_mark (lines, digest) values ($1, $2)
     on conflict (is_only) do update set lines = excluded.lines, digest = excluded.digest`,
    [lines, digest],
  )
}

/** A batch that a crash takes away again takes its mark along, and is stored by the next run. */
export async function commitLater(tx: Connection): Promise<void> {
  await tx.query('set local synchronous_commit = off')
}

/** Once everything is there: nodes ask anew what they should run, and the planner knows how much there is. */
export async function finishImport(db: Connection): Promise<void> {
  await db.query('delete from import_mark')
  await db.query('update node set assignments_version = assignments_version + 1')
  // Autovacuum does it too, only later.
  await db.query('analyze task, task_history').catch(() => undefined)
}

/** `created_at` and `signing_secrets` absent: those of the row that is replaced, else the ones given for a new one. */
export type ImportedProject = {
  id: string
  name: string
  domain_id: string
  created_at: number | undefined
  signing_secrets: Buffer[] | undefined
  fresh: { created_at: number; signing_secrets: Buffer[] }
}

export async function upsertProject(tx: Connection, project: ImportedProject): Promise<void> {
  await tx.query(
    `insert into project (id, domain_id, name, created_at, signing_secrets)
     values ($1, $2, $3, coalesce($4, $6::timestamptz), coalesce($5, $7::bytea[]))
     on conflict (id) do update
        set domain_id = excluded.domain_id, name = excluded.name,
            created_at = coalesce($4, project.created_at),
            signing_secrets = coalesce($5, project.signing_secrets)`,
    [
      project.id,
      project.domain_id,
      project.name,
      instant(project.created_at),
      project.signing_secrets ?? null,
      new Date(project.fresh.created_at),
      project.fresh.signing_secrets,
    ],
  )
}

export async function upsertRole(tx: Connection, role: Row<'role'>): Promise<void> {
  await tx.query(
    `insert into role (project_id, name, description, policy, created_at) values ($1, $2, $3, $4, $5)
     on conflict (project_id, name) do update
        set description = excluded.description, policy = excluded.policy, created_at = excluded.created_at`,
    [role.project_id, role.name, role.description, role.policy, new Date(role.created_at)],
  )
}

export type ImportedAccount = {
  id: string
  name: string
  domain_id: string
  is_enabled: boolean
  created_at: number
  /** Absent: that of the account which is replaced, else one that no password fits. */
  password_hash: string | undefined
  roles: { role: string; project_id?: string | undefined; labels?: Record<string, string> | undefined }[]
}

/** No password fits it. */
export const noPasswordHash = '*'

/** Replaces the account of this id, and one that signs in with this name. */
export async function upsertAccount(tx: Connection, account: ImportedAccount): Promise<void> {
  const replaced = await tx.query<{ password_hash: string }>(
    `select password_hash from account where id = $1 or (domain_id = $2 and name = $3) order by id = $1 desc limit 1`,
    [account.id, account.domain_id, account.name],
  )
  await tx.query('delete from account where domain_id = $2 and name = $3 and id <> $1', [
    account.id,
    account.domain_id,
    account.name,
  ])
  await tx.query(
    `insert into account (id, domain_id, name, password_hash, is_enabled, created_at) values ($1, $2, $3, $4, $5, $6)
     on conflict (id) do update
        set domain_id = excluded.domain_id, name = excluded.name, password_hash = excluded.password_hash,
            is_enabled = excluded.is_enabled, created_at = excluded.created_at`,
    [
      account.id,
      account.domain_id,
      account.name,
      account.password_hash ?? replaced.rows[0]?.password_hash ?? noPasswordHash,
      account.is_enabled,
      new Date(account.created_at),
    ],
  )
  await tx.query('delete from account_role where account_id = $1', [account.id])
  await tx.query(
    `insert into account_role (account_id, role, project_id, labels)
     select $1, r.role, r.project_id, r.labels
       from unnest($2::text[], $3::text[], $4::text[]) as r (role, project_id, labels)`,
    [
      account.id,
      account.roles.map(({ role }) => role),
      account.roles.map(({ project_id }) => project_id ?? null),
      account.roles.map(({ labels }) => (labels ? JSON.stringify(labels) : null)),
    ],
  )
}

/** False for a key without a secret that is not there: nobody could sign with it. */
export async function upsertAccessKey(
  tx: Connection,
  key: Omit<Row<'key'>, 'secret'> & { secret: Buffer | undefined },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `with given as (select coalesce($3, (select secret from access_key where access = $1)) as secret)
     insert into access_key (access, account_id, secret, description, created_at)
     select $1, $2, secret, $4, $5 from given where secret is not null
     on conflict (access) do update
        set account_id = excluded.account_id, secret = excluded.secret, description = excluded.description,
            created_at = excluded.created_at`,
    [key.access, key.account_id, key.secret ?? null, key.description, new Date(key.created_at)],
  )
  return rowCount > 0
}

export async function upsertService(tx: Connection, service: Row<'service'>): Promise<void> {
  await tx.query(
    `insert into service (project_id, id, service_name, description, algorithm, version, task_profile, infer_type,
                          status, owner, workspace_id, config, additional_properties, created_at, transition_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
     on conflict (project_id, id) do update
        set service_name = excluded.service_name, description = excluded.description, algorithm = excluded.algorithm,
            version = excluded.version, task_profile = excluded.task_profile, infer_type = excluded.infer_type,
            status = excluded.status, owner = excluded.owner, workspace_id = excluded.workspace_id,
            config = excluded.config, additional_properties = excluded.additional_properties,
            created_at = excluded.created_at, transition_at = excluded.transition_at`,
    [
      service.project_id,
      service.id,
      service.service_name,
      service.description,
      service.algorithm,
      service.version,
      service.task_profile,
      service.infer_type,
      service.status,
      service.owner,
      service.workspace_id,
      service.config,
      service.additional_properties,
      new Date(service.created_at),
      new Date(service.transition_at),
    ],
  )
}

export type ImportedTask = Row<'task'> & {
  is_finite: boolean
  /** When the reconciler first looks at it; null when only a write can change anything. */
  due_at: number | null
}

/**
 * Inserts tasks in place of those of the same ids, whose runs and history go. A task without secrets keeps those of the
 * one it replaces where both show the same masked input and output.
 */
export async function replaceTasks(tx: Connection, tasks: readonly ImportedTask[]): Promise<void> {
  const replaced = await selectReplaced(tx, tasks)
  if (replaced.size > 0) {
    const ids = [...replaced.keys()]
    await tx.query('delete from task where id = any ($1)', [ids])
    await tx.query('delete from task_history where task_id = any ($1)', [ids])
  }
  await insertImported(
    tx,
    tasks.map((task) => ({ ...task, secrets: task.secrets ?? replaced.get(task.id) ?? null })),
  )
}

async function selectReplaced(tx: Connection, tasks: readonly ImportedTask[]): Promise<Map<string, Buffer | null>> {
  const { rows } = await tx.query<{ id: string; secrets: Buffer | null }>(
    `select t.id,
            case when t.project_id = given.project_id and t.input::text = given.input and t.output::text = given.output
                 then t.secrets end as secrets
       from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as given (id, project_id, input, output)
       join task t on t.id = given.id`,
    [
      tasks.map(({ id }) => id),
      tasks.map(({ project_id }) => project_id),
      tasks.map(({ input }) => input),
      tasks.map(({ output }) => output),
    ],
  )
  return new Map(rows.map(({ id, secrets }) => [id, secrets]))
}

async function insertImported(tx: Connection, tasks: readonly ImportedTask[]): Promise<void> {
  const column = <Value>(pick: (task: ImportedTask) => Value) => tasks.map(pick)
  await tx.query(
    `insert into task (id, project_id, service_id, name, description, creator, input, output, config, schedule, labels,
                       secrets, is_finite, cores, memory_mib, desired, armed, hold, state, state_since,
                       state_before_hold, status, error_code, error_message, generation, attempt, not_before,
                       last_sequence, created_at, updated_at, due_at, revision, outdated_generation, wished_by)
     select id, project_id, service_id, name, description, creator, input::json, output::json, config::json,
            schedule::json, labels::json, secrets, is_finite, cores, memory_mib, desired, armed, hold, state,
            state_since, state_before_hold, status, error_code, error_message, generation, attempt, not_before,
            last_sequence, created_at, updated_at, due_at, revision, outdated_generation, wished_by
       from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                   $9::text[], $10::text[], $11::text[], $12::bytea[], $13::boolean[], $14::real[], $15::integer[],
                   $16::text[], $17::boolean[], $18::text[], $19::text[], $20::timestamptz[], $21::text[], $22::text[],
                   $23::text[], $24::text[], $25::integer[], $26::integer[], $27::timestamptz[], $28::integer[],
                   $29::timestamptz[], $30::timestamptz[], $31::timestamptz[], $32::integer[], $33::integer[], $34::text[])
         as t (id, project_id, service_id, name, description, creator, input, output, config, schedule, labels,
               secrets, is_finite, cores, memory_mib, desired, armed, hold, state, state_since, state_before_hold,
               status, error_code, error_message, generation, attempt, not_before, last_sequence, created_at,
               updated_at, due_at, revision, outdated_generation, wished_by)`,
    [
      column((task) => task.id),
      column((task) => task.project_id),
      column((task) => task.service_id),
      column((task) => task.name),
      column((task) => task.description),
      column((task) => task.creator),
      column((task) => task.input),
      column((task) => task.output),
      column((task) => task.config),
      column((task) => task.schedule),
      column((task) => task.labels),
      column((task) => task.secrets),
      column((task) => task.is_finite),
      column((task) => task.cores),
      column((task) => task.memory_mib),
      column((task) => task.desired),
      column((task) => task.armed),
      column((task) => task.hold),
      column((task) => task.state),
      column((task) => instant(task.state_since)),
      column((task) => task.state_before_hold),
      column((task) => task.status),
      column((task) => task.error_code),
      column((task) => task.error_message),
      column((task) => task.generation),
      column((task) => task.attempt),
      column((task) => instant(task.not_before)),
      column((task) => task.last_sequence),
      column((task) => instant(task.created_at)),
      column((task) => instant(task.updated_at)),
      column((task) => instant(task.due_at)),
      column((task) => task.revision),
      column((task) => task.outdated_generation),
      column((task) => task.wished_by),
    ],
  )
}

export async function upsertHistory(tx: Connection, entries: readonly Row<'history'>[]): Promise<void> {
  const column = <Value>(pick: (entry: Row<'history'>) => Value) => entries.map(pick)
  await tx.query(
    `insert into task_history (task_id, seq, at, from_state, to_state, cause, node_id, generation, project_id,
                               service_id, actor)
     select task_id, seq, at, from_state, to_state, cause, node_id, generation, project_id, service_id, actor
       from unnest($1::text[], $2::integer[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[],
                   $8::integer[], $9::text[], $10::text[], $11::text[])
         as h (task_id, seq, at, from_state, to_state, cause, node_id, generation, project_id, service_id, actor)
     on conflict (task_id, seq) do update
        set at = excluded.at, from_state = excluded.from_state, to_state = excluded.to_state, cause = excluded.cause,
            node_id = excluded.node_id, generation = excluded.generation, project_id = excluded.project_id,
            service_id = excluded.service_id, actor = excluded.actor, written = excluded.written`,
    [
      column((entry) => entry.task_id),
      column((entry) => entry.seq),
      column((entry) => instant(entry.at)),
      column((entry) => entry.from_state),
      column((entry) => entry.to_state),
      column((entry) => entry.cause),
      column((entry) => entry.node_id),
      column((entry) => entry.generation),
      column((entry) => entry.project_id),
      column((entry) => entry.service_id),
      column((entry) => entry.actor),
    ],
  )
}

const instant = (atMs: number | null | undefined) => (atMs === null || atMs === undefined ? null : new Date(atMs))
