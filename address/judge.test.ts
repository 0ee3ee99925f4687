import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AddressPolicy } from '@sightline/contract/fleet.ts'
import { isPolicyEntry, judgeAddress, judgeIp, type Refusal } from './judge.ts'

const aPolicy = (over: Partial<AddressPolicy> = {}): AddressPolicy => ({
  preset: 'lan',
  allow: [],
  deny: [],
  own: [],
  ...over,
})
const said = (verdict: { verdict: string; reason?: string }) => verdict.reason ?? verdict.verdict

// Host, then what `lan` says, then what `public-only` says.
type Judged = 'allowed' | 'lookup' | Refusal
const both = (judged: Judged): [Judged, Judged] => [judged, judged]
const lanOnly: [Judged, Judged] = ['allowed', 'private']
const literals: readonly [string, ...[Judged, Judged]][] = [
  ['8.8.8.8', ...both('allowed')],
  ['2606:4700::1111', ...both('allowed')],
  ['[2606:4700::1111]', ...both('allowed')],
  ['camera.example.com', ...both('lookup')],
  ['Camera.Example.com.', ...both('lookup')],
  ['camera_7', ...both('lookup')],
  ['bücher.example', ...both('lookup')],
  ['10.0.0.1', ...lanOnly],
  ['172.16.0.1', ...lanOnly],
  ['172.31.255.255', ...lanOnly],
  ['172.32.0.0', ...both('allowed')],
  ['192.168.1.64', ...lanOnly],
  ['100.64.0.1', ...lanOnly],
  ['100.128.0.1', ...both('allowed')],
  ['fc00::1', ...lanOnly],
  ['fdff::1', ...lanOnly],
  ['127.0.0.1', ...both('loopback')],
  ['127.255.0.1', ...both('loopback')],
  ['::1', ...both('loopback')],
  ['localhost', ...both('loopback')],
  ['LOCALHOST.', ...both('loopback')],
  ['db.localhost', ...both('loopback')],
  ['notlocalhost', ...both('lookup')],
  ['0.0.0.0', ...both('unspecified')],
  ['0.1.2.3', ...both('unspecified')],
  ['::', ...both('unspecified')],
  ['169.254.1.1', ...both('link_local')],
  ['fe80::1', ...both('link_local')],
  ['febf::1', ...both('link_local')],
  ['224.0.0.1', ...both('multicast')],
  ['239.255.255.250', ...both('multicast')],
  ['ff02::1', ...both('multicast')],
  ['169.254.169.254', ...both('metadata')],
  ['100.100.100.200', ...both('metadata')],
  ['fd00:ec2::254', ...both('metadata')],
  ['192.0.0.192', ...both('metadata')],
  ['168.63.129.16', ...both('metadata')],
  ['192.0.0.1', ...both('reserved')],
  ['192.0.0.9', ...both('allowed')],
  ['192.0.2.1', ...both('reserved')],
  ['198.18.0.1', ...both('reserved')],
  ['198.19.255.255', ...both('reserved')],
  ['198.20.0.0', ...both('allowed')],
  ['198.51.100.1', ...both('reserved')],
  ['203.0.113.1', ...both('reserved')],
  ['240.0.0.1', ...both('reserved')],
  ['255.255.255.255', ...both('reserved')],
  ['100::1', ...both('reserved')],
  ['64:ff9b:1::808:808', ...both('reserved')],
  ['2001:2::1', ...both('reserved')],
  ['2001:10::1', ...both('reserved')],
  ['2001:20::1', ...both('allowed')],
  ['2001:db8::1', ...both('reserved')],
  ['3fff::1', ...both('reserved')],
  ['5f00::1', ...both('reserved')],
  ['fec0::1', ...both('reserved')],
  ['4000::1', ...both('reserved')],
  // Odd forms of 127.0.0.1 and of others.
  ['127.1', ...both('loopback')],
  ['0x7f.1', ...both('loopback')],
  ['0x7f000001', ...both('loopback')],
  ['2130706433', ...both('loopback')],
  ['0177.0.0.1', ...both('loopback')],
  ['017700000001', ...both('loopback')],
  ['127.0.0.1.', ...both('loopback')],
  ['\uFF11\uFF12\uFF17.0.0.1', ...both('loopback')],
  ['127\u30020\u30020\u30021', ...both('loopback')],
  ['\u24DBocalhost', ...both('loopback')],
  ['0', ...both('unspecified')],
  ['0x', ...both('unspecified')],
  ['10.1', ...lanOnly],
  ['134744072', ...both('allowed')],
  // The address inside counts.
  ['::ffff:127.0.0.1', ...both('loopback')],
  ['::FFFF:7F00:1', ...both('loopback')],
  ['::ffff:10.0.0.1', ...lanOnly],
  ['::ffff:8.8.8.8', ...both('allowed')],
  ['::ffff:169.254.169.254', ...both('metadata')],
  ['::127.0.0.1', ...both('loopback')],
  ['::10.0.0.1', ...lanOnly],
  ['::ffff:0:127.0.0.1', ...both('loopback')],
  ['::ffff:0:192.168.0.1', ...lanOnly],
  ['64:ff9b::127.0.0.1', ...both('loopback')],
  ['64:ff9b::a9fe:a9fe', ...both('metadata')],
  ['64:ff9b::8.8.8.8', ...both('allowed')],
  ['2002:7f00:1::', ...both('loopback')],
  ['2002:c0a8:101::1', ...lanOnly],
  ['2002:808:808::1', ...both('allowed')],
  ['2001:0:4136:e378:8000:63bf:80ff:fffe', ...both('loopback')],
  ['2001:0:4136:e378:8000:63bf:f7f7:f7f7', ...both('allowed')],
  ['2001::f5ff:fffe', ...lanOnly],
  // No address and no name.
  ['', ...both('malformed')],
  ['.', ...both('malformed')],
  ['a..b', ...both('malformed')],
  ['127.0.0.1.5', ...both('malformed')],
  ['256.0.0.1', ...both('malformed')],
  ['1.2.3.09', ...both('malformed')],
  ['4294967296', ...both('malformed')],
  ['a.0x7f', ...both('malformed')],
  ['%31%32%37.0.0.1', ...both('malformed')],
  ['fe80::1%eth0', ...both('malformed')],
  ['1::2::3', ...both('malformed')],
  ['1:2:3:4:5:6:7', ...both('malformed')],
  ['1:2:3:4:5:6:7:8:9', ...both('malformed')],
  ['::1.2.3', ...both('malformed')],
  ['a b', ...both('malformed')],
  [`${'a'.repeat(64)}.com`, ...both('malformed')],
]

