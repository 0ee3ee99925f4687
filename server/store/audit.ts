// The record of calls that write.
import type { Connection } from './database.ts'

export type AuditEntry = {
  id: number
  atMs: number
  accountId: string
  accountName: string
  method: string
  operation: string
  target: string
  status: number
  /** Absent for a call that was not refused. */
  errorCode?: string
  requestId: string
  address: string
}
/** `projectId` is absent for a call outside of every project. */
export type NewAuditEntry = Omit<AuditEntry, 'id'> & { projectId?: string }

type AuditRow = {
  id: number
  at: number
  account_id: string
  account_name: string
  method: string
  operation: string
  target: string
  status: number
  error_code: string | null
  request_id: string
  address: string
}

export async function insertAudit(db: Connection, entry: NewAuditEntry): Promise<void> {
  await db.query(
    `insert into audit (at, project_id, account_id, account_name, method, operation, target, status, error_code,
                        request_id, address)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      new Date(entry.atMs),
      entry.projectId ?? '',
      entry.accountId,
      entry.accountName,
      entry.method,
      entry.operation,
      entry.target,
      entry.status,
      entry.errorCode ?? null,
      entry.requestId,
      entry.address,
    ],
    'insert-audit',
  )
}

export type AuditPage = {
  /** Absent: of calls outside of every project. */
  projectId?: string
  /** Half-open, [from, to). */
  fromMs: number
  toMs: number
  /** The last entry of the page before. */
  after?: { atMs: number; id: number }
  limit: number
}

/** Newest first. */
export async function selectAudit(db: Connection, page: AuditPage): Promise<AuditEntry[]> {
  const { rows } = await db.query<AuditRow>(
    `select id, at, account_id, account_name, method, operation, target, status, error_code, request_id, address
       from audit
      where project_id = $1 and at >= $2 and at < $3
        and ($4::timestamptz is null or (at, id) < ($4, $5::bigint))
      order by at desc, id desc
      limit $6`,
    [
      page.projectId ?? '',
      new Date(page.fromMs),
      new Date(page.toMs),
      page.after ? new Date(page.after.atMs) : null,
      page.after?.id ?? null,
      page.limit,
    ],
  )
  return rows.map(toAuditEntry)
}

function toAuditEntry(row: AuditRow): AuditEntry {
  return {
    id: row.id,
    atMs: row.at,
    accountId: row.account_id,
    accountName: row.account_name,
    method: row.method,
    operation: row.operation,
    target: row.target,
    status: row.status,
    ...(row.error_code !== null && { errorCode: row.error_code }),
    requestId: row.request_id,
    address: row.address,
  }
}

const keptMs = 90 * 86_400_000
const keptRows = 1_000_000

/** Those older than 90 days, and all but the last million. */
export async function deleteOldAudit(db: Connection, nowMs: number): Promise<void> {
  await db.query('delete from audit where at < $1 or id <= (select max(id) - $2::bigint from audit)', [
    new Date(nowMs - keptMs),
    keptRows,
  ])
}
