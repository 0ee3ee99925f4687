import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compare } from './compare.ts'

const at = (what: string, atMs: number) => ({ what, atMs })

for (const { name, happened, reported, expected, matched, invented } of [
  {
    name: 'a report near its happening matches',
    happened: [at('a', 1000)],
    reported: [at('a', 1800)],
    expected: 1,
    matched: 1,
    invented: 0,
  },
  {
    name: 'a report of another kind does not match',
    happened: [at('a', 1000)],
    reported: [at('b', 1000)],
    expected: 1,
    matched: 0,
    invented: 1,
  },
  {
    name: 'a late report does not match',
    happened: [at('a', 1000)],
    reported: [at('a', 3001)],
    expected: 1,
    matched: 0,
    invented: 1,
  },
  {
    name: 'one report matches one happening only',
    happened: [at('a', 1000), at('a', 1100)],
    reported: [at('a', 1050)],
    expected: 2,
    matched: 1,
    invented: 0,
  },
  {
    name: 'two reports of one happening leave one invented',
    happened: [at('a', 1000)],
    reported: [at('a', 1050), at('a', 1060)],
    expected: 1,
    matched: 1,
    invented: 1,
  },
  {
    name: 'what happened before the watch is not expected',
    happened: [at('a', 400)],
    reported: [],
    expected: 0,
    matched: 0,
    invented: 0,
  },
  {
    name: 'a report in the watch of what happened before it is not invented',
    happened: [at('a', 400)],
    reported: [at('a', 600)],
    expected: 0,
    matched: 0,
    invented: 0,
  },
])
  test(name, () => {
    const result = compare(happened, reported, 2000, { fromMs: 500, toMs: 9000 })
    assert.deepEqual([result.expectedCount, result.matchedCount, result.invented.length], [expected, matched, invented])
  })
