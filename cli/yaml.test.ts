import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toYaml } from './yaml.ts'

for (const { name, value, expected } of [
  { name: 'a map', value: { a: 'one', b: 2, c: true, d: null }, expected: 'a: one\nb: 2\nc: true\nd: null\n' },
  { name: 'a map in a map', value: { a: { b: { c: 1 } } }, expected: 'a:\n  b:\n    c: 1\n' },
  { name: 'a list of texts', value: { a: ['x', 'z'] }, expected: 'a:\n- x\n- z\n' },
  { name: 'a list of maps', value: [{ a: 1, b: [{ c: 2 }] }, { a: 3 }], expected: '- a: 1\n  b:\n  - c: 2\n- a: 3\n' },
  { name: 'a list of lists', value: [[1, 2], []], expected: '- - 1\n  - 2\n- []\n' },
  { name: 'nothing in it', value: { a: [], b: {}, c: undefined }, expected: 'a: []\nb: {}\n' },
  {
    name: 'texts that look like something else',
    value: { a: 'no', b: '1', c: '', d: '2026-01-01T00:00:00Z', e: 'a: b', f: 'a #b', g: '- a', h: 'line\nline' },
    expected: 'a: "no"\nb: "1"\nc: ""\nd: "2026-01-01T00:00:00Z"\ne: "a: b"\nf: "a #b"\ng: "- a"\nh: "line\\nline"\n',
  },
  { name: 'a name that needs quotes', value: { 'a b:': 1, yes: 2 }, expected: '"a b:": 1\n"yes": 2\n' },
]) {
  test(`${name} as YAML`, () => assert.equal(toYaml(value), expected))
}
