// `secrets rotate`: another data key, everything sealed anew with it, and another master key around it.
import {
  deleteDataKeysBefore,
  insertDataKey,
  type KeyPlace,
  type Keys,
  openKeys,
  updateMasterKey,
} from '../store/data-keys.ts'
import type { Database } from '../store/database.ts'
import { newMasterKey, promoteNextMasterKey, writeNextMasterKey } from '../store/master-key.ts'
import { resealAll } from '../store/reseal.ts'
import type { SealedTable } from '../store/secrets.ts'

export type Rotation = {
  resealed: Record<SealedTable, number>
  /** False where the master key is given in the environment and no other one is. */
  isMasterKeyNew: boolean
}

/**
 * Replaces every key of a stopped platform. A rotation that was cut short is finished by the next one: until nothing is
 * sealed with an older key, that key stays.
 *
 * Errors: `SecretKeyError` when a value cannot be opened; nothing is lost then, and the older keys stay.
 */
export async function rotateSecrets(
  database: Database,
  place: KeyPlace & { newSecretKey?: string },
  nowMs: number,
): Promise<Rotation> {
  const keys = await withNewDataKey(database, await openKeys(database, place, nowMs), nowMs)
  const resealed = await resealAll(database, keys)
  const newest = Math.max(...keys.dataKeys.map(({ id }) => id))
  await database.transaction((tx) => deleteDataKeysBefore(tx, newest))
  const dataKeys = keys.dataKeys.filter(({ id }) => id === newest)
  return { resealed, isMasterKeyNew: await changeMasterKey(database, dataKeys, place) }
}

/** More than one data key means that a rotation was cut short, whose key is not to be left half used. */
async function withNewDataKey(database: Database, keys: Keys, nowMs: number): Promise<Keys> {
  if (keys.dataKeys.length > 1) return keys
  const added = await database.transaction((tx) => insertDataKey(tx, keys.masterKey, nowMs))
  return { ...keys, dataKeys: [...keys.dataKeys, added] }
}

async function changeMasterKey(
  database: Database,
  dataKeys: Keys['dataKeys'],
  { dataDir, secretKey, newSecretKey }: KeyPlace & { newSecretKey?: string },
): Promise<boolean> {
  if (secretKey !== undefined) {
    if (newSecretKey === undefined) return false
    await database.transaction((tx) => updateMasterKey(tx, dataKeys, Buffer.from(newSecretKey, 'hex')))
    return true
  }
  const next = newMasterKey()
  await writeNextMasterKey(dataDir, next)
  await database.transaction((tx) => updateMasterKey(tx, dataKeys, next))
  await promoteNextMasterKey(dataDir)
  return true
}
