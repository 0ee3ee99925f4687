// Method, path, request and answer of each operation. The router, the OpenAPI document and the client read this table.
import type { z } from 'zod'
import { CreateTokenRequest, TokenDescription } from './auth.ts'
import {
  AssignmentsResponse,
  RegisterNodeRequest,
  RegisterNodeResponse,
  RenewLeaseRequest,
  RenewLeaseResponse,
  ReportsRequest,
  ReportsResponse,
} from './fleet.ts'
import { memberOperations } from './member-operations.ts'
import {
  DeployServiceRequest,
  DeployServiceResponse,
  ListServicesResponse,
  ServiceItem,
  UpdateServiceRequest,
} from './service.ts'
import { serviceOperations } from './service-operations.ts'
import { CreateTasksRequest, CreateTasksResponse, ListTasksDetailsResponse, TaskDetails } from './task.ts'
import { taskOperations } from './task-operations.ts'

const services = '/v1/{project_id}/services'
const tasks = `${services}/{service_id}/tasks`
const task = `${tasks}/{task_id}`

/** `status` is that of success; an operation without `response` answers with an empty body. */
export const operations = {
  CreateToken: {
    method: 'POST',
    path: '/v3/auth/tokens',
    status: 201,
    request: CreateTokenRequest,
    response: TokenDescription,
  },
  ListServices: { method: 'GET', path: services, status: 200, response: ListServicesResponse },
  DeployService: {
    method: 'POST',
    path: services,
    status: 200,
    request: DeployServiceRequest,
    response: DeployServiceResponse,
  },
  ShowService: { method: 'GET', path: `${services}/{service_id}`, status: 200, response: ServiceItem },
  UpdateService: { method: 'PUT', path: `${services}/{service_id}`, status: 200, request: UpdateServiceRequest },
  DeleteService: { method: 'DELETE', path: `${services}/{service_id}`, status: 200 },
  CreateTasks: { method: 'POST', path: tasks, status: 201, request: CreateTasksRequest, response: CreateTasksResponse },
  ListTasksDetails: { method: 'GET', path: tasks, status: 200, response: ListTasksDetailsResponse },
  ShowTask: { method: 'GET', path: task, status: 200, response: TaskDetails },
  DeleteTask: { method: 'DELETE', path: task, status: 202 },
  StartTask: { method: 'POST', path: `${task}/start`, status: 202 },
  StopTask: { method: 'POST', path: `${task}/stop`, status: 202 },
  ...taskOperations,
  ...serviceOperations,
  ...memberOperations,
} as const
export type OperationName = keyof typeof operations

type Operations = typeof operations
/** What a caller may send as the body; `undefined` where the operation takes none. */
export type OperationRequest<Name extends OperationName> = Operations[Name] extends { request: infer Schema }
  ? z.input<Schema>
  : undefined
/** What a caller gets; `undefined` where the answer is empty. */
export type OperationResponse<Name extends OperationName> = Operations[Name] extends { response: infer Schema }
  ? z.output<Schema>
  : undefined
/** The ids that the path of an operation names. */
export type OperationPathName<Name extends OperationName> = PathName<Operations[Name]['path']>
type PathName<Path extends string> = Path extends `${string}{${infer Found}}${infer Rest}`
  ? Found | PathName<Rest>
  : never

/** The worker-facing door; not part of the public document. */
export const fleetOperations = {
  RegisterNode: {
    method: 'POST',
    path: '/v1/fleet/register',
    status: 200,
    request: RegisterNodeRequest,
    response: RegisterNodeResponse,
  },
  RenewLease: {
    method: 'POST',
    path: '/v1/fleet/lease',
    status: 200,
    request: RenewLeaseRequest,
    response: RenewLeaseResponse,
  },
  ListAssignments: { method: 'GET', path: '/v1/fleet/assignments', status: 200, response: AssignmentsResponse },
  CreateReports: {
    method: 'POST',
    path: '/v1/fleet/reports',
    status: 200,
    request: ReportsRequest,
    response: ReportsResponse,
  },
} as const
export type FleetOperationName = keyof typeof fleetOperations
