// The table operation → handler, and the walk of one request through the gate to it.
import { type OperationName, operations } from '@sightline/contract/operations.ts'
import type { Token } from '../store/tokens.ts'
import { recorded } from './audit.ts'
import { batchTasks } from './batch-tasks.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { createTasks } from './create-tasks.ts'
import { createToken } from './create-token.ts'
import { createCredential, deleteCredential, listCredentials, showCredential } from './credentials.ts'
import { deleteService } from './delete-service.ts'
import { deleteTask } from './delete-task.ts'
import { deployService } from './deploy-service.ts'
import { apiError } from './errors.ts'
import { checkPermission, enterProject, type Head, permissions, proveSignature, readCredentials } from './gate.ts'
import {
  createProject,
  deleteToken,
  listDomains,
  listProjects,
  listRegions,
  showToken,
  showVersion,
} from './identity.ts'
import { createKey, deleteKey, listKeys } from './keys.ts'
import { limitedToLabels } from './label-limit.ts'
import { listAudit } from './list-audit.ts'
import { listServiceEvents } from './list-service-events.ts'
import { listServices } from './list-services.ts'
import { listTasksDetails } from './list-tasks-details.ts'
import { RateLimiter, rateLimits } from './rate-limit.ts'
import { createRole, deleteRoleCall, listRoles, updateRoleCall } from './roles.ts'
import { listServiceLogs, listSpecifications, showServiceMonitor } from './service-reports.ts'
import { showService } from './show-service.ts'
import { showTask } from './show-task.ts'
import { showTaskHistory } from './show-task-history.ts'
import { ReplayMemory } from './signing/replay.ts'
import { startTask } from './start-task.ts'
import { stopTask } from './stop-task.ts'
import { underDocumentedCode } from './strict.ts'
import { updateServiceCall } from './update-service.ts'
import { updateTask } from './update-task.ts'
import { createUser, deleteUser, listUsers, showUser, updateUser } from './users.ts'

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
  UpdateTask: updateTask,
  ShowTaskHistory: showTaskHistory,
  BatchTasks: batchTasks,
  ListSpecifications: listSpecifications,
  ListServiceEvents: listServiceEvents,
  ShowServiceMonitor: showServiceMonitor,
  ListServiceLogs: listServiceLogs,
  ListKeys: listKeys,
  CreateKey: createKey,
  DeleteKey: deleteKey,
  ListUsers: listUsers,
  CreateUser: createUser,
  ShowUser: showUser,
  UpdateUser: updateUser,
  DeleteUser: deleteUser,
  ListRoles: listRoles,
  CreateRole: createRole,
  UpdateRole: updateRoleCall,
  DeleteRole: deleteRoleCall,
  ListAudit: listAudit,
} satisfies Record<Exclude<OperationName, 'CreateToken'>, (door: Door, caller: Caller, call: Call) => Promise<Answer>>

/** A request before its body is read. */
export type Arrival = Omit<Call, 'body'> & Head & { path: string }

type Answering = (call: Call) => Promise<Answer>

export type Route = {
  method: string
  /** With `{names}`, as the contract writes it. */
  path: string
  /** Whether a JSON body is read; another route ignores a small one. */
  hasBody: boolean
  /** Lets the request in, before its body is read; gives what answers it. */
  enter: (arrival: Arrival) => Promise<Answering>
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
  const replay = new ReplayMemory()
  const enterAs: EnterAs = async (arrival, admit) => {
    const shown = await readCredentials(door, arrival)
    if (shown.kind === 'token') return admit(shown.token)
    return async (call) => {
      const token = await proveSignature(door, replay, { head: arrival, claim: shown.claim, body: call.body })
      const answer = await admit(token)
      return answer(call)
    }
  }
  const routes = [...projectRoutes(door, limit, enterAs), ...identityRoutes(door, limit, enterAs)]
  const said = door.isStrict ? routes.map(withDocumentedCodes) : routes
  return said.map((route) => (mayChangeCallers(route) ? forgettingTokens(door, route) : route))
}

function withDocumentedCodes(route: Route): Route {
  const enter: Route['enter'] = async (arrival) => {
    const answer = await route.enter(arrival)
    return (call) =>
      answer(call).catch((error: unknown) => {
        throw underDocumentedCode(error)
      })
  }
  return { ...route, enter }
}

