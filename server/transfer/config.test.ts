import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { ConfigError } from '../config.ts'
import { readTransferConfig } from './config.ts'

test('words and twins are read, and words win', () => {
  const words = ['export', 'all.jsonl', '--data-dir', 'there', '--with-secrets']
  const env = { SIGHTLINE_DATA_DIR: 'elsewhere', SIGHTLINE_EXPORT_PASSPHRASE: 'hush', SIGHTLINE_PORT: '1', HOME: '/' }
  assert.deepEqual(readTransferConfig(words, env), {
    command: 'export',
    operand: 'all.jsonl',
    dataDir: resolve('there'),
    hasSecrets: true,
    passphrase: 'hush',
  })
})

test('a database is named instead, and standard input is a file', () => {
  assert.deepEqual(readTransferConfig(['import', '--database-url=postgres://h/d', '-'], {}), {
    command: 'import',
    operand: '-',
    dataDir: resolve('data'),
    databaseUrl: 'postgres://h/d',
    hasSecrets: false,
  })
})

for (const { name, words, env = {}, message } of [
  {
    name: 'no file',
    words: ['export'],
    message: 'usage: ./sightline export FILE [--data-dir DIR | --database-url URL] [--with-secrets]',
  },
  {
    name: 'two files',
    words: ['import', 'a', 'b'],
    message: 'usage: ./sightline import FILE [--data-dir DIR | --database-url URL]',
  },
  {
    name: 'another verb',
    words: ['secrets', 'show'],
    message: 'usage: ./sightline secrets rotate [--data-dir DIR | --database-url URL]',
  },
  {
    name: 'a flag of another command',
    words: ['import', 'a', '--with-secrets'],
    message: '--with-secrets: expected a flag of import, given an unknown one',
  },
  {
    name: 'a flag without its value',
    words: ['export', 'a', '--data-dir'],
    message: '--data-dir: expected a path, given ""',
  },
  {
    name: 'an unknown variable',
    words: ['export', 'a'],
    env: { SIGHTLINE_FILE: 'a' },
    message: 'SIGHTLINE_FILE: expected the twin of a flag, given an unknown variable',
  },
  {
    name: 'a malformed secret, which is not shown',
    words: ['export', 'a'],
    env: { SIGHTLINE_SECRET_KEY: 'hush' },
    message: 'SIGHTLINE_SECRET_KEY: expected 32 bytes as 64 hexadecimal digits, given something else',
  },
]) {
  test(`${name} is refused with one line`, () => {
    assert.throws(() => readTransferConfig(words, env), new ConfigError(message))
  })
}
