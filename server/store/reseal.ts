// Every sealed column, and how its values are sealed anew: in batches, each in its own transaction, so that a rotation
// that is cut short goes on where it was. A test holds this list against the schema.
import type { Connection, Database } from './database.ts'
import { createSecretBox, type DataKey, type SealedTable, type SecretBox, sealedHeader } from './secrets.ts'

/** `sealed` holds one value, or a list of them. */
type SealedRow = { id: string; project_id: string; sealed: Buffer | Buffer[] }
type SealedColumn = {
  column: string
  /** Those sealed with another key than $1 begins with, after the id $2, at most $3. */
  select: string
  update: string
}

export const sealedColumns = {
  project: {
    column: 'signing_secrets',
    select: `select id, id as project_id, signing_secrets as sealed
               from project
              where exists (select 1 from unnest(signing_secrets) as s (one) where substring(s.one from 1 for 5) <> $1)
                and id > $2
              order by id
              limit $3`,
    update: 'update project set signing_secrets = $2 where id = $1',
  },
  task: {
    column: 'secrets',
    select: `select id, project_id, secrets as sealed
               from task
              where secrets is not null and substring(secrets from 1 for 5) <> $1 and id > $2
              order by id
              limit $3`,
    update: 'update task set secrets = $2 where id = $1',
  },
  access_key: {
    column: 'secret',
    select: `select access as id, '' as project_id, secret as sealed
               from access_key
              where substring(secret from 1 for 5) <> $1 and access > $2
              order by access
              limit $3`,
    update: 'update access_key set secret = $2 where access = $1',
  },
} as const satisfies Record<SealedTable, SealedColumn>

const batchRows = 500

/**
 * Seals with the newest data key whatever another key sealed.
 *
 * Shape: how many rows were sealed anew, by table.
 * Errors: `SecretKeyError` for a value that no key opens; it and what follows it are left as they are.
 */
export async function resealAll(
  database: Database,
  { masterKey, dataKeys }: { masterKey: Uint8Array; dataKeys: readonly DataKey[] },
): Promise<Record<SealedTable, number>> {
  const box = createSecretBox(masterKey, dataKeys)
  const header = sealedHeader(Math.max(...dataKeys.map(({ id }) => id)))
  const counts = { project: 0, task: 0, access_key: 0 }
  for (const table of Object.keys(sealedColumns) as SealedTable[]) {
    for (let after: string | undefined = ''; after !== undefined; ) {
      const batch = await database.transaction((tx) => resealBatch(tx, { table, box, header, after: after ?? '' }))
      counts[table] += batch.count
      after = batch.last
    }
  }
  return counts
}

type Batch = { table: SealedTable; box: SecretBox; header: Buffer; after: string }

async function resealBatch(
  tx: Connection,
  { table, box, header, after }: Batch,
): Promise<{ count: number; last: string | undefined }> {
  const { select, update } = sealedColumns[table]
  const { rows } = await tx.query<SealedRow>(select, [header, after, batchRows])
  for (const { id, project_id, sealed } of rows) {
    const context = { table, id, projectId: project_id }
    const reseal = (one: Buffer) => box.seal(box.open(one, context), context)
    await tx.query(update, [id, Array.isArray(sealed) ? sealed.map(reseal) : reseal(sealed)], `reseal-${table}`)
  }
  return { count: rows.length, last: rows.at(-1)?.id }
}
