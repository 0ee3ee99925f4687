import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { describeSchema, schemaFile } from './describe-schema.ts'
import { migrate, SchemaTooNewError } from './migrate.ts'
import { describeStore, testNowMs } from './open-test-database.ts'

describeStore('the schema', (database) => {
  test('after all migrations is the one that is written down (npm run schema rewrites it)', async () => {
    assert.equal(await describeSchema(database()), await readFile(schemaFile, 'utf8'))
  })

  test('is migrated once', async () => {
    assert.deepEqual(await migrate(database(), testNowMs), [])
  })

  test('of a newer version is left alone when it says that it must be', async () => {
    const insert = 'insert into migration (number, name, is_breaking, applied_at) values ($1, $2, $3, $4)'
    await database().query(insert, [9001, '9001_harmless.sql', false, new Date(testNowMs)])
    assert.deepEqual(await migrate(database(), testNowMs), [])
    await database().query(insert, [9002, '9002_breaking.sql', true, new Date(testNowMs)])
    await assert.rejects(migrate(database(), testNowMs), SchemaTooNewError)
  })
})
