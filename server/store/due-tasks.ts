// What the reconciler reads and writes of tasks. Lock order everywhere: task, run, node.
import type { InputType, OutputKind, ServiceStatus, TaskState } from '@sightline/contract/states.ts'
import type { Desired, Hold, Task } from '@sightline/task/task.ts'
import type { Connection } from './database.ts'

/** A task as stored, with what its service adds. */
export type DueTaskRow = {
  id: string
  state: TaskState
  desired: Desired
  hold: Hold
  has_schedule: boolean
  is_finite: boolean
  generation: number
  outdated_generation: number
  attempt: number
  state_since: number
  not_before: number | null
  state_before_hold: TaskState | null
  status: string | null
  error_code: string | null
  error_message: string | null
  cores: number
  memory_mib: number
  input_type: InputType
  input_node_id: string | null
  output_kinds: OutputKind[]
  algorithm: string
  service_status: ServiceStatus
}

/** Whether any task is due and any lease is over: the whole cost of a round in which nothing happens. */
export async function selectIsAnythingDue(
  db: Connection,
  nowMs: number,
): Promise<{ isTaskDue: boolean; isLeaseOver: boolean }> {
  const { rows } = await db.query<{ is_task_due: boolean | null; is_lease_over: boolean | null }>(
    `select (select due_at from task where due_at is not null order by due_at limit 1) <= $1 as is_task_due,
            (select lease_until from node where lease_until is not null order by lease_until limit 1) <= $1
              as is_lease_over`,
    [new Date(nowMs)],
    'select-is-anything-due',
  )
  return { isTaskDue: rows[0]?.is_task_due === true, isLeaseOver: rows[0]?.is_lease_over === true }
}

/** Takes a batch of due tasks for this transaction, the longest due first; what another server has taken is passed over. */
export async function claimDueTasks(tx: Connection, claim: { nowMs: number; limit: number }): Promise<DueTaskRow[]> {
  const { rows } = await tx.query<DueTaskRow>(
    `select t.id, t.state, t.desired, t.hold, t.schedule is not null as has_schedule, t.is_finite, t.generation, t.outdated_generation,
            t.attempt, t.state_since, t.not_before, t.state_before_hold, t.status, t.error_code, t.error_message,
            t.cores, t.memory_mib, t.input ->> 'type' as input_type, t.input #>> '{data,0,node_id}' as input_node_id,
            array(select json_object_keys(t.output)) as output_kinds, s.algorithm, s.status as service_status
       from task t
       join service s on s.project_id = t.project_id and s.id = t.service_id
      where t.due_at <= $1
      order by t.due_at
      limit $2
        for update of t skip locked`,
    [new Date(claim.nowMs), claim.limit],
    'claim-due-tasks',
  )
  return rows
}

export type KeptTask = { readGeneration: number; task: Task; dueAtMs?: number }

/** Writes tasks back as planned; a task that has moved on since `readGeneration` is left alone. Gives how many were written. */
export async function updateTasks(tx: Connection, kept: readonly KeptTask[], nowMs: number): Promise<number> {
  const instant = (atMs: number | undefined) => (atMs === undefined ? null : new Date(atMs))
  const column = <Value>(pick: (one: KeptTask) => Value) => kept.map(pick)
  const { rowCount } = await tx.query(
    `update task t
        set desired = k.desired, state = k.state, state_since = k.state_since, state_before_hold = k.state_before_hold,
            status = k.status, error_code = k.error_code, error_message = k.error_message, generation = k.generation,
            attempt = k.attempt, not_before = k.not_before, due_at = k.due_at,
            updated_at = case when t.state_since <> k.state_since or t.status is distinct from k.status
                              then $14 else t.updated_at end
       from unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::text[],
                   $8::text[], $9::text[], $10::integer[], $11::integer[], $12::timestamptz[], $13::timestamptz[])
         as k (id, read_generation, desired, state, state_since, state_before_hold, status, error_code, error_message,
               generation, attempt, not_before, due_at)
      where t.id = k.id and t.generation = k.read_generation`,
    [
      column(({ task }) => task.id),
      column(({ readGeneration }) => readGeneration),
      column(({ task }) => task.desired),
      column(({ task }) => task.state),
      column(({ task }) => new Date(task.stateSinceMs)),
      column(({ task }) => task.stateBeforeHold ?? null),
      column(({ task }) => task.status ?? null),
      column(({ task }) => task.error?.code ?? null),
      column(({ task }) => task.error?.message ?? null),
      column(({ task }) => task.generation),
      column(({ task }) => task.attempt),
      column(({ task }) => instant(task.notBeforeMs)),
      column(({ dueAtMs }) => instant(dueAtMs)),
      new Date(nowMs),
    ],
  )
  return rowCount
}

/** Removes tasks with their runs; their history stays and ends with a row that says so. */
export async function deleteTasks(tx: Connection, ids: readonly string[], nowMs: number): Promise<void> {
  await tx.query(
    `with removed as (delete from task where id = any ($1) returning id, project_id, service_id, generation)
     insert into task_history (task_id, project_id, service_id, seq, at, from_state, to_state, cause, generation)
     select id, project_id, service_id,
            (select coalesce(max(seq), 0) + 1 from task_history where task_id = id), $2, 'DELETING', 'DELETING',
            'removed', generation
       from removed`,
    [ids, new Date(nowMs)],
  )
}

/** Makes up to `limit` tasks that wait for a node due now, the longest waiting first. Back-off is kept. */
export async function wakeWaitingTasks(tx: Connection, wake: { nowMs: number; limit: number }): Promise<number> {
  const { rowCount } = await tx.query(
    `update task
        set due_at = $1
      where id in (select id from task
                    where state in ('PENDING', 'RECOVERING') and due_at > $1 and (not_before is null or not_before <= $1)
                    order by state_since
                    limit $2
                      for update skip locked)`,
    [new Date(wake.nowMs), wake.limit],
  )
  return rowCount
}

/** Puts off the longest due task, which could not be planned or applied. Gives its id. */
export async function delayFirstDueTask(
  db: Connection,
  delay: { nowMs: number; untilMs: number },
): Promise<string | undefined> {
  const { rows } = await db.query<{ id: string }>(
    `update task
        set due_at = $2
      where id = (select id from task where due_at <= $1 order by due_at limit 1 for update skip locked)
     returning id`,
    [new Date(delay.nowMs), new Date(delay.untilMs)],
  )
  return rows[0]?.id
}
