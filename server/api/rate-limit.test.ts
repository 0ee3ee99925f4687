import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RateLimiter } from './rate-limit.ts'

test('a burst passes, the next one waits, and a second fills the bucket again', () => {
  const limiter = new RateLimiter({ perSecond: 2, burst: 3 })
  const taken = [0, 0, 0, 0, 400, 500, 10_000].map((nowMs) => limiter.take('p', nowMs))
  assert.deepEqual(taken, [0, 0, 0, 1, 1, 0, 0])
})

test('keys do not share a bucket', () => {
  const limiter = new RateLimiter({ perSecond: 1, burst: 1 })
  assert.deepEqual([limiter.take('p', 0), limiter.take('q', 0), limiter.take('p', 0)], [0, 0, 1])
})
