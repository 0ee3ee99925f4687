import type { AuditItem } from '@sightline/contract/members.ts'
import { type AuditEntry, selectAudit } from '../store/audit.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { apiError } from './errors.ts'
import { readInteger, readWord } from './query.ts'

const limitMax = 1000
const limitDefault = 100
// Well inside of what a database and a calendar can hold.
const timeMaxMs = Date.UTC(9999, 0)
const bounds = { min: 0, max: timeMaxMs }

/** Who did what when, newest first. Source: platform API page, registries. */
export async function listAudit(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const limit = readInteger(call.query, 'limit', { min: 1, max: limitMax }) ?? limitDefault
  const scope = readWord(call.query, 'scope', ['project', 'deployment']) ?? 'project'
  if (scope === 'deployment' && !caller.token.isDeploymentAdmin) {
    throw apiError('not_authorized', { action: 'iam:audit:list' })
  }
  const after = readCursor(call.query.get('cursor'))
  const entries = await selectAudit(door.database, {
    ...(scope === 'project' && { projectId: caller.project.id }),
    fromMs: readInteger(call.query, 'from', bounds) ?? bounds.min,
    toMs: readInteger(call.query, 'to', bounds) ?? bounds.max,
    ...(after && { after }),
    limit: limit + 1,
  })
  const shown = entries.slice(0, limit)
  const last = shown.at(-1)
  const next_cursor = entries.length > limit && last ? `${last.atMs}.${last.id}` : undefined
  return { status: 200, json: { audit: shown.map(toItem), ...(next_cursor !== undefined && { next_cursor }) } }
}

function readCursor(text: string | undefined): { atMs: number; id: number } | undefined {
  if (text === undefined) return undefined
  const [, atMs, id] = /^(\d{1,15})\.(\d{1,15})$/.exec(text) ?? []
  if (atMs === undefined || id === undefined || Number(atMs) > timeMaxMs) {
    throw apiError('invalid_argument', { detail: 'The param [cursor] is not one that this list gave.' })
  }
  return { atMs: Number(atMs), id: Number(id) }
}

function toItem(entry: AuditEntry): AuditItem {
  return {
    id: entry.id,
    time: new Date(entry.atMs).toISOString(),
    user_id: entry.accountId,
    user_name: entry.accountName,
    method: entry.method,
    operation: entry.operation,
    target: entry.target,
    status: entry.status,
    ...(entry.errorCode !== undefined && { error_code: entry.errorCode }),
    request_id: entry.requestId,
    address: entry.address,
  }
}