for (const [host, lan, publicOnly] of literals) {
  test(`'${host}' is ${lan} on a LAN and ${publicOnly} in public`, () => {
    const verdicts = (['lan', 'public-only'] as const).map((preset) =>
      said(judgeAddress(host, 80, aPolicy({ preset }))),
    )
    assert.deepEqual(verdicts, [lan, publicOnly])
  })
}

const api = '127.0.0.1:8080'
for (const { name, host, port = 80, policy, expected } of [
  {
    name: 'an allowed range opens loopback',
    host: '127.0.0.1',
    policy: { allow: ['127.0.0.1/32'] },
    expected: 'allowed',
  },
  {
    name: 'an allowed range opens localhost',
    host: 'localhost',
    policy: { allow: ['127.0.0.1/32'] },
    expected: 'allowed',
  },
  {
    name: 'an allowed IPv6 loopback opens localhost',
    host: 'localhost',
    policy: { allow: ['::1'] },
    expected: 'allowed',
  },
  {
    name: 'an allowed range opens the mapped form',
    host: '::ffff:7f00:1',
    policy: { allow: ['127.0.0.0/8'] },
    expected: 'allowed',
  },
  {
    name: 'an allowed IPv6 range says nothing about an address inside',
    host: '2002:7f00:1::',
    policy: { allow: ['2002::/16'] },
    expected: 'loopback',
  },
  {
    name: 'an allowed pair opens its port',
    host: '127.0.0.1',
    port: 99,
    policy: { allow: ['127.0.0.1:99'] },
    expected: 'allowed',
  },
  {
    name: 'an allowed pair opens no other port',
    host: '127.0.0.1',
    policy: { allow: ['127.0.0.1:99'] },
    expected: 'loopback',
  },
  {
    name: 'an allowed pair counts for the odd form',
    host: '0x7f.1',
    port: 99,
    policy: { allow: ['127.0.0.1:99'] },
    expected: 'allowed',
  },
  {
    name: 'an IPv6 pair is written with brackets',
    host: '[::1]',
    port: 99,
    policy: { allow: ['[::1]:99'] },
    expected: 'allowed',
  },
  {
    name: 'a denied range refuses a public address',
    host: '8.8.8.8',
    policy: { deny: ['8.0.0.0/8'] },
    expected: 'denied',
  },
  {
    name: 'a denied range refuses the mapped form',
    host: '::ffff:8.8.8.8',
    policy: { deny: ['8.0.0.0/8'] },
    expected: 'denied',
  },
  {
    name: 'a denied range refuses the outer form',
    host: '64:ff9b::8.8.8.8',
    policy: { deny: ['64:ff9b::/96'] },
    expected: 'denied',
  },
  {
    name: 'a denied name is refused before it is resolved',
    host: 'Evil.example.',
    policy: { deny: ['evil.example'] },
    expected: 'denied',
  },
  {
    name: 'a denied pair leaves other ports',
    host: 'evil.example',
    policy: { deny: ['evil.example:81'] },
    expected: 'lookup',
  },
  {
    name: 'deny wins over allow',
    host: '10.0.0.1',
    policy: { allow: ['10.0.0.0/8'], deny: ['10.0.0.1'] },
    expected: 'denied',
  },
  {
    name: 'an own port stays shut though its range is allowed',
    host: '127.0.0.1',
    port: 8080,
    policy: { allow: ['127.0.0.1/32'], own: [api] },
    expected: 'own',
  },
  {
    name: 'an own port stays shut under another loopback form',
    host: '127.9.9.9',
    port: 8080,
    policy: { allow: ['127.0.0.0/8'], own: [api] },
    expected: 'own',
  },
  {
    name: 'an own port stays shut under localhost',
    host: 'localhost',
    port: 8080,
    policy: { allow: ['127.0.0.0/8', '::1'], own: [api] },
    expected: 'own',
  },
  {
    name: 'an own port on every address is reached by loopback',
    host: '127.0.0.1',
    port: 8080,
    policy: { allow: ['127.0.0.0/8'], own: ['0.0.0.0:8080'] },
    expected: 'own',
  },
  {
    name: 'an own port opens by its very pair',
    host: '127.0.0.1',
    port: 8080,
    policy: { allow: [api], own: [api] },
    expected: 'allowed',
  },
  {
    name: 'another port of the same host is no own port',
    host: '127.0.0.1',
    policy: { allow: ['127.0.0.0/8'], own: [api] },
    expected: 'allowed',
  },
  {
    name: 'an own public address is refused',
    host: '8.8.8.8',
    port: 5432,
    policy: { own: ['8.8.8.8:5432'] },
    expected: 'own',
  },
  {
    name: 'an own name is refused by name',
    host: 'db.internal',
    port: 5432,
    policy: { own: ['db.internal:5432'] },
    expected: 'own',
  },
  {
    name: 'a metadata address inside an allowed range stays shut',
    host: '100.100.100.200',
    policy: { allow: ['100.64.0.0/10'] },
    expected: 'metadata',
  },
  {
    name: 'a metadata address opens when it is named',
    host: '169.254.169.254',
    policy: { allow: ['169.254.169.254'] },
    expected: 'allowed',
  },
  { name: 'port 0 is none', host: '8.8.8.8', port: 0, policy: {}, expected: 'malformed' },
] as const) {
  test(name, () => assert.equal(said(judgeAddress(host, port, aPolicy(policyOf(policy)))), expected))
}

