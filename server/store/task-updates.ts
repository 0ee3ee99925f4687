// Updating what the user wrote of a task.
import type { TaskState } from '@sightline/contract/states.ts'
import type { Connection } from './database.ts'
import type { StoredSpec, TaskKey } from './tasks.ts'

export type UpdatableTask = {
  id: string
  state: TaskState
  revision: number
  name: string
  description: string | null
  input: string
  output: string
  config: string | null
  schedule: string | null
  labels: string | null
  secrets: Buffer | null
  cores: number
  memory_mib: number
  generation: number
}

/** The task, kept from others by this transaction. */
export async function selectTaskToUpdate(tx: Connection, key: TaskKey): Promise<UpdatableTask | undefined> {
  const { rows } = await tx.query<UpdatableTask>(
    `select id, shown_state as state, revision, name, description, input, output, config, schedule, labels, secrets,
            cores, memory_mib, generation
       from task
      where id = $1 and project_id = $2 and service_id = $3
        for update`,
    [key.id, key.projectId, key.serviceId],
  )
  return rows[0]
}

/** JSON members are texts; `isReconfigured` replaces the run. */
export type TaskUpdate = {
  id: string
  name: string
  description: string | null
  stored: StoredSpec
  config: string | null
  schedule: string | null
  labels: string | null
  isFinite: boolean
  isReconfigured: boolean
  nowMs: number
  by: string
}

/** Writes an update and a row of the history that says so. The task is locked by this transaction. */
export async function updateTaskSpec(tx: Connection, update: TaskUpdate): Promise<void> {
  await tx.query(
    `with updated as (
       update task
          set name = $2, description = $3, input = $4, output = $5, secrets = $6, config = $7, schedule = $8,
              labels = $9, is_finite = $10, revision = revision + 1,
              armed = case when $8::json is null then null else coalesce(armed, false) end,
              outdated_generation = case when $11 then generation else outdated_generation end,
              updated_at = $12, due_at = $12
        where id = $1
       returning id, project_id, service_id, state, generation
     )
     insert into task_history (task_id, project_id, service_id, seq, at, from_state, to_state, cause, generation, actor)
     select id, project_id, service_id,
            (select coalesce(max(seq), 0) + 1 from task_history where task_id = $1), $12, state, state, 'updated',
            generation, $13
       from updated`,
    [
      update.id,
      update.name,
      update.description,
      update.stored.input,
      update.stored.output,
      update.stored.secrets ?? null,
      update.config,
      update.schedule,
      update.labels,
      update.isFinite,
      update.isReconfigured,
      new Date(update.nowMs),
      update.by,
    ],
  )
}
