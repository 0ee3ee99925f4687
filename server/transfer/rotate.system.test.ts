import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bootstrap } from '../bootstrap.ts'
import { insertDataKey, openKeys, openSecretBox } from '../store/data-keys.ts'
import type { Database } from '../store/database.ts'
import { openTestDatabase, type TestDatabase, testNowMs } from '../store/open-test-database.ts'
import { type SealContext, SecretKeyError } from '../store/secrets.ts'
import { rotateSecrets } from './rotate.ts'

let opened: TestDatabase
let database: Database
let dataDir: string
before(async () => {
  opened = await openTestDatabase()
  database = opened.database
  dataDir = await mkdtemp(join(tmpdir(), 'sightline-rotate-'))
  const secretBox = await openBox()
  await bootstrap(database, { secretBox, nowMs: testNowMs, adminPassword: 'given', projectId: 'p1' })
})
after(async () => {
  await opened[Symbol.asyncDispose]()
  await rm(dataDir, { recursive: true, force: true })
})

const openBox = () => openSecretBox(database, { dataDir }, testNowMs)
const place: SealContext = { table: 'project', id: 'p1', projectId: 'p1' }

async function signingSecret(): Promise<Buffer> {
  const { rows } = await database.query<{ sealed: Buffer[] }>('select signing_secrets as sealed from project')
  return rows[0]?.sealed[0] ?? Buffer.of()
}
async function keyIds(): Promise<number[]> {
  const { rows } = await database.query<{ id: number }>('select id from data_key order by id')
  return rows.map(({ id }) => id)
}

test('a rotation seals everything anew, forgets the older data key and changes the file', async () => {
  const before = { key: await readFile(join(dataDir, 'secret.key'), 'utf8'), sealed: await signingSecret() }
  const clear = (await openBox()).open(before.sealed, place)
  assert.deepEqual(await rotateSecrets(database, { dataDir }, testNowMs), {
    resealed: { project: 1, task: 0, access_key: 0 },
    isMasterKeyNew: true,
  })
  assert.deepEqual(await keyIds(), [2])
  assert.equal((await openBox()).open(await signingSecret(), place), clear)
  assert.notEqual(await readFile(join(dataDir, 'secret.key'), 'utf8'), before.key)
  await assert.rejects(async () => (await openBox()).open(before.sealed, place), SecretKeyError)
})

/** As the database, but the transaction of this number fails, once it is committed or before. */
function failingAt(number: number, isCommitted: boolean): Database {
  let count = 0
  return {
    ...database,
    query: database.query,
    transaction: async (act) => {
      count++
      if (count === number && !isCommitted) throw new Error('killed')
      const result = await database.transaction(act)
      if (count === number) throw new Error('killed')
      return result
    },
  }
}

test('a rotation that is killed anywhere loses nothing, and the next one finishes it', async () => {
  const clear = (await openBox()).open(await signingSecret(), place)
  for (const isCommitted of [false, true]) {
    for (let number = 1, isKilled = true; isKilled; number++) {
      isKilled = await rotateSecrets(failingAt(number, isCommitted), { dataDir }, testNowMs).then(
        () => false,
        (error) => error.message === 'killed' || Promise.reject(error),
      )
      assert.equal((await openBox()).open(await signingSecret(), place), clear, `${number}`)
      assert.ok((await keyIds()).length <= 2)
    }
    await rotateSecrets(database, { dataDir }, testNowMs)
    assert.equal((await keyIds()).length, 1)
  }
})

test('a rotation that was cut short is finished with the key it began with', async () => {
  const { masterKey } = await openKeys(database, { dataDir }, testNowMs)
  await database.transaction((tx) => insertDataKey(tx, masterKey, testNowMs))
  const { resealed } = await rotateSecrets(database, { dataDir }, testNowMs)
  assert.equal(resealed.project, 1)
  assert.equal((await keyIds()).length, 1)
})

test('what cannot be opened stops a rotation, and the older key stays', async () => {
  const kept = await signingSecret()
  await database.query('update project set signing_secrets = array[$1::bytea]', [Buffer.concat([kept, Buffer.of(0)])])
  await assert.rejects(rotateSecrets(database, { dataDir }, testNowMs), SecretKeyError)
  assert.equal((await keyIds()).length, 2)
  await database.query('update project set signing_secrets = array[$1::bytea]', [kept])
  await rotateSecrets(database, { dataDir }, testNowMs)
  assert.equal((await keyIds()).length, 1)
})

test('a key that is given changes only to one that is given', async () => {
  const secretKey = (await readFile(join(dataDir, 'secret.key'), 'utf8')).trim()
  await rm(join(dataDir, 'secret.key'))
  assert.equal((await rotateSecrets(database, { dataDir, secretKey }, testNowMs)).isMasterKeyNew, false)
  const newSecretKey = 'cd'.repeat(32)
  assert.equal((await rotateSecrets(database, { dataDir, secretKey, newSecretKey }, testNowMs)).isMasterKeyNew, true)
  await assert.rejects(openSecretBox(database, { dataDir, secretKey }, testNowMs), SecretKeyError)
  const box = await openSecretBox(database, { dataDir, secretKey: newSecretKey }, testNowMs)
  assert.match(box.open(await signingSecret(), place), /^whsec_/)
})
