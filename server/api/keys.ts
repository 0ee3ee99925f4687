// Access keys of the caller. Source: auth page, section 2.
import { randomInt } from 'node:crypto'
import { CreateKeyRequest, type KeyItem } from '@sightline/contract/members.ts'
import {
  type AccessKey,
  accessKeySeal,
  deleteAccessKey,
  insertAccessKey,
  selectAccessKeys,
} from '../store/access-keys.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { apiError } from './errors.ts'
import { parseJsonObject } from './json.ts'
import { parse } from './parse.ts'
import { toIsoSeconds } from './task-details.ts'

const keysMax = 20
const accessCharacters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const secretCharacters = `${accessCharacters}abcdefghijklmnopqrstuvwxyz`

export async function listKeys(door: Door, caller: Caller, _: Call): Promise<Answer> {
  const keys = await selectAccessKeys(door.database, caller.accountId)
  return { status: 200, json: { keys: keys.map(toKeyItem) } }
}

export async function createKey(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const { description = '' } = parse(CreateKeyRequest, parseJsonObject(call.body))
  const { key, secret } = await makeKey(door, { accountId: caller.accountId, description, createdAtMs: call.nowMs })
  const { access, ...rest } = toKeyItem(key)
  return { status: 201, json: { access, secret, ...rest } }
}

export async function deleteKey(door: Door, caller: Caller, call: Call): Promise<Answer> {
  await removeKey(door, { access: call.params.access ?? '', accountId: caller.accountId })
  return { status: 204 }
}

/** Makes a pair. Shape: `secret` in clear, this once. Errors: `quota_exceeded`. */
export async function makeKey(door: Door, key: Omit<AccessKey, 'access'>): Promise<{ key: AccessKey; secret: string }> {
  const [access, secret] = [randomText(20, accessCharacters), randomText(40, secretCharacters)]
  const made = { ...key, access }
  const sealed = door.secretBox.seal(secret, accessKeySeal(access))
  if (!(await insertAccessKey(door.database, { ...made, secret: sealed }, keysMax))) {
    throw apiError('quota_exceeded', { what: 'number of access keys' })
  }
  door.log.info({ access, account: key.accountId }, 'access key made')
  return { key: made, secret }
}

/** Errors: `key_not_found`, also for a key of another account. */
export async function removeKey(door: Door, key: { access: string; accountId: string }): Promise<void> {
  if (!(await deleteAccessKey(door.database, key))) throw apiError('key_not_found', { access: key.access })
  door.log.info({ access: key.access, account: key.accountId }, 'access key deleted')
}

function toKeyItem({ access, description, createdAtMs }: AccessKey): KeyItem {
  return { access, description, created_at: toIsoSeconds(createdAtMs) }
}

function randomText(length: number, characters: string): string {
  return Array.from({ length }, () => characters[randomInt(characters.length)]).join('')
}
