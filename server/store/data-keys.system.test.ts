import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { insertDataKey, openKeys, openSecretBox, updateMasterKey } from './data-keys.ts'
import type { Database } from './database.ts'
import { newMasterKey, writeNextMasterKey } from './master-key.ts'
import { openTestDatabase, type TestDatabase, testNowMs } from './open-test-database.ts'
import { type SealContext, SecretKeyError } from './secrets.ts'

const place: SealContext = { table: 'task', id: 't1', projectId: 'p1' }

let opened: TestDatabase
let database: Database
let folder: string
before(async () => {
  opened = await openTestDatabase()
  database = opened.database
  folder = await mkdtemp(join(tmpdir(), 'sightline-keys-'))
})
after(async () => {
  await opened[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const openBox = (dataDir = folder, secretKey?: string) => openSecretBox(database, { dataDir, secretKey }, testNowMs)

test('the first start makes a key that only its owner reads, and the next one opens with it', async () => {
  const sealed = (await openBox()).seal('hush', place)
  const path = join(folder, 'secret.key')
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.equal((await openBox()).open(sealed, place), 'hush')
  const text = await readFile(path, 'utf8')
  const { rows } = await database.query<{ wrapped: Buffer }>('select wrapped from data_key')
  assert.equal(rows.length, 1)
  assert.equal((await openBox('elsewhere', text.trim())).open(sealed, place), 'hush')
})

test('without its key the database is left alone, and no other key is made', async () => {
  const empty = await mkdtemp(join(folder, 'empty-'))
  await assert.rejects(openBox(empty), {
    name: 'SecretKeyError',
    message: /^the key of this database's secrets is mis/,
  })
  assert.deepEqual(await readdir(empty), [])
  await assert.rejects(openBox(empty, 'ab'.repeat(32)), { name: 'SecretKeyError', message: /sealed with another key/ })
})

test('another data key seals from then on, and the older one still opens', async () => {
  const earlier = (await openBox()).seal('earlier', place)
  const { masterKey } = await openKeys(database, { dataDir: folder }, testNowMs)
  const { id } = await database.transaction((tx) => insertDataKey(tx, masterKey, testNowMs))
  const box = await openBox()
  assert.equal(box.open(earlier, place), 'earlier')
  assert.equal(box.seal('now', place).readUInt32BE(1), id)
})

test('a master key whose change was cut short is found, whichever of the two seals the database', async () => {
  const sealed = (await openBox()).seal('hush', place)
  const before = await readFile(join(folder, 'secret.key'), 'utf8')
  await writeNextMasterKey(folder, newMasterKey())
  assert.equal((await openBox()).open(sealed, place), 'hush')
  assert.deepEqual(await readdir(folder).then((names) => names.filter((name) => name.startsWith('secret'))), [
    'secret.key',
  ])
  const next = newMasterKey()
  await writeNextMasterKey(folder, next)
  const { dataKeys } = await openKeysOnly()
  await database.transaction((tx) => updateMasterKey(tx, dataKeys, next))
  await assert.rejects(openBox('elsewhere', before.trim()), SecretKeyError)
  assert.equal((await openBox()).open(sealed, place), 'hush')
  assert.equal(await readFile(join(folder, 'secret.key'), 'utf8'), `${Buffer.from(next).toString('hex')}\n`)

  /** Of the key in use, the file of the next one left alone. */
  async function openKeysOnly() {
    return openKeys(database, { dataDir: 'elsewhere', secretKey: before.trim() }, testNowMs)
  }
})
