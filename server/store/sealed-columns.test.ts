import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { schemaFile } from './describe-schema.ts'
import { sealedColumns } from './reseal.ts'

// Hashes, and the keys themselves.
const neverSealed = [
  'data_key.wrapped',
  'deployment.key_check',
  'idempotency_key.body_hash',
  'import_mark.digest',
  'join_token.hash',
  'node.credential_hash',
  'token.hash',
]

test('every column of bytes is sealed anew by a rotation, or known not to be sealed', async () => {
  const schema = await readFile(schemaFile, 'utf8')
  const tables = schema.matchAll(/^create table (\w+) \(\n(.*?)\n\);/gms)
  const found = [...tables].flatMap(([, table, body = '']) =>
    [...body.matchAll(/^ {2}(\w+) bytea/gm)].map(([, column]) => `${table}.${column}`),
  )
  const sealed = Object.entries(sealedColumns).map(([table, { column }]) => `${table}.${column}`)
  assert.deepEqual(found.sort(), [...sealed, ...neverSealed].sort())
})
