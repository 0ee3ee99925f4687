import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killParts } from '@sightline/bench/kills.ts'
import { parts } from './platform.ts'

for (const part of parts)
  test(`a task runs again and loses no stored result when the ${part} is killed, twice`, {
    timeout: 180_000,
  }, async () => {
    const [story] = await killParts(2, [part])
    assert.equal(story?.recoveredMs.length, 2)
    assert.deepEqual(story?.lost, [])
  })
