import type { ServiceStatus, TaskProfile } from '@sightline/contract/states.ts'
import type { Connection } from './database.ts'

export type Service = {
  projectId: string
  id: string
  serviceName: string
  description: string
  /** A name of the contract's algorithm table. */
  algorithm: string
  version: string
  profile: TaskProfile
  inferType: string
  status: ServiceStatus
  owner: string
  workspaceId: string
  /** JSON as sent, or absent. */
  additionalProperties?: string
  createdAtMs: number
  transitionAtMs: number
}
/** `config` is the JSON that the deploy call sent. */
export type NewService = Omit<Service, 'transitionAtMs'> & { config: string }

type ServiceRow = {
  project_id: string
  id: string
  service_name: string
  description: string
  algorithm: string
  version: string
  task_profile: TaskProfile
  infer_type: string
  status: ServiceStatus
  owner: string
  workspace_id: string
  additional_properties: string | null
  created_at: number
  transition_at: number
}

const toService = (row: ServiceRow): Service => ({
  projectId: row.project_id,
  id: row.id,
  serviceName: row.service_name,
  description: row.description,
  algorithm: row.algorithm,
  version: row.version,
  profile: row.task_profile,
  inferType: row.infer_type,
  status: row.status,
  owner: row.owner,
  workspaceId: row.workspace_id,
  ...(row.additional_properties !== null && { additionalProperties: row.additional_properties }),
  createdAtMs: row.created_at,
  transitionAtMs: row.transition_at,
})

/** Inserts a service and says so, unless the project has one of its name. */
export async function insertService(db: Connection, service: NewService): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into service (project_id, id, service_name, description, algorithm, version, task_profile, infer_type,
                          status, owner, workspace_id, config, additional_properties, created_at, transition_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14)
     on conflict (project_id, service_name) do nothing`,
    [
      service.projectId,
      service.id,
      service.serviceName,
      service.description,
      service.algorithm,
      service.version,
      service.profile,
      service.inferType,
      service.status,
      service.owner,
      service.workspaceId,
      service.config,
      service.additionalProperties ?? null,
      new Date(service.createdAtMs),
    ],
  )
  return rowCount > 0
}

export async function selectService(db: Connection, projectId: string, id: string): Promise<Service | undefined> {
  const { rows } = await db.query<ServiceRow>(
    `select project_id, id, service_name, description, algorithm, version, task_profile, infer_type, status, owner,
            workspace_id, additional_properties, created_at, transition_at
       from service
      where project_id = $1 and id = $2`,
    [projectId, id],
    'select-service',
  )
  return rows[0] && toService(rows[0])
}

/** What a list of services asks for; an absent member filters nothing. */
export type ServiceFilter = {
  projectId: string
  serviceId?: string
  /** Part of the name, letter case ignored. */
  nameLike?: string
  status?: string
  inferType?: string
  workspaceId?: string
}
export const serviceSortKeys = ['publish_at', 'service_name', 'transition_at'] as const
export type ServicePage = {
  sortBy: (typeof serviceSortKeys)[number]
  direction: 'asc' | 'desc'
  offset: number
  limit: number
}

/** One page of the matching services, and how many match. Order: by the key, then by id. */
export async function selectServices(
  db: Connection,
  filter: ServiceFilter,
  page: ServicePage,
): Promise<{ services: Service[]; totalCount: number }> {
  const { rows } = await db.query<ServiceRow & { total_count: number }>(
    `select project_id, id, service_name, description, algorithm, version, task_profile, infer_type, status, owner,
            workspace_id, additional_properties, created_at, transition_at, count(*) over () as total_count
       from service
      where project_id = $1
        and ($2::text is null or id = $2)
        and ($3::text is null or strpos(lower(service_name), lower($3)) > 0)
        and ($4::text is null or status = $4)
        and ($5::text is null or infer_type = $5)
        and ($6::text is null or workspace_id = $6)
      order by case when $7 = 'service_name' and $8 = 'asc' then service_name end asc,
               case when $7 = 'service_name' and $8 = 'desc' then service_name end desc,
               case when $8 = 'asc' then case $7 when 'publish_at' then created_at when 'transition_at' then transition_at end end asc,
               case when $8 = 'desc' then case $7 when 'publish_at' then created_at when 'transition_at' then transition_at end end desc,
               id
      offset $9 limit $10`,
    [
      filter.projectId,
      filter.serviceId ?? null,
      filter.nameLike ?? null,
      filter.status ?? null,
      filter.inferType ?? null,
      filter.workspaceId ?? null,
      page.sortBy,
      page.direction,
      page.offset,
      page.limit,
    ],
  )
  const totalCount = rows[0]?.total_count ?? (page.offset === 0 ? 0 : await countServices(db, filter))
  return { services: rows.map(toService), totalCount }
}

/** For a page beyond the last match, which carries no count. */
async function countServices(db: Connection, filter: ServiceFilter): Promise<number> {
  const { totalCount } = await selectServices(db, filter, {
    sortBy: 'publish_at',
    direction: 'asc',
    offset: 0,
    limit: 1,
  })
  return totalCount
}

/** Changes what is given, unless the service is in a state that allows no change; says whether it changed. */
export async function updateService(
  db: Connection,
  change: { projectId: string; id: string; description?: string; status?: 'running' | 'stopped'; nowMs: number },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update service
        set description = coalesce($3, description),
            status = coalesce($4, status),
            transition_at = case when $4 is null or $4 = status then transition_at else $5 end
      where project_id = $1 and id = $2 and status not in ('deploying', 'stopping', 'deleting')`,
    [change.projectId, change.id, change.description ?? null, change.status ?? null, new Date(change.nowMs)],
  )
  return rowCount > 0
}

/** Makes the reconciler look at every task of a service. */
export async function updateTasksDueOfService(
  db: Connection,
  of: { projectId: string; serviceId: string; nowMs: number },
): Promise<void> {
  await db.query('update task set due_at = $3 where project_id = $1 and service_id = $2', [
    of.projectId,
    of.serviceId,
    new Date(of.nowMs),
  ])
}

/** Marks a service and all its tasks for deletion. */
export async function markServiceDeleting(
  db: Connection,
  of: { projectId: string; serviceId: string; nowMs: number },
): Promise<void> {
  await db.query(
    `with marked as (
       update service set status = 'deleting', transition_at = $3 where project_id = $1 and id = $2
     )
     update task set desired = 'delete', due_at = $3 where project_id = $1 and service_id = $2`,
    [of.projectId, of.serviceId, new Date(of.nowMs)],
  )
}

/** Removes the services that are being deleted and whose last task is gone. */
export async function deleteEmptyServices(db: Connection): Promise<void> {
  await db.query(
    `delete from service s
      where s.status = 'deleting'
        and not exists (select 1 from task t where t.project_id = s.project_id and t.service_id = s.id)`,
  )
}
