// The table operation → handler, and the walk of one request through the gate to it.
import { type OperationName, operations } from '@sightline/contract/operations.ts'
import type { Token } from '../store/tokens.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { createTasks } from './create-tasks.ts'
import { createToken } from './create-token.ts'
import { deleteService } from './delete-service.ts'
import { deleteTask } from './delete-task.ts'
import { deployService } from './deploy-service.ts'
import { apiError } from './errors.ts'
import { authenticate, checkPermission, enterProject, permissions } from './gate.ts'
import { deleteToken, listDomains, listProjects, listRegions, showToken, showVersion } from './identity.ts'
import { listServices } from './list-services.ts'
import { listTasksDetails } from './list-tasks-details.ts'
import { RateLimiter, rateLimits } from './rate-limit.ts'
import { showService } from './show-service.ts'
import { showTask } from './show-task.ts'
import { startTask } from './start-task.ts'
import { stopTask } from './stop-task.ts'
import { updateServiceCall } from './update-service.ts'

/** What a caller in a project may call; an operation of the contract without a row does not compile. */
const handlers = {
  ListServices: listServices,
  DeployService: deployService,
  ShowService: showService,
  UpdateService: updateServiceCall,
  DeleteService: deleteService,
  CreateTasks: createTasks,
  ListTasksDetails: listTasksDetails,
  ShowTask: showTask,
  DeleteTask: deleteTask,
  StartTask: startTask,
  StopTask: stopTask,
} satisfies Record<Exclude<OperationName, 'CreateToken'>, (door: Door, caller: Caller, call: Call) => Promise<Answer>>

/** A request before its body is read. */
export type Arrival = Omit<Call, 'body'> & { path: string; rawHeaders: readonly string[] }

export type Route = {
  method: string
  /** With `{names}`, as the contract writes it. */
  path: string
  /** Whether a JSON body is read; another route ignores a small one. */
  hasBody: boolean
  /** Lets the request in, before its body is read; gives what answers it. */
  enter: (arrival: Arrival) => Promise<(call: Call) => Promise<Answer>>
}

/** Every route of the public API. */
export function createRoutes(door: Door): Route[] {
  const limiters = {
    read: new RateLimiter(rateLimits.read),
    write: new RateLimiter(rateLimits.write),
    token: new RateLimiter(rateLimits.token),
  }
  const limit = (kind: keyof typeof limiters, key: string, arrival: Arrival) => {
    const seconds = door.hasRateLimit ? limiters[kind].take(key, arrival.nowMs) : 0
    if (seconds > 0) throw apiError('too_many_requests', { path: arrival.path }, { 'retry-after': String(seconds) })
  }
  return [...projectRoutes(door, limit), ...identityRoutes(door, limit)]
}

type Limit = (kind: 'read' | 'write' | 'token', key: string, arrival: Arrival) => void

function projectRoutes(door: Door, limit: Limit): Route[] {
  return Object.entries(handlers).map(([key, handle]) => {
    const name = key as keyof typeof handlers
    const operation = operations[name]
    const isRead = operation.method === 'GET'
    return {
      method: operation.method,
      path: operation.path,
      hasBody: 'request' in operation,
      enter: async (arrival) => {
        const token = await authenticate(door, { ...arrival, body: noBody }, arrival.rawHeaders)
        const caller = enterProject(token, arrival.params.project_id ?? '', arrival.headers)
        limit(isRead ? 'read' : 'write', caller.project.id, arrival)
        checkPermission(token, permissions[name])
        if (door.isMaintenance && !isRead) throw apiError('not_ready')
        return (call) => handle(door, caller, call)
      },
    }
  })
}

const noBody = new Uint8Array()

function identityRoutes(door: Door, limit: Limit): Route[] {
  const open = (method: string, path: string, handle: (door: Door, call: Call) => Promise<Answer>): Route => ({
    method,
    path,
    hasBody: method === 'POST',
    enter: async (arrival) => {
      if (method === 'POST') limit('token', arrival.address, arrival)
      return (call) => handle(door, call)
    },
  })
  const signedIn = (
    method: string,
    path: string,
    handle: (door: Door, caller: Token, call: Call) => Promise<Answer>,
  ): Route => ({
    method,
    path,
    hasBody: false,
    enter: async (arrival) => {
      const token = await authenticate(door, { ...arrival, body: noBody }, arrival.rawHeaders)
      limit('read', token.account.id, arrival)
      return (call) => handle(door, token, call)
    },
  })
  const { CreateToken } = operations
  return [
    open(CreateToken.method, CreateToken.path, createToken),
    open('GET', '/v3', showVersion),
    signedIn('GET', CreateToken.path, showToken),
    signedIn('DELETE', CreateToken.path, deleteToken),
    signedIn('GET', '/v3/projects', listProjects),
    signedIn('GET', '/v3/auth/projects', listProjects),
    signedIn('GET', '/v3/auth/domains', listDomains),
    signedIn('GET', '/v3/regions', listRegions),
  ]
}
