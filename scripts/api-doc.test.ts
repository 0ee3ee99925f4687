import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { apiDoc, apiDocPath } from './api-doc.ts'

test('docs/reference/api.md says what the contract says (mend: npm run node -- scripts/api-doc.ts --write)', async () => {
  assert.equal(await readFile(apiDocPath, 'utf8'), apiDoc())
})
