import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { ConfigError, readConfig } from './config.ts'

const byDefault = {
  host: '127.0.0.1',
  port: 8080,
  dataDir: resolve('data'),
  hasLocalWorker: true,
  isMaintenance: false,
  isStrict: false,
  addresses: { preset: 'lan', allow: [], deny: [] },
  hasRateLimit: true,
  isGatewayStyle: false,
  logLevel: 'info',
}

for (const { name, args, env, expected } of [
  { name: 'nothing given takes the defaults', args: [], env: { PATH: '/bin' }, expected: {} },
  {
    name: 'every flag has a twin',
    args: [],
    env: { SIGHTLINE_PORT: '0', SIGHTLINE_NO_WORKER: 'true', SIGHTLINE_RATE_LIMIT: 'off' },
    expected: { port: 0, hasLocalWorker: false, hasRateLimit: false },
  },
  {
    name: 'a flag wins over its twin',
    args: ['--port', '81', '--host=0.0.0.0'],
    env: { SIGHTLINE_PORT: '80' },
    expected: { port: 81, host: '0.0.0.0' },
  },
  {
    name: 'a flag that stands alone does not take the next word',
    args: ['--no-worker', '--strict', '--data-dir', '/x'],
    env: {},
    expected: { hasLocalWorker: false, isStrict: true, dataDir: '/x' },
  },
  {
    name: 'an address list is split',
    args: ['--address-allow', '127.0.0.1/32, cam.example:554', '--address-policy=public-only'],
    env: {},
    expected: { addresses: { preset: 'public-only', allow: ['127.0.0.1/32', 'cam.example:554'], deny: [] } },
  },
  {
    name: "a worker's variables are left alone",
    args: [],
    env: { SIGHTLINE_JOIN: 'x', SIGHTLINE_SERVER: 'http://x' },
    expected: {},
  },
]) {
  test(name, () => assert.deepEqual(readConfig(args, env), { ...byDefault, ...expected }))
}

for (const { name, args, env, message } of [
  {
    name: 'an unknown variable',
    args: [],
    env: { SIGHTLINE_PROT: '1' },
    message: 'SIGHTLINE_PROT: expected the twin of a flag, given an unknown variable',
  },
  {
    name: 'an unknown flag',
    args: ['--prot', '1'],
    env: {},
    message: '--prot: expected a flag of serve, given an unknown one',
  },
  { name: 'a word', args: ['now'], env: {}, message: 'now: expected a flag of serve, given something else' },
  {
    name: 'a port out of range',
    args: ['--port', '65536'],
    env: {},
    message: '--port: expected an integer from 0 to 65535, given "65536"',
  },
  {
    name: 'a malformed twin',
    args: [],
    env: { SIGHTLINE_PORT: 'x' },
    message: 'SIGHTLINE_PORT: expected an integer from 0 to 65535, given "x"',
  },
  {
    name: 'a flag without its value',
    args: ['--port'],
    env: {},
    message: '--port: expected an integer from 0 to 65535, given nothing',
  },
  {
    name: 'a malformed address list',
    args: ['--address-deny', '10.0.0.0/33'],
    env: {},
    message: '--address-deny: expected a comma list of CIDRs, hosts and host:port pairs, given "10.0.0.0/33"',
  },
  {
    name: 'a secret is not shown',
    args: ['--database-url', 'mysql://u:hush@h/d'],
    env: {},
    message: '--database-url: expected an address postgresql://…, given something else',
  },
]) {
  test(`${name} stops the start with one line`, () =>
    assert.throws(() => readConfig(args, env), new ConfigError(message)))
}
