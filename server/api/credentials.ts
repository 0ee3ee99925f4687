// Access keys in the form of IAM: one's own, or anybody's for an admin of every project. Source: auth page, section 2.
import { CreateCredentialRequest } from '@sightline/contract/auth.ts'
import { type AccessKey, selectAccessKey, selectAccessKeys } from '../store/access-keys.ts'
import { selectAccount } from '../store/accounts.ts'
import type { Token } from '../store/tokens.ts'
import type { Answer, Call, Door } from './call.ts'
import { apiError } from './errors.ts'
import { parseJsonObject } from './json.ts'
import { makeKey, removeKey } from './keys.ts'
import { parse } from './parse.ts'

export async function listCredentials(door: Door, caller: Token, call: Call): Promise<Answer> {
  const accountId = call.query.get('user_id') ?? caller.account.id
  checkOwner(caller, accountId)
  const keys = await selectAccessKeys(door.database, accountId)
  return { status: 200, json: { credentials: keys.map(toCredential) } }
}

export async function createCredential(door: Door, caller: Token, call: Call): Promise<Answer> {
  const { credential } = parse(CreateCredentialRequest, parseJsonObject(call.body))
  checkOwner(caller, credential.user_id)
  if (!(await selectAccount(door.database, { id: credential.user_id }))) {
    throw apiError('user_not_found', { id: credential.user_id })
  }
  const { key, secret } = await makeKey(door, {
    accountId: credential.user_id,
    description: credential.description ?? '',
    createdAtMs: call.nowMs,
  })
  return { status: 201, json: { credential: { ...toCredential(key), secret } } }
}

export async function showCredential(door: Door, caller: Token, call: Call): Promise<Answer> {
  return { status: 200, json: { credential: toCredential(await findKey(door, caller, call)) } }
}

export async function deleteCredential(door: Door, caller: Token, call: Call): Promise<Answer> {
  await removeKey(door, await findKey(door, caller, call))
  return { status: 204 }
}

/** The key of the path. Errors: `key_not_found`, also for one that is not the caller's to see. */
async function findKey(door: Door, caller: Token, call: Call): Promise<AccessKey> {
  const access = call.params.access ?? ''
  const key = await selectAccessKey(door.database, access)
  const isShown = key?.accountId === caller.account.id || caller.isDeploymentAdmin
  if (!key || !isShown) throw apiError('key_not_found', { access })
  return key
}

function checkOwner(caller: Token, accountId: string): void {
  if (accountId === caller.account.id || caller.isDeploymentAdmin) return
  throw apiError('not_authorized', { action: 'iam:credentials:manage' })
}

function toCredential({ access, accountId, description, createdAtMs }: AccessKey) {
  const create_time = new Date(createdAtMs).toISOString().replace('Z', '000Z')
  return { access, user_id: accountId, status: 'active', description, create_time }
}
