import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compare, within } from './compare.ts'

const at = (what: string, atMs: number) => ({ what, atMs })

for (const { name, expected, reported, matched, missed, invented } of [
  {
    name: 'a report near its happening matches',
    expected: [at('a', 1000)],
    reported: [at('a', 1800)],
    matched: 1,
    missed: 0,
    invented: 0,
  },
  {
    name: 'a report of another kind does not match',
    expected: [at('a', 1000)],
    reported: [at('b', 1000)],
    matched: 0,
    missed: 1,
    invented: 1,
  },
  {
    name: 'a late report does not match',
    expected: [at('a', 1000)],
    reported: [at('a', 3001)],
    matched: 0,
    missed: 1,
    invented: 1,
  },
  {
    name: 'one report matches one happening only',
    expected: [at('a', 1000), at('a', 1100)],
    reported: [at('a', 1050)],
    matched: 1,
    missed: 1,
    invented: 0,
  },
  {
    name: 'two reports of one happening leave one invented',
    expected: [at('a', 1000)],
    reported: [at('a', 1050), at('a', 1060)],
    matched: 1,
    missed: 0,
    invented: 1,
  },
])
  test(name, () => {
    const result = compare(expected, reported, 2000)
    assert.deepEqual([result.matchedCount, result.missed.length, result.invented.length], [matched, missed, invented])
  })

test('only happenings inside the watched stretch are expected', () =>
  assert.deepEqual(within([at('a', 1), at('a', 5), at('a', 9)], 2, 8), [at('a', 5)]))
