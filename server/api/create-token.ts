import { randomBytes } from 'node:crypto'
import { CreateTokenRequest } from '@sightline/contract/auth.ts'
import { signedIn, signInFailed, signInLocked } from '../events.ts'
import {
  type AccountName,
  countSignInFailures,
  deleteSignInFailures,
  insertSignInFailure,
  selectAccount,
  selectScope,
} from '../store/accounts.ts'
import { insertToken, selectToken } from '../store/tokens.ts'
import type { Answer, Call, Door } from './call.ts'
import { apiError } from './errors.ts'
import { findToken } from './gate.ts'
import { parseJsonObject } from './json.ts'
import { parse } from './parse.ts'
import { isPassword } from './password.ts'
import { describeToken } from './token-description.ts'

const validMs = 24 * 3_600_000
const tokenBytes = 32
const failuresMax = 5

type Identity = CreateTokenRequest['auth']['identity']
type Scope = CreateTokenRequest['auth']['scope']

/** Signs an account in by password, or a token into another project. Source: auth page, section 2. */
export async function createToken(door: Door, call: Call): Promise<Answer> {
  const { auth } = parse(CreateTokenRequest, parseJsonObject(call.body))
  const { accountId, expiresAtMs } = await identify(door, call, auth.identity)
  const projectId = await scopeOf(door, accountId, auth.scope)
  const text = randomBytes(tokenBytes).toString('base64url')
  await insertToken(door.database, {
    token: text,
    accountId,
    ...(projectId !== undefined && { projectId }),
    methods: auth.identity.methods,
    issuedAtMs: call.nowMs,
    expiresAtMs,
  })
  const token = await selectToken(door.database, text)
  if (!token) throw apiError('sign_in_refused')
  signedIn(door.log, { account: token.account.name, address: call.address })
  return { status: 201, json: describeToken(door, call, token), headers: { 'x-subject-token': text } }
}

type Identified = { accountId: string; expiresAtMs: number }

async function identify(door: Door, call: Call, { methods, password, token }: Identity): Promise<Identified> {
  const [method] = methods
  if (methods.length === 1 && method === 'password') return identifyByPassword(door, call, password)
  if (methods.length === 1 && method === 'token') {
    if (!token) throw isRequired('auth.identity.token')
    const { account, expiresAtMs } = await findToken(door, token.id, call.nowMs)
    // A token gives no longer life than it has.
    return { accountId: account.id, expiresAtMs }
  }
  throw apiError('invalid_argument', {
    detail: 'The field [auth.identity.methods] should be one of [password, token].',
  })
}

async function identifyByPassword(door: Door, call: Call, given: Identity['password']): Promise<Identified> {
  if (!given) throw isRequired('auth.identity.password')
  const named = readName(given.user)
  const attempt = { accountName: 'id' in named ? named.id : named.name, address: call.address, nowMs: call.nowMs }
  if ((await countSignInFailures(door.database, attempt)) >= failuresMax) {
    signInLocked(door.log, { account: attempt.accountName, address: attempt.address })
    throw apiError('sign_in_locked')
  }
  const account = await selectAccount(door.database, named)
  const isRight = await isPassword(given.user.password, account?.passwordHash)
  if (!account?.isEnabled || !isRight) {
    await insertSignInFailure(door.database, attempt)
    signInFailed(door.log, { account: attempt.accountName, address: attempt.address })
    throw apiError('sign_in_refused')
  }
  await deleteSignInFailures(door.database, attempt)
  return { accountId: account.id, expiresAtMs: call.nowMs + validMs }
}

function readName(user: NonNullable<Identity['password']>['user']): AccountName {
  if (user.id !== undefined) return { id: user.id }
  if (user.name === undefined) throw isRequired('auth.identity.password.user.name')
  return {
    name: user.name,
    ...(user.domain?.id !== undefined && { domainId: user.domain.id }),
    ...(user.domain?.name !== undefined && { domainName: user.domain.name }),
  }
}

/** Absent where no project is asked for; a project without a role in it is answered like a wrong password. */
async function scopeOf(door: Door, accountId: string, scope: Scope): Promise<string | undefined> {
  const project = scope?.project
  if (!project) return undefined
  if (project.id === undefined && project.name === undefined) throw isRequired('auth.scope.project.id')
  const found = await selectScope(door.database, {
    accountId,
    ...(project.id !== undefined && { projectId: project.id }),
    ...(project.name !== undefined && { projectName: project.name }),
    ...(project.domain?.name !== undefined && { domainName: project.domain.name }),
  })
  if (!found) throw apiError('sign_in_refused')
  return found.id
}

function isRequired(field: string): Error {
  return apiError('invalid_argument', { detail: `The field [${field}] is required and cannot be empty.` })
}
