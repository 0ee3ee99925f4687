import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Command, helpOf, outputFlag, readArguments, UsageError } from './command.ts'
import { refuseUnknownVariables } from './environment.ts'

const command: Command = {
  name: 'thing list',
  words: '[WORD]',
  meaning: 'Lists things.',
  flags: {
    count: { short: 'c', expected: 'an integer', isValid: (text) => /^-?\d+$/.test(text), meaning: 'how many' },
    label: { isMultiple: true, expected: 'KEY=VALUE', meaning: 'a label' },
    secret: { isSecret: true, expected: 'three letters', isValid: (text) => text.length === 3, meaning: 'hidden' },
    all: { isSwitch: true, expected: 'nothing', meaning: 'every thing' },
    ...outputFlag,
  },
  run: async () => 0,
}

test('flags come before, between and after words, in every form', () => {
  const given = readArguments(command, [
    'a',
    '-c',
    '3',
    '--label=x=1',
    'b',
    '--label',
    'y',
    '--all',
    '-ojson',
    '--',
    '--c',
  ])
  assert.deepEqual(
    {
      count: given.text('count'),
      labels: given.texts('label'),
      isAll: given.isOn('all'),
      output: given.text('output'),
      absent: given.text('secret'),
      words: given.words,
    },
    { count: '3', labels: ['x=1', 'y'], isAll: true, output: 'json', absent: undefined, words: ['a', 'b', '--c'] },
  )
})

describe('a wrong call names the flag, what was expected and what was given', () => {
  for (const { args, message } of [
    { args: ['--nothing'], message: '--nothing: thing list has no such flag' },
    { args: ['-x'], message: '-x: thing list has no such flag' },
    { args: ['--count', 'many'], message: '--count: expected an integer, given "many"' },
    { args: ['--count'], message: '--count: expected an integer, given nothing' },
    { args: ['--count='], message: '--count: expected an integer, given ""' },
    { args: ['--count', '1', '-c', '2'], message: '--count: given more than once' },
    { args: ['--all=yes'], message: '--all: stands alone, given "yes"' },
    { args: ['--secret', 'four'], message: '--secret: expected three letters, given something else' },
    { args: ['-o', 'xml'], message: '-o: expected one of table, json, yaml, name, given "xml"' },
    { args: ['--constructor', 'x'], message: '--constructor: thing list has no such flag' },
  ]) {
    test(args.join(' '), () => assert.throws(() => readArguments(command, args), new UsageError(message)))
  }
})

test('the help of a command shows every flag', () => {
  assert.equal(
    helpOf(command),
    `usage: ./sightline thing list [WORD] [FLAG...]

Lists things.

  -c, --count COUNT    how many (an integer)
      --label LABEL    a label (KEY=VALUE; may come several times)
      --secret SECRET  hidden (three letters)
      --all            every thing
  -o, --output OUTPUT  how to print it; table when absent (one of table, json, yaml, name)
  -h, --help           prints this
`,
  )
})

test('a variable of ours that is no setting is refused; others are left alone', () => {
  refuseUnknownVariables({ SIGHTLINE_DATA_DIR: 'x', PATH: '/bin', XSIGHTLINE_FOO: '1' })
  assert.throws(
    () => refuseUnknownVariables({ SIGHTLINE_DATADIR: 'x' }),
    new UsageError('SIGHTLINE_DATADIR: expected the twin of a flag, given an unknown variable'),
  )
})
