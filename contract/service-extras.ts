// What is told of a running service. Source: services API page, sections 6 to 9. Times are epoch ms.
import { z } from 'zod'

export const eventTypes = ['normal', 'abnormal'] as const

/** `count` is the number returned and `total_count` the number matching. */
export const ListServiceEventsResponse = z.object({
  service_id: z.string(),
  service_name: z.string(),
  total_count: z.int(),
  count: z.int(),
  events: z.array(z.object({ event_type: z.enum(eventTypes), event_info: z.string(), occur_time: z.int() })),
})
export type ListServiceEventsResponse = z.infer<typeof ListServiceEventsResponse>

/** An invocation is an analysed frame, of the runs that are live; memory is in MB. No accelerator is measured. */
export const ShowServiceMonitorResponse = z.object({
  service_id: z.string(),
  service_name: z.string(),
  service_instance_count: z.int(),
  service_running_instance_count: z.int(),
  req_count_per_min: z.int(),
  monitors: z.array(
    z.object({
      model_id: z.string(),
      model_name: z.string(),
      model_version: z.string(),
      node_id: z.string(),
      node_name: z.string(),
      invocation_times: z.int(),
      failed_times: z.int(),
      cpu_core_usage: z.number(),
      cpu_core_total: z.number(),
      cpu_memory_usage: z.int(),
      cpu_memory_total: z.int(),
      model_instance_count: z.int(),
      model_running_instance_count: z.int(),
    }),
  ),
})
export type ShowServiceMonitorResponse = z.infer<typeof ShowServiceMonitorResponse>

export const ListServiceLogsResponse = z.object({
  service_id: z.string(),
  service_name: z.string(),
  logs: z.array(
    z.object({
      update_time: z.int(),
      result: z.enum(['SUCCESS', 'FAIL', 'RUNNING']),
      config: z.array(z.record(z.string(), z.unknown())),
      success_num: z.int(),
      failed_num: z.int(),
      result_detail: z.array(
        z.object({
          node_id: z.string(),
          node_name: z.string(),
          operation: z.enum(['deploy', 'delete']),
          result: z.boolean(),
        }),
      ),
    }),
  ),
})
export type ListServiceLogsResponse = z.infer<typeof ListServiceLogsResponse>

export const ListSpecificationsResponse = z.object({
  total_count: z.int(),
  count: z.int(),
  specifications: z.array(
    z.object({
      specification: z.string(),
      category: z.string(),
      cpu_info: z.object({ arch: z.string(), cpu: z.number() }),
      memory_info: z.object({ unit: z.string(), memory: z.int() }),
      is_open: z.boolean(),
      spec_status: z.string(),
      is_free: z.boolean(),
      over_quota: z.boolean(),
      display_en: z.string(),
      display_cn: z.string(),
    }),
  ),
})
export type ListSpecificationsResponse = z.infer<typeof ListSpecificationsResponse>
