import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzz } from '@sightline/bench/fuzz.ts'

// Another seed each day would find more, and fail on other days than the change that is to blame.
const seed = 1

test('two thousand faulty requests are answered in the words of the API, and the server lives on', async () => {
  const { sent, faults, crashCount } = await fuzz({ count: 2_000, seed })
  assert.deepEqual({ sent, faults, crashCount }, { sent: 2_000, faults: [], crashCount: 0 })
})
