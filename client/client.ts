import {
  type OperationName,
  type OperationPathName,
  type OperationRequest,
  type OperationResponse,
  operations,
} from '@sightline/contract/operations.ts'
import type { TaskState } from '@sightline/contract/states.ts'
import type { TaskDetails } from '@sightline/contract/task.ts'
import { ApiError, NoAnswerError } from './api-error.ts'
import { type Credentials, createToken, type Token, TokenCache } from './token.ts'
import { send, type Transport } from './transport.ts'

export type ClientOptions = {
  /** Where the platform listens, `http://127.0.0.1:8080`. */
  endpoint: string
  /** Instead of the global one, for a proxy or a test. */
  fetch?: typeof fetch
  /** Of one try of one request; 30,000 when absent. */
  timeoutMs?: number
} & ({ credentials: Credentials } | { token: string; projectId: string })

/** What a project's client offers; a token is taken with the credentials and renewed without asking. */
type ProjectOperation = Exclude<OperationName, 'CreateToken'>

type Body<Name extends OperationName> =
  OperationRequest<Name> extends undefined ? unknown : { body: OperationRequest<Name> }

type Query<Name extends OperationName> = Name extends 'ListTasksDetails'
  ? { query?: ListTasksDetailsQuery }
  : Name extends 'ListServices'
    ? { query?: ListServicesQuery }
    : Name extends 'ListAudit'
      ? { query?: ListAuditQuery }
      : unknown

/** The arguments of an operation: the ids of its path, and its `query` or `body`. */
export type Arguments<Name extends OperationName> = {
  [Id in Exclude<OperationPathName<Name>, 'project_id'>]: string
} & Body<Name> &
  Query<Name> & { signal?: AbortSignal | undefined }

/** Source: API reference, ListTasksDetails, query parameters. Times are epoch ms. */
export type ListTasksDetailsQuery = {
  state?: TaskState
  name_like?: string
  id?: string
  created_since?: number
  created_until?: number
  sort_key?: 'name' | 'created_at' | 'updated_at'
  sort_dir?: 'asc' | 'desc'
  offset?: number
  limit?: number
}

export type ListServicesQuery = {
  service_id?: string
  service_name?: string
  status?: string
  sort_by?: 'publish_at' | 'service_name' | 'transition_at'
  order?: 'asc' | 'desc'
  offset?: number
  limit?: number
}

/** Times are epoch ms; `cursor` is the `next_cursor` of the page before. */
export type ListAuditQuery = {
  from?: number
  to?: number
  scope?: 'project' | 'deployment'
  limit?: number
  cursor?: string
}

type Calls = {
  [Name in ProjectOperation as Uncapitalize<Name>]: (args: Arguments<Name>) => Promise<OperationResponse<Name>>
}

export type Client = Calls & {
  /** The token in use, a new one if that is due. */
  createToken(): Promise<Token>
  /** The projects that the caller has a role in. */
  listProjects(): Promise<Project[]>
  /** For an admin of every project. */
  createProject(args: { name: string }): Promise<Project>
  /** Every matching task, page after page; `limit` is the size of a page. */
  eachTask(args: Arguments<'ListTasksDetails'>): AsyncGenerator<TaskDetails, void, undefined>
}

/** As Keystone describes it. */
export type Project = { id: string; name: string; domain_id: string }

/**
 * A client of one project: one function per operation of the contract, named as the API document names it.
 *
 * Errors: every function throws `ApiError` for a refusal and `NoAnswerError` where no answer came.
 */
