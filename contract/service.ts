// The services a task hangs from. Source: services API page.
import { z } from 'zod'
import { serviceStatuses, taskProfiles } from './states.ts'

export const DeployServiceRequest = z.object({
  service_name: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[A-Za-z0-9_\u4E00-\u9FA5-]+$/),
  infer_type: z.enum(['real-time', 'batch', 'edge']),
  description: z
    .string()
    .max(100)
    .regex(/^[^<>&"']*$/)
    .optional(),
  workspace_id: z.string().max(64).optional(),
  config: z
    .array(z.looseObject({ model_id: z.string().min(1).max(64) }))
    .min(1)
    .max(100),
  schedule: z.array(z.looseObject({})).optional(),
  additional_properties: z
    .looseObject({
      video: z
        .looseObject({
          algorithm: z.string().min(1).max(64).optional(),
          version: z.string().max(32).optional(),
          task_profile: z.enum(taskProfiles).optional(),
        })
        .optional(),
    })
    .optional(),
})
export type DeployServiceRequest = z.infer<typeof DeployServiceRequest>

export const DeployServiceResponse = z.object({ service_id: z.string(), resource_ids: z.array(z.string()) })

export const UpdateServiceRequest = z.object({
  description: z
    .string()
    .max(100)
    .regex(/^[^<>&"']*$/)
    .optional(),
  status: z.enum(['running', 'stopped']).optional(),
})

/** Times are epoch ms here, unlike the tasks. */
export const ServiceItem = z.object({
  service_id: z.string(),
  service_name: z.string(),
  description: z.string(),
  owner: z.string(),
  tenant: z.string(),
  project: z.string(),
  infer_type: z.string(),
  status: z.enum(serviceStatuses),
  workspace_id: z.string(),
  publish_at: z.int(),
  transition_at: z.int(),
  invocation_times: z.int(),
  failed_times: z.int(),
  is_shared: z.boolean(),
  shared_count: z.int(),
  is_free: z.boolean(),
  is_opened_sample_collection: z.boolean(),
  additional_properties: z.record(z.string(), z.unknown()).optional(),
})
export type ServiceItem = z.infer<typeof ServiceItem>

/** `count` is the number returned and `total_count` the number matching, unlike the tasks. */
export const ListServicesResponse = z.object({
  total_count: z.int(),
  count: z.int(),
  services: z.array(ServiceItem),
})
export type ListServicesResponse = z.infer<typeof ListServicesResponse>
