// The data keys of a database, and the record of which master key seals them.
import { randomBytes } from 'node:crypto'
import { type Connection, type Database, takeTurn } from './database.ts'
import {
  deleteNextMasterKey,
  type MasterKeys,
  newMasterKey,
  promoteNextMasterKey,
  readMasterKeys,
  writeMasterKey,
} from './master-key.ts'
import { createSecretBox, type DataKey, decrypt, encrypt, keyBytes, type SecretBox, SecretKeyError } from './secrets.ts'

/** What opens and seals the secrets of one database. */
export type Keys = { masterKey: Uint8Array; dataKeys: DataKey[] }

const checkText = Buffer.from('sightline')
const checkContext = Buffer.from('deployment')
// First byte of the record, so that its form may change.
const checkVersion = Buffer.of(1)

export type KeyPlace = { dataDir: string; secretKey?: string | undefined }

/**
 * The box that seals this database's secrets; the first call makes the master key, unless one is given, and a data key.
 *
 * Errors: `SecretKeyError` when the key that sealed the database is not there; nothing is written then.
 */
export async function openSecretBox(database: Database, place: KeyPlace, nowMs: number): Promise<SecretBox> {
  const { masterKey, dataKeys } = await openKeys(database, place, nowMs)
  return createSecretBox(masterKey, dataKeys)
}

/** As `openSecretBox`, the keys themselves. */
export async function openKeys(database: Database, place: KeyPlace, nowMs: number): Promise<Keys> {
  const found = await readMasterKeys(place.dataDir, place.secretKey)
  const masterKey = await database.transaction(async (tx) => {
    await takeTurn(tx, 'first start')
    const check = await selectKeyCheck(tx)
    const key = check ? keyThatOpens(check, found, place) : await firstMasterKey(found, place)
    if (!check) await insertKeyCheck(tx, key, nowMs)
    if ((await selectWrappedKeys(tx)).length === 0) await insertDataKey(tx, key, nowMs)
    return key
  })
  if (found.next) await (masterKey === found.next ? promoteNextMasterKey : deleteNextMasterKey)(place.dataDir)
  return { masterKey, dataKeys: await selectDataKeys(database, masterKey) }
}

function keyThatOpens(check: Buffer, found: MasterKeys, { dataDir, secretKey }: KeyPlace): Uint8Array {
  const key = [found.current, found.next].find((one) => one && opensCheck(one, check))
  if (key) return key
  const expected = `expected the secret.key that was made with it in ${dataDir}, or its SIGHTLINE_SECRET_KEY`
  const isNone = secretKey === undefined && !found.current
  throw new SecretKeyError(
    isNone
      ? `the key of this database's secrets is missing: ${expected}`
      : `the secrets of this database were sealed with another key: ${expected}`,
  )
}

function opensCheck(key: Uint8Array, check: Buffer): boolean {
  try {
    return decrypt(key, check.subarray(checkVersion.length), checkContext).equals(checkText)
  } catch {
    return false
  }
}

async function firstMasterKey({ current }: MasterKeys, { dataDir }: KeyPlace): Promise<Uint8Array> {
  if (current) return current
  const key = newMasterKey()
  await writeMasterKey(dataDir, key)
  return key
}

const sealedCheck = (masterKey: Uint8Array) =>
  Buffer.concat([checkVersion, encrypt(masterKey, checkText, checkContext)])

async function selectKeyCheck(db: Connection): Promise<Buffer | undefined> {
  const { rows } = await db.query<{ key_check: Buffer }>('select key_check from deployment')
  return rows[0]?.key_check
}

async function insertKeyCheck(tx: Connection, masterKey: Uint8Array, nowMs: number): Promise<void> {
  await tx.query('insert into deployment (key_check, created_at) values ($1, $2)', [
    sealedCheck(masterKey),
    new Date(nowMs),
  ])
}

type WrappedKey = { id: number; wrapped: Buffer }

async function selectWrappedKeys(db: Connection): Promise<WrappedKey[]> {
  const { rows } = await db.query<WrappedKey>('select id, wrapped from data_key order by id')
  return rows
}

const contextOf = (id: number) => Buffer.from(`data_key ${id}`)

async function selectDataKeys(db: Connection, masterKey: Uint8Array): Promise<DataKey[]> {
  const rows = await selectWrappedKeys(db)
  return rows.map(({ id, wrapped }) => ({ id, key: unwrap(masterKey, id, wrapped) }))
}

function unwrap(masterKey: Uint8Array, id: number, wrapped: Buffer): Uint8Array {
  try {
    return decrypt(masterKey, wrapped, contextOf(id))
  } catch (cause) {
    throw new SecretKeyError(`the data key ${id} could not be opened with the key of this database`, { cause })
  }
}

/** Makes the key that seals from now on. */
export async function insertDataKey(tx: Connection, masterKey: Uint8Array, nowMs: number): Promise<DataKey> {
  const { rows } = await tx.query<{ id: number }>('select coalesce(max(id), 0) + 1 as id from data_key')
  const id = rows[0]?.id ?? 1
  const key = randomBytes(keyBytes)
  await tx.query('insert into data_key (id, wrapped, created_at) values ($1, $2, $3)', [
    id,
    encrypt(masterKey, key, contextOf(id)),
    new Date(nowMs),
  ])
  return { id, key }
}

/** Once nothing is sealed with them any more. */
export async function deleteDataKeysBefore(tx: Connection, id: number): Promise<void> {
  await tx.query('delete from data_key where id < $1', [id])
}

/** Seals every data key, and the record of the master key, with another master key. */
export async function updateMasterKey(tx: Connection, dataKeys: readonly DataKey[], next: Uint8Array): Promise<void> {
  for (const { id, key } of dataKeys) {
    await tx.query('update data_key set wrapped = $2 where id = $1', [id, encrypt(next, key, contextOf(id))])
  }
  await tx.query('update deployment set key_check = $1', [sealedCheck(next)])
}