function policyOf(over: { [name in 'allow' | 'deny' | 'own']?: readonly string[] }): Partial<AddressPolicy> {
  return Object.fromEntries(Object.entries(over).map(([name, entries]) => [name, [...entries]]))
}

for (const { name, ip, host, policy, expected } of [
  {
    name: 'a name that resolves to loopback is refused',
    ip: '127.0.0.1',
    host: 'rebind.example',
    policy: {},
    expected: 'loopback',
  },
  {
    name: 'a name that resolves to a mapped loopback is refused',
    ip: '::ffff:127.0.0.1',
    host: 'rebind.example',
    policy: {},
    expected: 'loopback',
  },
  {
    name: 'a name that resolves to a camera is allowed',
    ip: '192.168.1.64',
    host: 'camera.lan',
    policy: {},
    expected: 'allowed',
  },
  {
    name: 'an allowed name is allowed wherever it leads',
    ip: '127.0.0.1',
    host: 'receiver.lan',
    policy: { allow: ['receiver.lan'] },
    expected: 'allowed',
  },
  {
    name: 'an allowed name does not lead to an own port',
    ip: '127.0.0.1',
    host: 'receiver.lan',
    policy: { allow: ['receiver.lan'], own: ['127.0.0.1:80'] },
    expected: 'own',
  },
  { name: 'an address with a zone is refused', ip: 'fe80::1%eth0', host: 'x.lan', policy: {}, expected: 'malformed' },
] as const) {
  test(name, () => assert.equal(said(judgeIp(ip, 80, host, aPolicy(policyOf(policy)))), expected))
}

test('an entry of a policy is a range, a host or a pair', () => {
  const entries = ['10.0.0.0/8', 'fd00::/8', '10.0.0.1', '::1', 'a.example', 'a.example:80', '[::1]:80', 'localhost:80']
  const faults = ['10.0.0.0/33', '10.0.0.300', 'a b', 'a:0', 'a:70000', '', '10.0.0.0/8/9', 'http://a.example']
  assert.deepEqual(
    entries.filter((entry) => !isPolicyEntry(entry)),
    [],
  )
  assert.deepEqual(faults.filter(isPolicyEntry), [])
})