export function createClient(options: ClientOptions): Client {
  const transport = toTransport(options)
  const tokens = new TokenCache(() => tokenOf(transport, options))

  const call: Call = async (name, args) => {
    const token = await tokens.get()
    try {
      return await sendCall(transport, token, name, args)
    } catch (error) {
      // A 401 says that nothing was done, so that even a write may be sent again with a fresh token.
      if (!(error instanceof ApiError && error.status === 401 && 'credentials' in options)) throw error
      await tokens.drop(token)
      return sendCall(transport, await tokens.get(), name, args)
    }
  }

  const calls: Calls = {
    listServices: (args) => call('ListServices', args),
    deployService: (args) => call('DeployService', args),
    showService: (args) => call('ShowService', args),
    updateService: (args) => call('UpdateService', args),
    deleteService: (args) => call('DeleteService', args),
    createTasks: (args) => call('CreateTasks', args),
    listTasksDetails: (args) => call('ListTasksDetails', args),
    showTask: (args) => call('ShowTask', args),
    deleteTask: (args) => call('DeleteTask', args),
    startTask: (args) => call('StartTask', args),
    stopTask: (args) => call('StopTask', args),
    updateTask: (args) => call('UpdateTask', args),
    showTaskHistory: (args) => call('ShowTaskHistory', args),
    listSpecifications: (args) => call('ListSpecifications', args),
    listServiceEvents: (args) => call('ListServiceEvents', args),
    showServiceMonitor: (args) => call('ShowServiceMonitor', args),
    listServiceLogs: (args) => call('ListServiceLogs', args),
    batchTasks: (args) => call('BatchTasks', args),
    listKeys: (args) => call('ListKeys', args),
    createKey: (args) => call('CreateKey', args),
    deleteKey: (args) => call('DeleteKey', args),
    listUsers: (args) => call('ListUsers', args),
    createUser: (args) => call('CreateUser', args),
    showUser: (args) => call('ShowUser', args),
    updateUser: (args) => call('UpdateUser', args),
    deleteUser: (args) => call('DeleteUser', args),
    listRoles: (args) => call('ListRoles', args),
    createRole: (args) => call('CreateRole', args),
    updateRole: (args) => call('UpdateRole', args),
    deleteRole: (args) => call('DeleteRole', args),
    listAudit: (args) => call('ListAudit', args),
  }
  return {
    ...calls,
    createToken: () => tokens.get(),
    listProjects: async () => listProjects(transport, await tokens.get()),
    createProject: async ({ name }) => createProject(transport, await tokens.get(), name),
    eachTask: (args) => eachTask(calls, args),
  }
}

type Call = <Name extends ProjectOperation>(name: Name, args: Arguments<Name>) => Promise<OperationResponse<Name>>
type AnyArguments = { query?: object; body?: unknown; signal?: AbortSignal | undefined }

function toTransport({ endpoint, fetch = globalThis.fetch, timeoutMs = 30_000 }: ClientOptions): Transport {
  return { endpoint: endpoint.replace(/\/+$/, ''), fetch, timeoutMs, pause }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const stop = () => reject(signal?.reason)
  const timer = setTimeout(resolve, ms)
  signal?.addEventListener('abort', stop)
  return promise.finally(() => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  })
}

async function listProjects(transport: Transport, { value }: Token): Promise<Project[]> {
  const { body } = await send(transport, {
    ...{ method: 'GET', path: '/v3/auth/projects', headers: { 'x-auth-token': value } },
  })
  return (parseAnswer(body, transport) as { projects: Project[] }).projects
}

async function createProject(transport: Transport, { value }: Token, name: string): Promise<Project> {
  const { body } = await send(transport, {
    ...{ method: 'POST', path: '/v3/projects', headers: { 'x-auth-token': value }, body: { project: { name } } },
  })
  return (parseAnswer(body, transport) as { project: Project }).project
}

async function tokenOf(transport: Transport, options: ClientOptions): Promise<Token> {
  if ('credentials' in options) return createToken(transport, options.credentials)
  return { value: options.token, projectId: options.projectId, expiresAtMs: Number.POSITIVE_INFINITY }
}

async function sendCall<Name extends ProjectOperation>(
  transport: Transport,
  token: Token,
  name: Name,
  args: AnyArguments,
): Promise<OperationResponse<Name>> {
  const { method, path } = operations[name]
  const answer = await send(transport, {
    method,
    path: fillPath(path, { ...args, project_id: token.projectId }) + toQuery(args.query),
    headers: { 'x-auth-token': token.value },
    body: args.body,
    signal: args.signal,
  })
  // Not held against the schema: a newer platform may say more than this client knows, and that is shown too.
  const body = 'response' in operations[name] ? parseAnswer(answer.body, transport) : undefined
  return body as OperationResponse<Name>
}

function parseAnswer(body: string, { endpoint }: Transport): unknown {
  try {
    return JSON.parse(body)
  } catch (cause) {
    throw new NoAnswerError(`the answer from ${endpoint} is not JSON; is it the platform that listens there?`, {
      cause,
    })
  }
}

function fillPath(path: string, ids: Record<string, unknown>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const id = ids[name]
    if (typeof id !== 'string' || id === '') throw new TypeError(`${name} must be a text that is not empty`)
    return encodeURIComponent(id)
  })
}

function toQuery(query: object | undefined): string {
  const pairs = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== '')
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}`
}

const pageSize = 1000

async function* eachTask(
  calls: Calls,
  args: Arguments<'ListTasksDetails'>,
): AsyncGenerator<TaskDetails, void, undefined> {
  let offset = args.query?.offset ?? 0
  // The oldest first, unless asked otherwise: a task that is made meanwhile then moves no later page.
  const order = { sort_key: 'created_at', sort_dir: 'asc' } as const
  for (;;) {
    const query = { ...order, limit: pageSize, ...args.query, offset }
    const { count, tasks } = await calls.listTasksDetails({ ...args, query })
    yield* tasks
    offset += tasks.length
    if (tasks.length === 0 || offset >= count) return
  }
}
