// Who may do what. Source: auth page, sections 1, 4 and 5.
import type { IncomingHttpHeaders } from 'node:http'
import { Policy } from '@sightline/contract/members.ts'
import type { OperationName } from '@sightline/contract/operations.ts'
import { projectIdPattern } from '@sightline/contract/task.ts'
import { accessKeySeal } from '../store/access-keys.ts'
import { selectKeyHolder } from '../store/callers.ts'
import { selectToken, type Token } from '../store/tokens.ts'
import type { Call, Caller, Door } from './call.ts'
import { apiError } from './errors.ts'
import { builtInPolicies, isAllowed, isBuiltIn, type Permission } from './policy.ts'
import type { ReplayMemory } from './signing/replay.ts'
import { type Claim, isSignedWith, readClaim, skewMaxMs } from './signing/verify.ts'

/** What each operation below /v1/{project_id} asks of its caller. */
export const permissions = {
  ListServices: { action: 'modelarts:service:list' },
  DeployService: { action: 'modelarts:service:create' },
  ShowService: { action: 'modelarts:service:get' },
  UpdateService: { action: 'modelarts:service:update' },
  DeleteService: { action: 'modelarts:service:delete' },
  CreateTasks: { action: 'modelarts:serviceTask:create', fallback: 'modelarts:service:update' },
  ListTasksDetails: { action: 'modelarts:serviceTask:list', fallback: 'modelarts:service:get' },
  ShowTask: { action: 'modelarts:serviceTask:get', fallback: 'modelarts:service:get' },
  DeleteTask: { action: 'modelarts:serviceTask:delete', fallback: 'modelarts:service:update' },
  StartTask: { action: 'modelarts:serviceTask:action', fallback: 'modelarts:service:action' },
  StopTask: { action: 'modelarts:serviceTask:action', fallback: 'modelarts:service:action' },
  UpdateTask: { action: 'modelarts:serviceTask:update', fallback: 'modelarts:service:update' },
  ShowTaskHistory: { action: 'modelarts:serviceTask:get', fallback: 'modelarts:service:get' },
  ListSpecifications: { action: 'modelarts:service:list' },
  ListServiceEvents: { action: 'modelarts:service:get' },
  ShowServiceMonitor: { action: 'modelarts:service:get' },
  ListServiceLogs: { action: 'modelarts:service:get' },
  // Deletes too, which its own handler asks for.
  BatchTasks: { action: 'modelarts:serviceTask:action', fallback: 'modelarts:service:action' },
  // A key gives no more than its owner has already.
  ListKeys: { action: 'iam:ownKeys:manage', isForEveryRole: true },
  CreateKey: { action: 'iam:ownKeys:manage', isForEveryRole: true },
  DeleteKey: { action: 'iam:ownKeys:manage', isForEveryRole: true },
  ListUsers: { action: 'iam:users:list' },
  CreateUser: { action: 'iam:users:create' },
  ShowUser: { action: 'iam:users:get' },
  UpdateUser: { action: 'iam:users:update' },
  DeleteUser: { action: 'iam:users:delete' },
  ListRoles: { action: 'iam:roles:list' },
  CreateRole: { action: 'iam:roles:create' },
  UpdateRole: { action: 'iam:roles:update' },
  DeleteRole: { action: 'iam:roles:delete' },
  ListAudit: { action: 'iam:audit:list' },
} as const satisfies Record<Exclude<OperationName, 'CreateToken'>, Permission>

/** What the gate reads of a request before its body is there. */
export type Head = {
  method: string
  /** Path and query, as received. */
  url: string
  params: Record<string, string>
  headers: IncomingHttpHeaders
  rawHeaders: readonly string[]
  nowMs: number
}

/** How a caller shows who it is: a token that holds, or a signature that waits for the body. */
export type Credentials = { kind: 'token'; token: Token } | { kind: 'signature'; claim: Claim }

