import type { TaskState } from '@sightline/contract/states.ts'
import type { NewTask } from '@sightline/task/task.ts'
import type { Connection } from './database.ts'

/**
 * A task as a client sees it; `input`, `output`, `config`, `schedule` and `labels` are JSON text, secrets masked. A
 * summary has no `input`, `output` and `config`.
 */
export type TaskRow = {
  id: string
  name: string
  description: string | null
  creator: string
  project_id: string
  service_id: string
  created_at: number
  updated_at: number
  state: TaskState
  status: string | null
  error_code: string | null
  error_message: string | null
  hold: string
  armed: boolean | null
  schedule: string | null
  input?: string
  output?: string
  config?: string | null
  labels: string | null
  cores: number
  memory_mib: number
}

/** JSON with secrets masked, and the sealed clear one when there is any secret. */
export type StoredSpec = { input: string; output: string; secrets?: Buffer }

/** Inserts tasks and the first row of each one's history. */
export async function insertTasks(
  tx: Connection,
  tasks: readonly { task: NewTask; stored: StoredSpec }[],
): Promise<void> {
  const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value))
  const column = <Value>(pick: (task: NewTask, stored: StoredSpec) => Value) =>
    tasks.map(({ task, stored }) => pick(task, stored))
  await tx.query(
    `with fresh as (
       select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                            $8::text[], $9::text[], $10::text[], $11::text[], $12::bytea[], $13::boolean[], $14::real[],
                            $15::integer[], $16::text[], $17::boolean[], $18::text[], $19::text[], $20::timestamptz[],
                            $21::timestamptz[], $22::text[])
         as t (id, project_id, service_id, name, description, creator, input, output, config, schedule, labels,
               secrets, is_finite, cores, memory_mib, desired, armed, state, status, at, due_at, cause)
     ), made as (
       insert into task (id, project_id, service_id, name, description, creator, input, output, config, schedule,
                         labels, secrets, is_finite, cores, memory_mib, desired, armed, state, state_since, status,
                         created_at, updated_at, due_at)
       select id, project_id, service_id, name, description, creator, input::json, output::json, config::json,
              schedule::json, labels::json, secrets, is_finite, cores, memory_mib, desired, armed, state, at, status,
              at, at, due_at
         from fresh
     )
     insert into task_history (task_id, project_id, service_id, seq, at, from_state, to_state, cause, generation, actor)
     select id, project_id, service_id, 1, at, null, state, cause, 0, creator from fresh`,
    [
      column((task) => task.id),
      column((task) => task.projectId),
      column((task) => task.serviceId),
      column((task) => task.name),
      column((task) => task.description ?? null),
      column((task) => task.creator),
      column((_, stored) => stored.input),
      column((_, stored) => stored.output),
      column((task) => json(task.config)),
      column((task) => json(task.schedule)),
      column((task) => json(task.labels)),
      column((_, stored) => stored.secrets ?? null),
      column((task) => task.isFinite),
      column((task) => task.cores),
      column((task) => task.memoryMib),
      column((task) => task.desired),
      column((task) => task.armed ?? null),
      column((task) => task.state),
      column((task) => task.status ?? null),
      column((task) => new Date(task.createdAtMs)),
      column((task) => (task.dueAtMs === undefined ? null : new Date(task.dueAtMs))),
      column((task) => task.cause),
    ],
  )
}

export type TaskKey = { projectId: string; serviceId: string; id: string }

/** A task whose deletion was asked for shows DELETING at once, although the reconciler moves it a moment later. */
export async function selectTask(
  db: Connection,
  key: TaskKey,
): Promise<(TaskRow & { service_name: string; revision: number }) | undefined> {
  const { rows } = await db.query<TaskRow & { service_name: string; revision: number }>(
    `select id, name, description, creator, project_id, service_id, created_at, updated_at,
            shown_state as state, status, error_code, error_message, hold, armed, schedule, input, output, config,
            labels, cores, memory_mib, revision,
            (select service_name from service where project_id = $2 and id = $3) as service_name
       from task
      where id = $1 and project_id = $2 and service_id = $3`,
    [key.id, key.projectId, key.serviceId],
    'select-task',
  )
  return rows[0]
}

export type WishedBy = { nowMs: number; by: string }

/** What happened to a wish, and the state that decided it. */
export type WishOutcome = { kind: 'taken' } | { kind: 'refused'; state: TaskState } | { kind: 'absent' }

type WishRow = { state: TaskState; is_taken: boolean }

const outcomeOf = (row: WishRow | undefined): WishOutcome => {
  if (!row) return { kind: 'absent' }
  return row.is_taken ? { kind: 'taken' } : { kind: 'refused', state: row.state }
}

/** The user wants the task to run; refused while it is held or being deleted. */
export async function updateTaskWishedRun(tx: Connection, key: TaskKey, wish: WishedBy): Promise<WishOutcome> {
  const { rows } = await tx.query<WishRow>(
    `with found as (
       select id, case when desired = 'delete' then 'DELETING' else state end as state
         from task where id = $1 and project_id = $2 and service_id = $3
          for update
     ), moved as (
       update task t
          set desired = 'run', armed = case when t.schedule is null then null else true end, due_at = $4, wished_by = $5
         from found f
        where t.id = f.id and f.state not in ('DELETING', 'FREEZING', 'FROZEN')
       returning t.id
     )
     select f.state, exists (select 1 from moved) as is_taken from found f`,
    [key.id, key.projectId, key.serviceId, new Date(wish.nowMs), wish.by],
  )
  return outcomeOf(rows[0])
}

/** The user wants the task to stop, and a schedule to be disarmed; refused while it is being deleted. */
export async function updateTaskWishedStop(tx: Connection, key: TaskKey, wish: WishedBy): Promise<WishOutcome> {
  const { rows } = await tx.query<WishRow>(
    `with found as (
       select id, case when desired = 'delete' then 'DELETING' else state end as state
         from task where id = $1 and project_id = $2 and service_id = $3
          for update
     ), moved as (
       update task t
          set desired = 'stop', armed = case when t.schedule is null then null else false end, due_at = $4, wished_by = $5
         from found f
        where t.id = f.id and f.state <> 'DELETING'
       returning t.id
     )
     select f.state, exists (select 1 from moved) as is_taken from found f`,
    [key.id, key.projectId, key.serviceId, new Date(wish.nowMs), wish.by],
  )
  return outcomeOf(rows[0])
}

/** The user wants the task gone; always taken, and no wish after it is. */
export async function updateTaskWishedDelete(tx: Connection, key: TaskKey, wish: WishedBy): Promise<WishOutcome> {
  const { rowCount } = await tx.query(
    `update task set desired = 'delete', due_at = $4, wished_by = $5 where id = $1 and project_id = $2 and service_id = $3`,
    [key.id, key.projectId, key.serviceId, new Date(wish.nowMs), wish.by],
  )
  return rowCount > 0 ? { kind: 'taken' } : { kind: 'absent' }
}
