import type { Connection } from './database.ts'
import type { TaskKey } from './tasks.ts'

/** Whether a task carries all of these labels; absent when there is no such task. */
export async function hasLabels(
  db: Connection,
  key: TaskKey,
  labels: Readonly<Record<string, string>>,
): Promise<boolean | undefined> {
  const { rows } = await db.query<{ has_labels: boolean }>(
    `select labels is not null and labels::jsonb @> $4::jsonb as has_labels
       from task
      where id = $1 and project_id = $2 and service_id = $3`,
    [key.id, key.projectId, key.serviceId, JSON.stringify(labels)],
  )
  return rows[0]?.has_labels
}
