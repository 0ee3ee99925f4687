import { randomBytes, timingSafeEqual } from 'node:crypto'
import { CreateTokenRequest } from '@sightline/contract/auth.ts'
import { signedIn, signInFailed, signInLocked } from '../events.ts'
import { accessKeySeal } from '../store/access-keys.ts'
import {
  type AccountName,
  countSignInFailures,
  deleteSignInFailures,
  insertSignInFailure,
  selectAccount,
  selectScope,
} from '../store/accounts.ts'
import { selectKeyHolder } from '../store/callers.ts'
import { hashOf, insertToken, selectToken } from '../store/tokens.ts'
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

async function identify(door: Door, call: Call, identity: Identity): Promise<Identified> {
  const { methods, password, hw_ak_sk, token } = identity
  const [method] = methods
  if (methods.length === 1 && method === 'password') return identifyByPassword(door, call, password)
  if (methods.length === 1 && method === 'hw_ak_sk') return identifyByKey(door, call, hw_ak_sk)
  if (methods.length === 1 && method === 'token') {
    if (!token) throw isRequired('auth.identity.token')
    const { account, expiresAtMs } = await findToken(door, token.id, call.nowMs)
    // A token gives no longer life than it has.
    return { accountId: account.id, expiresAtMs }
  }
  throw apiError('invalid_argument', {
    detail: 'The field [auth.identity.methods] should be one of [password, hw_ak_sk, token].',
  })
}

async function identifyByPassword(door: Door, call: Call, given: Identity['password']): Promise<Identified> {
  if (!given) throw isRequired('auth.identity.password')
  const named = readName(given.user)
  return tryToSignIn(door, call, 'id' in named ? named.id : named.name, async () => {
    const account = await selectAccount(door.database, named)
    const isRight = await isPassword(given.user.password, account?.passwordHash)
    return account?.isEnabled && isRight ? account.id : undefined
  })
}

async function identifyByKey(door: Door, call: Call, given: Identity['hw_ak_sk']): Promise<Identified> {
  if (!given) throw isRequired('auth.identity.hw_ak_sk')
  const access = given.access.key
  return tryToSignIn(door, call, access, async () => {
    const found = await selectKeyHolder(door.database, { access })
    // Of a permanent key, the only kind there is, no session token is the right one.
    if (!found || given.security_token) return undefined
    const secret = door.secretBox.open(found.secret, accessKeySeal(access))
    return isSameText(secret, given.secret.key) ? found.holder.account.id : undefined
  })
}

/** Takes the same time wherever two texts differ. */
function isSameText(a: string, b: string): boolean {
  return timingSafeEqual(hashOf(a), hashOf(b))
}

/** Counts failures under a name, and refuses to try at all after too many. */
async function tryToSignIn(
  door: Door,
  call: Call,
  accountName: string,
  find: () => Promise<string | undefined>,
): Promise<Identified> {
  const attempt = { accountName, address: call.address, nowMs: call.nowMs }
  const named = { account: accountName, address: call.address }
  if ((await countSignInFailures(door.database, attempt)) >= failuresMax) {
    signInLocked(door.log, named)
    throw apiError('sign_in_locked')
  }
  const accountId = await find()
  if (accountId === undefined) {
    await insertSignInFailure(door.database, attempt)
    signInFailed(door.log, named)
    throw apiError('sign_in_refused')
  }
  await deleteSignInFailures(door.database, attempt)
  return { accountId, expiresAtMs: call.nowMs + validMs }
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
