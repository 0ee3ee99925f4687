import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJsonObject } from './json.ts'

const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`

for (const { name, text, expected } of [
  { name: 'an object', text: '{"a": [1, {"b": "c"}], "a ": "\\u00e9"}', expected: { a: [1, { b: 'c' }], 'a ': 'é' } },
  {
    name: 'nulls, which are left out',
    text: '{"a": null, "b": {"c": null}, "d": [null]}',
    expected: { b: {}, d: [null] },
  },
  {
    name: 'a text that looks like a bracket or a key',
    text: '{"a": "{\\"b\\": [", "b": "a"}',
    expected: { a: '{"b": [', b: 'a' },
  },
  {
    name: 'equal keys of different objects',
    text: '{"a": {"a": 1}, "b": {"a": 1}}',
    expected: { a: { a: 1 }, b: { a: 1 } },
  },
]) {
  test(`a body may hold ${name}`, () => assert.deepEqual(parseJsonObject(Buffer.from(text)), expected))
}

test('nesting may go to 64 and not beyond', () => {
  assert.ok(parseJsonObject(Buffer.from(nested(64))))
  assert.throws(() => parseJsonObject(Buffer.from(nested(65))), /Incorrect JSON/)
})

test('a member named __proto__ is a member', () => {
  const value = parseJsonObject(Buffer.from('{"__proto__": {"isAdmin": true}}'))
  assert.equal(Object.getPrototypeOf(value), Object.prototype)
  assert.deepEqual(Object.keys(value), ['__proto__'])
})

for (const { name, body } of [
  { name: 'a list', body: '[]' },
  { name: 'a number', body: '1' },
  { name: 'null', body: 'null' },
  { name: 'half an object', body: '{"a":' },
  { name: 'two objects', body: '{}{}' },
  { name: 'a key twice', body: '{"a": 1, "a": 2}' },
  { name: 'a key twice, once escaped', body: '{"a": 1, "\\u0061": 2}' },
  { name: 'a key twice, deep inside', body: '{"b": [{"a": 1, "a": 1}]}' },
  { name: 'bad UTF-8', body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) },
  { name: 'U+0000', body: '{"a": "\\u0000"}' },
  { name: 'half a surrogate pair', body: '{"a": "\\ud800"}' },
]) {
  test(`a body may not hold ${name}`, () =>
    assert.throws(() => parseJsonObject(Buffer.from(body)), /Incorrect JSON format of the input data\./))
}
