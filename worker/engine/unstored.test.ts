import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createUnstored } from './unstored.ts'

const never = new AbortController().signal

test('a pipeline waits when 64 results are not stored, and goes on when one is', async () => {
  const unstored = createUnstored()
  for (let count = 0; count < 64; count++) unstored.add()
  let hasRoom = false
  const room = unstored.room(never).then(() => {
    hasRoom = true
  })
  await new Promise(setImmediate)
  assert.equal(hasRoom, false)
  unstored.remove(1)
  await room
})

test('a stop ends the wait', async () => {
  const unstored = createUnstored()
  unstored.add()
  const stop = new AbortController()
  const wait = unstored.empty(stop.signal)
  stop.abort(new Error('stopped'))
  await assert.rejects(wait, /stopped/)
})

test('a pipeline without results has nothing to wait for', () => createUnstored().empty(never))
