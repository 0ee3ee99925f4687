import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readQuery } from './query.ts'
import { readOrder } from './task-query.ts'

for (const { query, expected } of [
  { query: '', expected: 'created_at desc' },
  { query: 'sort_key=name', expected: 'name desc' },
  { query: 'sort_dir=asc', expected: 'created_at asc' },
  { query: 'sort_key=updated_at&sort_dir=ASC', expected: 'updated_at asc' },
  { query: 'sort_dir=created_at&sort_key=desc', expected: 'created_at desc' },
  { query: 'sort_dir=name', expected: 'name desc' },
  { query: 'sort_key=asc', expected: 'created_at asc' },
  { query: 'order=name:ASC', expected: 'name asc' },
  { query: 'order=updated_at', expected: 'updated_at desc' },
  { query: 'order=name:ASC&sort_key=updated_at', expected: 'updated_at desc' },
  { query: 'sort_key=&order=name:asc', expected: 'name asc' },
]) {
  test(`the query "${query}" sorts by ${expected}`, () => {
    const { key, direction } = readOrder(readQuery(`/tasks?${query}`))
    assert.equal(`${key} ${direction}`, expected)
  })
}

for (const { query, param } of [
  { query: 'sort_key=size', param: 'sort_key' },
  { query: 'sort_dir=up', param: 'sort_dir' },
  { query: 'sort_dir=name&sort_key=up', param: 'sort_dir' },
  { query: 'order=size:asc', param: 'order' },
]) {
  test(`the query "${query}" is refused`, () =>
    assert.throws(() => readOrder(readQuery(`/tasks?${query}`)), new RegExp(`\\[${param}\\] should be one of`)))
}