/** Whatever is written, but for tasks, may be about who may do what. */
const mayChangeCallers = ({ method, path }: Route) => method !== 'GET' && !path.includes('/tasks')

function forgettingTokens(door: Door, route: Route): Route {
  const enter: Route['enter'] = async (arrival) => {
    const answer = await route.enter(arrival)
    return (call) => answer(call).finally(() => door.tokens?.clear())
  }
  return { ...route, enter }
}

type Limit = (kind: 'read' | 'write' | 'token', key: string, arrival: Arrival) => void

/** Lets a caller in once it is known who it is: at once for a token, after the body for a signature. */
type EnterAs = (arrival: Arrival, admit: (token: Token) => Promise<Answering>) => Promise<Answering>

function projectRoutes(door: Door, limit: Limit, enterAs: EnterAs): Route[] {
  return Object.entries(handlers).map(([key, handle]) => {
    const name = key as keyof typeof handlers
    const operation = operations[name]
    const isRead = operation.method === 'GET'
    const hasBody = 'request' in operation
    const admit = (arrival: Arrival, token: Token) => {
      const caller = enterProject(token, arrival.params.project_id ?? '', arrival.headers)
      limit(isRead ? 'read' : 'write', caller.project.id, arrival)
      checkPermission(token, permissions[name], arrival.params)
      if (door.isMaintenance && !isRead) throw apiError('not_ready')
      const answer: Answering = (call) => handle(door, caller, call)
      const { labels } = token
      const limited = labels && { door, caller, labels, action: permissions[name].action }
      const path = operation.path
      return withBody(hasBody, limited ? limitedToLabels(limited, { name, path }, answer) : answer)
    }
    return {
      method: operation.method,
      path: operation.path,
      hasBody,
      enter: (arrival) =>
        enterAs(arrival, (token) => recorded(door, { name, arrival, token }, () => admit(arrival, token))),
    }
  })
}

function withBody(hasBody: boolean, answer: Answering): Answering {
  return async (call) => {
    if (hasBody && call.body.length === 0) throw apiError('empty_request')
    return answer(call)
  }
}

const credentials = '/v3.0/OS-CREDENTIAL/credentials'

function identityRoutes(door: Door, limit: Limit, enterAs: EnterAs): Route[] {
  const open = (method: string, path: string, handle: (door: Door, call: Call) => Promise<Answer>): Route => ({
    method,
    path,
    hasBody: method === 'POST',
    enter: async (arrival) => {
      if (method === 'POST') limit('token', arrival.address, arrival)
      return withBody(method === 'POST', (call) => handle(door, call))
    },
  })
  const signedIn = (
    method: string,
    path: string,
    handle: (door: Door, caller: Token, call: Call) => Promise<Answer>,
  ): Route => ({
    method,
    path,
    hasBody: method === 'POST',
    enter: (arrival) =>
      enterAs(arrival, (token) =>
        recorded(door, { name: handle.name, arrival, token }, () => {
          limit(method === 'GET' ? 'read' : 'write', token.account.id, arrival)
          if (door.isMaintenance && method !== 'GET') throw apiError('not_ready')
          return withBody(method === 'POST', (call) => handle(door, token, call))
        }),
      ),
  })
  const { CreateToken } = operations
  return [
    open(CreateToken.method, CreateToken.path, createToken),
    open('GET', '/v3', showVersion),
    signedIn('GET', CreateToken.path, showToken),
    signedIn('DELETE', CreateToken.path, deleteToken),
    signedIn('GET', '/v3/projects', listProjects),
    signedIn('POST', '/v3/projects', createProject),
    signedIn('GET', '/v3/auth/projects', listProjects),
    signedIn('GET', '/v3/auth/domains', listDomains),
    signedIn('GET', '/v3/regions', listRegions),
    signedIn('GET', credentials, listCredentials),
    signedIn('POST', credentials, createCredential),
    signedIn('GET', `${credentials}/{access}`, showCredential),
    signedIn('DELETE', `${credentials}/{access}`, deleteCredential),
  ]
}
