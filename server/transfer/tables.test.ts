import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { schemaFile } from '../store/describe-schema.ts'
import { lineKinds } from './lines.ts'
import { exportedTables, leftOutTables } from './tables.ts'

test('every table of the schema is exported, or left out for a reason', async () => {
  const schema = await readFile(schemaFile, 'utf8')
  const tables = [...schema.matchAll(/^create table (\w+)/gm)].map(([, name]) => name)
  assert.deepEqual(tables.sort(), [...Object.keys(exportedTables), ...Object.keys(leftOutTables)].sort())
})

test('every kind of line carries a table', () => {
  assert.deepEqual([...new Set(Object.values(exportedTables))].sort(), [...lineKinds].sort())
})

// Of exported tables: what an import derives or makes anew.
const derivedColumns = [
  'task_history.written',
  'task.shown_state',
  'task.is_finite',
  'task.due_at',
  'project.domain_id',
  'account.domain_id',
]
// Called otherwise in the lines.
const renamedColumns: Record<string, string> = {
  'account.password_hash': 'secrets',
  'access_key.account_id': 'user_id',
  'access_key.secret': 'secret',
}

test('every column of an exported table is read by the export, or derived', async () => {
  const schema = await readFile(schemaFile, 'utf8')
  const sql = await readFile(new URL('../store/export-rows.ts', import.meta.url), 'utf8')
  const bodies = schema.matchAll(/^create table (\w+) \(\n(.*?)\n\);/gms)
  const missing = [...bodies].flatMap(([, table = '', body = '']) => {
    if (!(table in exportedTables)) return []
    const columns = [...body.matchAll(/^ {2}([a-z]\w*) /gm)].map(([, column]) => column ?? '')
    return columns
      .filter((column) => !new RegExp(`\\b${column}\\b`).test(sql))
      .map((column) => `${table}.${column}`)
      .filter((column) => !derivedColumns.includes(column) && !(column in renamedColumns))
  })
  assert.deepEqual(missing, [])
})
