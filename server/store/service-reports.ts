// What is told of a running service.
import type { Connection } from './database.ts'

type OfService = { projectId: string; serviceId: string }

export type EventRow = { event_type: 'normal' | 'abnormal'; event_info: string; occur_time: number }
export type EventsQuery = {
  type?: 'normal' | 'abnormal'
  /** Part of the text, letter case ignored. */
  info?: string
  fromMs?: number
  untilMs?: number
  direction: 'asc' | 'desc'
  offset: number
  limit: number
  /** Events of the deployment, at its time, in order. */
  deployment: { atMs: number; infos: readonly string[] }
}

/** Changes of a service's tasks, and the events of its deployment. */
export async function selectServiceEvents(
  db: Connection,
  { projectId, serviceId }: OfService,
  query: EventsQuery,
): Promise<{ events: EventRow[]; totalCount: number }> {
  const instant = (ms: number | undefined) => (ms === undefined ? null : new Date(ms))
  const order = query.direction === 'asc' ? 'occur_time asc, place asc' : 'occur_time desc, place desc'
  const { rows } = await db.query<EventRow & { total_count: number }>(
    `with events as (
       select case when to_state in ('ABNORMAL', 'FAILED', 'START_FAILED', 'CREATE_FAILED', 'RECOVERING')
                   then 'abnormal' else 'normal' end as event_type,
              '[task ' || task_id || '] ' || coalesce(from_state || ' -> ', '') || to_state || ': ' || cause as event_info,
              at as occur_time, task_id || lpad(seq::text, 10, '0') as place
         from task_history
        where project_id = $1 and service_id = $2
          and ($5::timestamptz is null or at >= $5) and ($6::timestamptz is null or at <= $6)
       union all
       select 'normal', info, $7::timestamptz, lpad(place::text, 10, '0')
         from unnest($8::text[]) with ordinality as d (info, place)
        where ($5::timestamptz is null or $7 >= $5) and ($6::timestamptz is null or $7 <= $6)
     )
     select event_type, event_info, occur_time, count(*) over () as total_count
       from events
      where ($3::text is null or event_type = $3) and ($4::text is null or strpos(lower(event_info), lower($4)) > 0)
      order by ${order}
     offset $9 limit $10`,
    [
      projectId,
      serviceId,
      query.type ?? null,
      query.info ?? null,
      instant(query.fromMs),
      instant(query.untilMs),
      new Date(query.deployment.atMs),
      [...query.deployment.infos],
      query.offset,
      query.limit,
    ],
  )
  const events = rows.map(({ total_count: _, ...event }) => event)
  return { events, totalCount: rows[0]?.total_count ?? 0 }
}

export type NodeOfService = {
  node_id: string
  node_name: string
  cores: number
  memory_mib: number
  used_cores: number
  used_memory_mib: number
  run_count: number
  running_count: number
  analysed: number
  /** Of the runs together. */
  analysed_per_min: number
}

/** The nodes that hold live runs of a service, and what those take and did. */
export async function selectNodesOfService(
  db: Connection,
  { projectId, serviceId }: OfService,
  nowMs: number,
): Promise<NodeOfService[]> {
  const { rows } = await db.query<NodeOfService>(
    `select n.id as node_id, n.name as node_name, n.cores, n.memory_mib, sum(t.cores)::real as used_cores,
            sum(t.memory_mib)::integer as used_memory_mib, count(*) as run_count,
            count(*) filter (where r.phase = 'running') as running_count,
            coalesce(sum((r.counters ->> 'frames_analysed')::bigint), 0)::bigint as analysed,
            coalesce(sum((r.counters ->> 'frames_analysed')::real * 60
                         / greatest(extract(epoch from $3::timestamptz - r.ordered_at), 1)), 0)::real as analysed_per_min
       from run r
       join task t on t.id = r.task_id
       join node n on n.id = r.node_id
      where r.ended_at is null and t.project_id = $1 and t.service_id = $2
      group by n.id
      order by n.id`,
    [projectId, serviceId, new Date(nowMs)],
  )
  return rows
}

/** The config that a service was deployed with, as JSON. */
export async function selectServiceConfig(db: Connection, { projectId, serviceId }: OfService): Promise<string> {
  const { rows } = await db.query<{ config: string }>('select config from service where project_id = $1 and id = $2', [
    projectId,
    serviceId,
  ])
  return rows[0]?.config ?? '[]'
}
