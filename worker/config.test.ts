import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { ConfigError, readConfig } from './config.ts'

const server = '--server=http://10.0.0.1:8080'

test('settings come from flags, then from the environment, then from defaults', () => {
  const env = {
    SIGHTLINE_JOIN: 'from-env',
    SIGHTLINE_LABEL: 'site=a,floor=1',
    SIGHTLINE_DATA_DIR: '/env',
    SIGHTLINE_PORT: '1',
    HOME: '/root',
  }
  const args = [
    '--server',
    'https://s.example',
    '--data-dir=/flag',
    '--label',
    'floor=2',
    '--label=gpu=',
    '--offline',
    'continue',
  ]
  assert.deepEqual(readConfig(args, env), {
    server: new URL('https://s.example'),
    joinToken: 'from-env',
    dataDir: '/flag',
    logLevel: 'info',
    labels: { site: 'a', floor: '2', gpu: '' },
    offline: 'continue',
  })
  assert.deepEqual(readConfig([server], {}), {
    server: new URL('http://10.0.0.1:8080'),
    dataDir: resolve('./data'),
    logLevel: 'info',
    labels: {},
    offline: 'stop',
  })
})

for (const { name, args = [server], env = {}, says } of [
  {
    name: 'the server is missing',
    args: [],
    says: '--server: expected an address http://… or https://…, given nothing',
  },
  {
    name: 'a variable is unknown',
    env: { SIGHTLINE_SPEED: '1' },
    says: 'SIGHTLINE_SPEED: expected the twin of a flag, given an unknown variable',
  },
  {
    name: 'a flag is unknown',
    args: [server, '--speed=1'],
    says: '--speed: expected a flag of worker, given an unknown one',
  },
  { name: 'a flag has no value', args: [server, '--join'], says: '--join: expected a join token, given nothing' },
  {
    name: 'a secret is malformed',
    args: [server, '--join= '],
    says: '--join: expected a join token, given something else',
  },
  {
    name: 'a label is none',
    args: [server, '--label=a'],
    says: '--label: expected k=v, or a comma list of them, given "a"',
  },
  {
    name: 'an argument is no flag',
    args: [server, 'fast'],
    says: 'fast: expected a flag of worker, given something else',
  },
  {
    name: 'a level is none',
    env: { SIGHTLINE_LOG_LEVEL: 'loud' },
    says: 'SIGHTLINE_LOG_LEVEL: expected one of fatal, error, warn, info, debug, trace, silent, given "loud"',
  },
] as { name: string; args?: string[]; env?: Record<string, string>; says: string }[]) {
  test(`the start stops with one line when ${name}`, () => {
    assert.throws(() => readConfig(args, env), new ConfigError(says))
  })
}
