import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Own, ownAddresses } from './own-addresses.ts'

const known: Record<string, { address: string; family: number }[]> = {
  'platform.lan': [{ address: '192.168.1.5', family: 4 }],
  'db.lan': [
    { address: '192.168.1.9', family: 4 },
    { address: 'fd00::9', family: 6 },
  ],
}
const anOwn = (over: Partial<Own>): Own => ({
  ...{ host: '127.0.0.1', port: 8080, databaseUrl: 'postgresql:///postgres?host=%2Frun%2Fdb&user=a' },
  localAddresses: ['127.0.0.1', '192.168.1.5', 'fd00::5'],
  async lookup(host) {
    if (/^[\d.]+$/.test(host)) return [{ address: host, family: 4 }]
    return known[host] ?? Promise.reject(new Error(`${host} is unknown`))
  },
  ...over,
})

const cases: { name: string; own: Partial<Own>; expected: string[] }[] = [
  { name: 'an address is itself, and a database behind a socket has none', own: {}, expected: ['127.0.0.1:8080'] },
  {
    name: 'a platform that listens everywhere is reached at every address of the machine',
    own: { host: '::' },
    expected: ['[::]:8080', '127.0.0.1:8080', '192.168.1.5:8080', '[fd00::5]:8080'],
  },
  {
    name: 'a platform that listens at a name is reached at its address',
    own: { host: 'platform.lan' },
    expected: ['platform.lan:8080', '192.168.1.5:8080'],
  },
  {
    name: 'a database is reached at its name and at its addresses',
    own: { databaseUrl: 'postgresql://a:b@db.lan/sightline' },
    expected: ['127.0.0.1:8080', 'db.lan:5432', '192.168.1.9:5432', '[fd00::9]:5432'],
  },
  {
    name: 'a database may be named by a parameter',
    own: { databaseUrl: 'postgresql:///sightline?host=10.0.0.7&port=6432' },
    expected: ['127.0.0.1:8080', '10.0.0.7:6432'],
  },
  {
    name: 'a name that nobody knows stays a name',
    own: { databaseUrl: 'postgresql://gone.lan:1/sightline' },
    expected: ['127.0.0.1:8080', 'gone.lan:1'],
  },
]
for (const { name, own, expected } of cases) {
  test(name, async () => assert.deepEqual(await ownAddresses(anOwn(own)), expected))
}
