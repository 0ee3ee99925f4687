// Changes of tasks as a feed that can be read on from any place.
import type { TaskState } from '@sightline/contract/states.ts'
import type { Connection } from './database.ts'

/** After which change to read on; without a task: after every change of older transactions. */
export type ChangePlace = { written: string; taskId: string; seq: number }
export type ChangeRow = { written: string; task_id: string; seq: number; cause: string }

type Feed = { projectId: string; serviceId: string; states?: readonly TaskState[] }

/** The place from which on only changes are read that are not visible yet. */
export async function selectFeedEnd(db: Connection): Promise<ChangePlace> {
  const { rows } = await db.query<{ written: string }>(
    'select pg_snapshot_xmin(pg_current_snapshot())::text as written',
    [],
    'select-feed-end',
  )
  return { written: rows[0]?.written ?? '0', taskId: '', seq: 0 }
}

/**
 * Changes of a service's tasks after a place, in the order of the feed; with states, those into or out of one of them.
 * A change is in the feed once no older transaction can add one before it.
 */
export async function selectChanges(
  db: Connection,
  { projectId, serviceId, states }: Feed,
  page: { after: ChangePlace; limit: number },
): Promise<ChangeRow[]> {
  const { rows } = await db.query<ChangeRow>(
    `select written::text, task_id, seq, cause
       from task_history h
      where project_id = $1 and service_id = $2
        and (h.written, task_id, seq) > ($3::xid8, $4, $5)
        and h.written < pg_snapshot_xmin(pg_current_snapshot())
        and ($6::text[] is null or to_state = any ($6) or from_state = any ($6))
      order by h.written, task_id, seq
      limit $7`,
    [projectId, serviceId, page.after.written, page.after.taskId, page.after.seq, states ?? null, page.limit],
    'select-changes',
  )
  return rows
}
