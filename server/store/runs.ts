import type { RunPhase } from '@sightline/contract/fleet.ts'
import type { Run } from '@sightline/task/task.ts'
import type { Connection } from './database.ts'

type RunRow = {
  task_id: string
  generation: number
  node_id: string
  epoch: number
  stop_asked_at: number | null
  phase: RunPhase | null
  phase_since: number | null
  is_permanent: boolean
  error_code: string | null
  error_message: string | null
  detail: string | null
}

function toRun(row: RunRow): Run {
  return {
    taskId: row.task_id,
    generation: row.generation,
    nodeId: row.node_id,
    epoch: row.epoch,
    ...(row.stop_asked_at !== null && { stopAskedAtMs: row.stop_asked_at }),
    ...(row.phase !== null &&
      row.phase_since !== null && {
        seen: {
          phase: row.phase,
          isPermanent: row.is_permanent,
          sinceMs: row.phase_since,
          ...(row.error_code !== null &&
            row.error_message !== null && { error: { code: row.error_code, message: row.error_message } }),
          ...(row.detail !== null && { detail: row.detail }),
        },
      }),
  }
}

/** The live runs of tasks; at most one each. */
export async function selectLiveRuns(db: Connection, taskIds: readonly string[]): Promise<Run[]> {
  const { rows } = await db.query<RunRow>(
    `select task_id, generation, node_id, epoch, stop_asked_at, phase, phase_since, is_permanent, error_code,
            error_message, detail
       from run
      where task_id = any ($1) and ended_at is null`,
    [taskIds],
    'select-live-runs',
  )
  return rows.map(toRun)
}

export type RunKey = { taskId: string; generation: number }
export type NewRun = RunKey & { nodeId: string; epoch: number }

export async function insertRuns(tx: Connection, runs: readonly NewRun[], nowMs: number): Promise<void> {
  await tx.query(
    `insert into run (task_id, generation, node_id, epoch, ordered_at)
     select task_id, generation, node_id, epoch, $5
       from unnest($1::text[], $2::integer[], $3::text[], $4::integer[]) as r (task_id, generation, node_id, epoch)`,
    [
      runs.map(({ taskId }) => taskId),
      runs.map(({ generation }) => generation),
      runs.map(({ nodeId }) => nodeId),
      runs.map(({ epoch }) => epoch),
      new Date(nowMs),
    ],
  )
}

/** Tells the nodes of runs to let go. */
export async function updateRunsStopAsked(tx: Connection, runs: readonly RunKey[], nowMs: number): Promise<void> {
  await tx.query(
    `update run
        set stop_asked_at = $3
       from unnest($1::text[], $2::integer[]) as k (task_id, generation)
      where run.task_id = k.task_id and run.generation = k.generation and ended_at is null and stop_asked_at is null`,
    [...keys(runs), new Date(nowMs)],
  )
}

export async function updateRunsEnded(tx: Connection, runs: readonly RunKey[], nowMs: number): Promise<void> {
  await tx.query(
    `update run
        set ended_at = $3
       from unnest($1::text[], $2::integer[]) as k (task_id, generation)
      where run.task_id = k.task_id and run.generation = k.generation and ended_at is null`,
    [...keys(runs), new Date(nowMs)],
  )
}

const keys = (runs: readonly RunKey[]) => [runs.map(({ taskId }) => taskId), runs.map(({ generation }) => generation)]

export type RunReport = RunKey & {
  seq: number
  phase: RunPhase
  isPermanent: boolean
  errorCode?: string
  errorMessage?: string
  detail?: string
  lastSequence?: number
  /** JSON. */
  counters?: string
}

/**
 * Writes what a node saw of its live runs, at most one report a run, and makes the tasks due whose run is in another
 * phase, or says something else about it. A report of another node, epoch or generation, or an older one, changes nothing.
 *
 * Shape: how many were taken, and how many tasks were made due. The tasks are locked by this transaction.
 */
