import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outputFormats } from './command.ts'
import { format, table } from './print.ts'

const columns = [
  { title: 'ID', text: (item: { id: string; name: string }) => item.id },
  { title: 'NAME', text: (item: { id: string; name: string }) => item.name },
]
const items = [
  { id: '1', name: 'door' },
  { id: '22', name: '' },
]

test('each format shows the same things', () => {
  const shown = outputFormats.map((name) =>
    format({ format: name, answer: { count: 2, items }, items, columns, name: ({ id }) => id }),
  )
  assert.deepEqual(shown, [
    'ID  NAME\n1   door\n22\n',
    `${JSON.stringify({ count: 2, items }, null, 2)}\n`,
    'count: 2\nitems:\n- id: "1"\n  name: door\n- id: "22"\n  name: ""\n',
    '1\n22\n',
  ])
})

for (const { name, given, expected } of [
  {
    name: 'ideographs take two places',
    given: [
      { id: '测试', name: 'a' },
      { id: 'ab', name: 'b' },
    ],
    expected: 'ID    NAME\n测试  a\nab    b\n',
  },
  {
    name: 'what came from outside stays in its line',
    given: [{ id: '1', name: 'a\u001b[2J\nb' }],
    expected: 'ID  NAME\n1   a [2J b\n',
  },
  { name: 'nothing leaves the titles', given: [], expected: 'ID  NAME\n' },
]) {
  test(`in a table, ${name}`, () => assert.equal(table(given, columns), expected))
}
