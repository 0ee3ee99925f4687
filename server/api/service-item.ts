import type { ServiceItem } from '@sightline/contract/service.ts'
import type { Service } from '../store/services.ts'
import type { Caller } from './call.ts'

/** A service as clients see it; times are epoch ms. Source: services API page, section 2. */
export function toServiceItem(service: Service, caller: Caller): ServiceItem {
  return {
    service_id: service.id,
    service_name: service.serviceName,
    description: service.description,
    owner: service.owner,
    tenant: caller.project.domain.id,
    project: service.projectId,
    infer_type: service.inferType,
    status: service.status,
    workspace_id: service.workspaceId,
    publish_at: service.createdAtMs,
    transition_at: service.transitionAtMs,
    invocation_times: 0,
    failed_times: 0,
    is_shared: false,
    shared_count: 0,
    is_free: true,
    is_opened_sample_collection: false,
    additional_properties: {
      ...readObject(service.additionalProperties),
      video: { algorithm: service.algorithm, version: service.version, task_profile: service.profile },
    },
  }
}

function readObject(json: string | undefined): Record<string, unknown> {
  const value: unknown = json === undefined ? {} : JSON.parse(json)
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