export async function updateRunsReported(
  tx: Connection,
  from: { nodeId: string; epoch: number; reports: readonly RunReport[]; nowMs: number },
): Promise<{ takenCount: number; dueCount: number }> {
  const column = <Value>(pick: (report: RunReport) => Value) => from.reports.map(pick)
  const { rows } = await tx.query<{ taken_count: number; due_count: number }>(
    `with report as (
       select p.*, run.phase is distinct from p.phase or run.detail is distinct from p.detail
                     or run.error_code is distinct from p.error_code
                     or run.error_message is distinct from p.error_message as is_news
         from unnest($3::text[], $4::integer[], $5::integer[], $6::text[], $7::boolean[], $8::text[], $9::text[],
                     $10::text[], $11::integer[], $12::text[])
           as p (task_id, generation, seq, phase, is_permanent, error_code, error_message, detail, last_sequence, counters)
         join run on run.task_id = p.task_id and run.generation = p.generation
                 and run.node_id = $1 and run.epoch = $2 and run.ended_at is null and run.report_seq < p.seq
     ), taken as (
       update run
          set report_seq = p.seq,
              phase_since = case when run.phase is distinct from p.phase then $13 else run.phase_since end,
              phase = p.phase, is_permanent = p.is_permanent, error_code = p.error_code,
              error_message = p.error_message, detail = p.detail, counters = coalesce(p.counters::json, run.counters)
         from report p
        where run.task_id = p.task_id and run.generation = p.generation
       returning run.task_id
     ), due as (
       update task
          set last_sequence = greatest(task.last_sequence, p.last_sequence),
              due_at = case when p.is_news then $13 else task.due_at end
         from report p
        where task.id = p.task_id and (p.is_news or p.last_sequence > task.last_sequence)
       returning p.is_news
     )
     select (select count(*) from taken) as taken_count, (select count(*) from due where is_news) as due_count`,
    [
      from.nodeId,
      from.epoch,
      column(({ taskId }) => taskId),
      column(({ generation }) => generation),
      column(({ seq }) => seq),
      column(({ phase }) => phase),
      column(({ isPermanent }) => isPermanent),
      column(({ errorCode }) => errorCode ?? null),
      column(({ errorMessage }) => errorMessage ?? null),
      column(({ detail }) => detail ?? null),
      column(({ lastSequence }) => lastSequence ?? null),
      column(({ counters }) => counters ?? null),
      new Date(from.nowMs),
    ],
  )
  return { takenCount: rows[0]?.taken_count ?? 0, dueCount: rows[0]?.due_count ?? 0 }
}

/** Takes tasks for this transaction, in order, before their runs are written. */
export async function lockTasks(tx: Connection, taskIds: readonly string[]): Promise<void> {
  await tx.query('select id from task where id = any ($1) order by id for update', [taskIds], 'lock-tasks')
}

export type AssignedRun = {
  task_id: string
  project_id: string
  generation: number
  input: string
  output: string
  config: string | null
  secrets: Buffer | null
  last_sequence: number
  algorithm: string
  version: string
  signing_secrets: Buffer[]
}

/** What a node should be running under its epoch, by task, and the version of that set; absent when the epoch is over. */
export async function selectAssignments(
  db: Connection,
  node: { id: string; epoch: number },
): Promise<{ version: number; runs: AssignedRun[] } | undefined> {
  const { rows } = await db.query<
    { assignments_version: number } & { [Key in keyof AssignedRun]: AssignedRun[Key] | null }
  >(
    `select n.assignments_version, r.task_id, r.generation, t.project_id, t.input, t.output, t.config, t.secrets,
            t.last_sequence, s.algorithm, s.version, p.signing_secrets
       from node n
       left join run r on r.node_id = n.id and r.epoch = n.epoch and r.ended_at is null and r.stop_asked_at is null
                      and (r.phase is null or r.phase not in ('ended', 'failed', 'released'))
       left join task t on t.id = r.task_id
       left join service s on s.project_id = t.project_id and s.id = t.service_id
       left join project p on p.id = t.project_id
      where n.id = $1 and n.epoch = $2 and n.lease_until is not null
      order by r.task_id`,
    [node.id, node.epoch],
    'select-assignments',
  )
  const version = rows[0]?.assignments_version
  if (version === undefined) return undefined
  return {
    version,
    runs: rows.filter((row): row is AssignedRun & { assignments_version: number } => row.task_id !== null),
  }
}