/** Errors: those of the gate. A signature wins over a token. */
export async function readCredentials(door: Door, head: Head): Promise<Credentials> {
  if (countOf(head.rawHeaders, 'x-auth-token') > 1 || countOf(head.rawHeaders, 'authorization') > 1) {
    throw apiError('invalid_token')
  }
  const { authorization } = head.headers
  if (authorization !== undefined) return { kind: 'signature', claim: claimOf(door, head, authorization) }
  const text = head.headers['x-auth-token']
  if (typeof text !== 'string' || text === '') throw apiError('no_token')
  return { kind: 'token', token: await findToken(door, text, head.nowMs) }
}

function claimOf(door: Door, head: Head, authorization: string): Claim {
  const claim = readClaim(head, authorization, head.nowMs)
  if (claim === 'no_scheme') throw apiError('authorization_format')
  if (claim === 'missing_part') throw apiError('authorization_missing_part')
  if (claim === 'clock_skew') throw badSignature(door)
  return claim
}

function badSignature({ isGatewayStyle }: Door): Error {
  return apiError(isGatewayStyle ? 'gateway_signature' : 'invalid_signature')
}

type Signed = { head: Head; claim: Claim; body: Uint8Array }

/** Whom a signature speaks for, in the project of the path, if that names one. Errors: those of the gate. */
export async function proveSignature(door: Door, replay: ReplayMemory, { head, claim, body }: Signed): Promise<Token> {
  const projectId = head.params.project_id
  const access = claim.authorization.accessKey
  const found = accessPattern.test(access)
    ? await selectKeyHolder(door.database, { access, ...(projectId !== undefined && { projectId }) })
    : undefined
  // Of a permanent key, the only kind there is, no session token is the right one.
  if (!found || head.headers['x-security-token'] !== undefined) throw badSignature(door)
  const secret = door.secretBox.open(found.secret, accessKeySeal(access))
  if (!isSignedWith(claim, secret, { ...head, body })) throw badSignature(door)
  const isRead = head.method === 'GET' || head.method === 'HEAD'
  const isNew = isRead || replay.take(claim.authorization.signature, claim.dateMs + skewMaxMs, head.nowMs)
  if (!isNew) throw badSignature(door)
  const { holder } = found
  const domainId = head.headers['x-domain-id']
  if (domainId !== undefined && domainId !== holder.account.domain.id) throw apiError('project_mismatch')
  if (projectId !== undefined && projectIdPattern.test(projectId) && !holder.project) throw apiError('project_mismatch')
  return { ...holder, methods: ['hw_ak_sk'], issuedAtMs: claim.dateMs, expiresAtMs: claim.dateMs + skewMaxMs }
}

const accessPattern = /^[A-Za-z0-9]{1,64}$/

/** What 32 random bytes give in base64url; anything else is no token of ours and asks nothing of the database. */
const tokenPattern = /^[A-Za-z0-9_-]{43}$/

/** Errors: `invalid_token`, `token_expired`. */
export async function findToken(door: Door, text: string, nowMs: number): Promise<Token> {
  const select = () => selectToken(door.database, text)
  const token = tokenPattern.test(text) ? await (door.tokens?.get(text, select) ?? select()) : undefined
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

/** Errors: `not_authorized` when no policy of the caller's roles allows it. */
export function checkPermission(token: Token, permission: Permission, params: Call['params']): void {
  if (permission.isForEveryRole && token.roles.length > 0) return
  const resource = `modelarts:default:${token.account.domain.id}:service:${params.service_id ?? '*'}`
  if (!isAllowed(policiesOf(token), permission, resource)) {
    throw apiError('not_authorized', { action: permission.action })
  }
}

function policiesOf(token: Token): Policy[] {
  const builtIn = token.roles.filter(isBuiltIn).map((role) => builtInPolicies[role])
  return [...builtIn, ...token.policies.map((text) => Policy.parse(JSON.parse(text)))]
}

function countOf(rawHeaders: readonly string[], name: string): number {
  return rawHeaders.filter((header, index) => index % 2 === 0 && header.toLowerCase() === name).length
}
