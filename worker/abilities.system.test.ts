import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NodeCapabilities } from '@sightline/contract/fleet.ts'
import { capabilities, supportedInputs } from './abilities.ts'
import { openableInputs } from './source/sources.ts'

test('a node says of itself what its engine opens', () => {
  assert.deepEqual([...supportedInputs].sort(), [...openableInputs].sort())
})

test('what a node says of itself is what the contract expects', () => {
  const said = capabilities({ site: 'a' })
  assert.deepEqual(NodeCapabilities.parse(said), said)
})
