// Who may do what. Source: auth page, sections 4 and 5.
import type { OperationName } from '@sightline/contract/operations.ts'
import { projectIdPattern } from '@sightline/contract/task.ts'
import type { Role } from '../store/accounts.ts'
import { selectToken, type Token } from '../store/tokens.ts'
import type { Call, Caller, Door } from './call.ts'
import { apiError } from './errors.ts'

const reading: readonly Role[] = ['admin', 'operator', 'viewer']
const tasking: readonly Role[] = ['admin', 'operator']
const administering: readonly Role[] = ['admin']

type Permission = { action: string; roles: readonly Role[] }

/** What each operation below /v1/{project_id} asks of its caller. */
export const permissions = {
  ListServices: { action: 'modelarts:service:list', roles: reading },
  DeployService: { action: 'modelarts:service:create', roles: administering },
  ShowService: { action: 'modelarts:service:get', roles: reading },
  UpdateService: { action: 'modelarts:service:update', roles: administering },
  DeleteService: { action: 'modelarts:service:delete', roles: administering },
  CreateTasks: { action: 'modelarts:serviceTask:create', roles: tasking },
  ListTasksDetails: { action: 'modelarts:serviceTask:list', roles: reading },
  ShowTask: { action: 'modelarts:serviceTask:get', roles: reading },
  DeleteTask: { action: 'modelarts:serviceTask:delete', roles: tasking },
  StartTask: { action: 'modelarts:serviceTask:action', roles: tasking },
  StopTask: { action: 'modelarts:serviceTask:action', roles: tasking },
} as const satisfies Record<Exclude<OperationName, 'CreateToken'>, Permission>

/** What 32 random bytes give in base64url; anything else is no token of ours and asks nothing of the database. */
const tokenPattern = /^[A-Za-z0-9_-]{43}$/

/** The token that the headers carry. Errors: those of the gate. */
export async function authenticate(door: Door, call: Call, rawHeaders: readonly string[]): Promise<Token> {
  if (countOf(rawHeaders, 'x-auth-token') > 1 || countOf(rawHeaders, 'authorization') > 1) {
    throw apiError('invalid_token')
  }
  // A signature would win over a token; no scheme of signing is offered here.
  if (call.headers.authorization !== undefined) throw apiError('authorization_format')
  const text = call.headers['x-auth-token']
  if (typeof text !== 'string' || text === '') throw apiError('no_token')
  return findToken(door, text, call.nowMs)
}

/** Errors: `invalid_token`, `token_expired`. */
export async function findToken(door: Door, text: string, nowMs: number): Promise<Token> {
  const token = tokenPattern.test(text) ? await selectToken(door.database, text) : undefined
  if (!token) throw apiError('invalid_token')
  if (token.expiresAtMs <= nowMs) throw apiError('token_expired')
  return token
}

/** The caller, once the project of the path is its own. */
export function enterProject(token: Token, projectId: string, headers: Call['headers']): Caller {
  if (!projectIdPattern.test(projectId)) throw apiError('invalid_project_id')
  if (!token.project) throw apiError('token_without_project')
  const named = headers['x-project-id']
  if (token.project.id !== projectId || (named !== undefined && named !== projectId)) throw apiError('project_mismatch')
  return { token, project: token.project, accountId: token.account.id, name: token.account.name }
}

/** Errors: `not_authorized` when none of the caller's roles may do it. */
export function checkPermission(token: Token, { action, roles }: Permission): void {
  if (!token.roles.some((role) => roles.includes(role))) throw apiError('not_authorized', { action })
}

function countOf(rawHeaders: readonly string[], name: string): number {
  return rawHeaders.filter((header, index) => index % 2 === 0 && header.toLowerCase() === name).length
}
