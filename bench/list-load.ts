// Fills a database with as many tasks as the list is measured on.
import type { Database } from '@sightline/server/store/database.ts'

export const smallServices = 200
const smallShare = 200
const batch = 50_000

export type Loaded = {
  projectId: string
  /** The service with `taskCount` tasks. */
  bigServiceId: string
  /** Each with a 200th part of `taskCount`. */
  smallServiceIds: string[]
  /** When the first task was created; each after it a second later. */
  firstAtMs: number
  taskCount: number
}

/**
 * Loads one service of `taskCount` tasks and 200 services that share as many, 1.1 KB of JSON a task. Indexes are made
 * after the rows, as after any large import.
 */
export async function loadTasks(database: Database, projectId: string, taskCount: number): Promise<Loaded> {
  const bigServiceId = 'bench-big'
  const smallServiceIds = Array.from({ length: smallServices }, (_, at) => `bench-small-${at}`)
  const firstAtMs = Date.now() - taskCount * 1_000
  await database.query(
    `insert into service (project_id, id, service_name, algorithm, version, task_profile, infer_type, status, owner,
                          created_at, transition_at)
     select $1, id, id, 'c-flowcount', '1.0', 'ief', 'edge', 'running', 'admin', $3, $3 from unnest($2::text[]) as s (id)`,
    [projectId, [bigServiceId, ...smallServiceIds], new Date(firstAtMs)],
  )
  const { rows: indexes } = await database.query<{ name: string; text: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as text from pg_index i
      where indrelid = 'task'::regclass and not indisprimary`,
  )
  await database.query('set statement_timeout = 0')
  for (const { name } of indexes) await database.query(`drop index ${name}`)
  const at = new Date(firstAtMs)
  for (let from = 0; from < taskCount; from += batch) {
    const to = Math.min(from + batch, taskCount)
    await insertRange(database, { from, to, service: `$5`, projectId, at, serviceIds: bigServiceId })
    const small = `'bench-small-' || n % ${smallShare}`
    await insertRange(database, { from, to, service: small, projectId, at, serviceIds: '' })
  }
  await prepareIndexes(database, indexes)
  return { projectId, bigServiceId, smallServiceIds, firstAtMs, taskCount }
}

type Range = { from: number; to: number; service: string; projectId: string; at: Date; serviceIds: string }

/** An eighth of the names hold the word `gate`; every name holds six random characters. */
async function insertRange(database: Database, { from, to, service, projectId, at, serviceIds }: Range): Promise<void> {
  await database.query(
    `insert into task (id, project_id, service_id, name, creator, input, output, config, cores, memory_mib, desired,
                       state, state_since, created_at, updated_at)
     select md5(n::text || ${service}), $1, ${service},
            (array['gate','hall','yard','door','lane','dock','ramp','roof'])[1 + n % 8] || '-' || substr(md5(n::text), 1, 6),
            'admin',
            json_build_object('type', 'url', 'data', json_build_array(json_build_object(
              'url', 'rtsp://camera-' || n || '.example.com:554/streams/main'))),
            json_build_object('webhook', json_build_object('url', 'https://receiver.example.com/hooks/' || n,
              'headers', json_build_object('Content-Type', 'application/json', 'X-Site', 'site-' || n % 97))),
            json_build_object('line_count_interval', 5, 'note', repeat(md5(n::text), 24)),
            0.1, 32, case when n % 10 < 6 then 'run' else 'stop' end,
            case when n % 10 < 6 then 'RUNNING' when n % 10 < 9 then 'STOPPED' when n % 100 < 99 then 'SUCCEEDED' else 'FAILED' end,
            $4, $4::timestamptz + n * interval '1 second', $4::timestamptz + n * interval '1 second'
       from generate_series($2::integer, $3::integer - 1) as s (n)
      where $5::text is not null`,
    [projectId, from, to, at, serviceIds],
  )
}

async function prepareIndexes(database: Database, indexes: { text: string }[]): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query(`set local statement_timeout = 0`)
    await tx.query(`set local maintenance_work_mem = '512MB'`)
    for (const { text } of indexes) await tx.query(text)
  })
  await database.query('vacuum (analyze) task')
  await database.query('vacuum (analyze) task_count')
}
