// The delivery ledger: what became of each attempt, and of each message that never arrives.
import type { DatabaseSync } from 'node:sqlite'
import { prepared } from './database.ts'
import type { Lane } from './messages.ts'

const keepMs = 7 * 24 * 3_600_000
const keepCount = 200_000

export type LedgerOutcome = 'delivered' | 'failed' | 'given_up' | 'dropped' | 'picture_dropped'

export type LedgerEntry = Lane & {
  atMs: number
  messageId: string
  sequence: number
  outcome: LedgerOutcome
  /** Members of an attempt; absent where none was made. */
  attempt?: number
  status?: number
  error?: string
  latencyMs?: number
  bodyBytes?: number
  bodySha256?: string
}

export function insertLedgerEntry(db: DatabaseSync, entry: LedgerEntry): void {
  prepared(
    db,
    `insert into ledger (at, task_id, output, message_id, sequence, outcome,
                         attempt, status, error, latency_ms, body_bytes, body_sha256)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    entry.atMs,
    entry.taskId,
    entry.output,
    entry.messageId,
    entry.sequence,
    entry.outcome,
    entry.attempt ?? null,
    entry.status ?? null,
    entry.error ?? null,
    entry.latencyMs ?? null,
    entry.bodyBytes ?? null,
    entry.bodySha256 ?? null,
  )
}

/** Forgets entries older than seven days, and the oldest beyond 200,000. */
export function pruneLedger(db: DatabaseSync, nowMs: number): void {
  prepared(db, 'delete from ledger where at < ?').run(nowMs - keepMs)
  prepared(db, 'delete from ledger where id <= (select max(id) from ledger) - ?').run(keepCount)
}

/** The entries of a task in the order in which they happened. */
export function selectLedger(db: DatabaseSync, taskId: string): LedgerEntry[] {
  return prepared(db, 'select * from ledger where task_id = ? order by id').all(taskId).map(toEntry)
}

const present = <K extends string, T>(name: K, value: unknown, read: (value: unknown) => T) =>
  value === null ? {} : ({ [name]: read(value) } as { [name in K]: T })

function toEntry(row: Record<string, unknown>): LedgerEntry {
  return {
    atMs: Number(row.at),
    taskId: String(row.task_id),
    output: String(row.output),
    messageId: String(row.message_id),
    sequence: Number(row.sequence),
    outcome: row.outcome as LedgerOutcome,
    ...present('attempt', row.attempt, Number),
    ...present('status', row.status, Number),
    ...present('error', row.error, String),
    ...present('latencyMs', row.latency_ms, Number),
    ...present('bodyBytes', row.body_bytes, Number),
    ...present('bodySha256', row.body_sha256, String),
  }
}
