// The statements on outputs and sequence numbers. Each runs inside the transaction of its caller.
import type { DatabaseSync } from 'node:sqlite'
import { prepared } from './database.ts'
import type { Lane } from './messages.ts'

/** The last sequence number that was given out for a task; 0 before the first one. */
export function selectLastSequence(db: DatabaseSync, taskId: string): number {
  const row = prepared(db, 'select last from sequence where task_id = ?').get(taskId)
  return row === undefined ? 0 : Number(row.last)
}

export function upsertSequence(db: DatabaseSync, taskId: string, last: number, nowMs: number): void {
  prepared(
    db,
    `insert into sequence (task_id, last, updated_at) values (?, ?, ?)
       on conflict (task_id) do update set last = excluded.last, updated_at = excluded.updated_at`,
  ).run(taskId, last, nowMs)
}

export function deleteSequencesBefore(db: DatabaseSync, beforeMs: number): void {
  prepared(db, 'delete from sequence where updated_at < ?').run(beforeMs)
}

/** A newer generation ends a pause. */
export function upsertOutput(db: DatabaseSync, lane: Lane, generation: number, sealed: Uint8Array): void {
  prepared(
    db,
    `insert into output (task_id, kind, generation, sealed) values (?, ?, ?, ?)
       on conflict (task_id, kind) do update
         set paused = iif(excluded.generation > generation, 0, paused),
             generation = excluded.generation, sealed = excluded.sealed`,
  ).run(lane.taskId, lane.output, generation, sealed)
}

export type OutputRow = { generation: number; isPaused: boolean; sealed: Uint8Array }

export function selectOutput(db: DatabaseSync, lane: Lane): OutputRow | undefined {
  const row = prepared(db, 'select * from output where task_id = ? and kind = ?').get(lane.taskId, lane.output)
  if (!(row?.sealed instanceof Uint8Array)) return undefined
  return { generation: Number(row.generation), isPaused: row.paused === 1, sealed: row.sealed }
}

export function pauseOutput(db: DatabaseSync, lane: Lane): void {
  prepared(db, 'update output set paused = 1 where task_id = ? and kind = ?').run(lane.taskId, lane.output)
}

/** Outputs without a message, so that nothing is delivered to them any more. */
export function selectIdleOutputs(db: DatabaseSync): Lane[] {
  return prepared(
    db,
    `select task_id, kind from output
      where not exists (select 1 from message where message.task_id = output.task_id and message.output = output.kind)
      order by task_id, kind`,
  )
    .all()
    .map((row) => ({ taskId: String(row.task_id), output: String(row.kind) }))
}

export function deleteOutput(db: DatabaseSync, lane: Lane): void {
  prepared(db, 'delete from output where task_id = ? and kind = ?').run(lane.taskId, lane.output)
}
