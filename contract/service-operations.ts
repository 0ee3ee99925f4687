// The operations that tell of a running service. Part of `operations`; read that table.
import {
  ListServiceEventsResponse,
  ListServiceLogsResponse,
  ListSpecificationsResponse,
  ShowServiceMonitorResponse,
} from './service-extras.ts'

const services = '/v1/{project_id}/services'
const service = `${services}/{service_id}`

export const serviceOperations = {
  ListSpecifications: {
    method: 'GET',
    path: `${services}/specifications`,
    status: 200,
    response: ListSpecificationsResponse,
  },
  ListServiceEvents: { method: 'GET', path: `${service}/events`, status: 200, response: ListServiceEventsResponse },
  ShowServiceMonitor: { method: 'GET', path: `${service}/monitor`, status: 200, response: ShowServiceMonitorResponse },
  ListServiceLogs: { method: 'GET', path: `${service}/logs`, status: 200, response: ListServiceLogsResponse },
} as const
