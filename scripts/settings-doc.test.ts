import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { settings } from '../contract/settings.ts'
import { settingsDoc, settingsDocPath } from './settings-doc.ts'

test('docs/reference/config.md says what the table of settings says (mend: npm run node -- scripts/settings-doc.ts --write)', async () => {
  assert.equal(await readFile(settingsDocPath, 'utf8'), settingsDoc())
})

test('the twin of a flag is the flag in capitals', () => {
  for (const setting of settings) {
    if (!('flag' in setting)) continue
    assert.equal(setting.variable, `SIGHTLINE_${setting.flag.toUpperCase().replaceAll('-', '_')}`)
  }
})

test('no variable comes twice', () => {
  assert.equal(new Set(settings.map(({ variable }) => variable)).size, settings.length)
})
