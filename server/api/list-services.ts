import { selectServices, serviceSortKeys } from '../store/services.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { readInteger, readWord } from './query.ts'
import { toServiceItem } from './service-item.ts'

const limitMax = 1000

/** One page of the project's services. Source: services API page, section 2. */
export async function listServices(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const { query } = call
  const limit = readInteger(query, 'limit', { min: 1, max: limitMax }) ?? limitMax
  const offset = readInteger(query, 'offset', { min: 0, max: Number.MAX_SAFE_INTEGER }) ?? 0
  const isPaged = query.get('page_mode') === 'page'
  const { services, totalCount } = await selectServices(door.database, readFilter(caller, call), {
    sortBy: readWord(query, 'sort_by', serviceSortKeys) ?? 'publish_at',
    direction: readWord(query, 'order', ['asc', 'desc']) ?? 'desc',
    offset: Math.min(isPaged ? offset * limit : offset, Number.MAX_SAFE_INTEGER),
    limit,
  })
  const items = services.map((service) => toServiceItem(service, caller))
  return { status: 200, json: { total_count: totalCount, count: items.length, services: items } }
}

function readFilter(caller: Caller, { query }: Call): Parameters<typeof selectServices>[1] {
  const serviceId = query.get('service_id')
  const nameLike = query.get('service_name')
  const status = query.get('status')
  const inferType = query.get('infer_type')
  const workspaceId = query.get('workspace_id')
  return {
    projectId: caller.project.id,
    ...(serviceId !== undefined && { serviceId }),
    ...(nameLike !== undefined && { nameLike }),
    ...(status !== undefined && { status }),
    ...(inferType !== undefined && { inferType }),
    ...(workspaceId !== undefined && { workspaceId }),
  }
}
