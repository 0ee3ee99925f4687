// Bodies that are almost right: a good one with a node, a key or a byte changed.
import type { Random } from './fuzz-random.ts'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

const camera = { url: 'rtsp://user:secret@192.168.1.20:554/live?token=abc', index: 1 }
const webhook = {
  url: 'https://192.168.1.9/hook',
  headers: { 'Content-Type': 'application/json', 'X-Auth-Token': 's' },
}
const day = { begin_at: '08:00:00', end_at: '20:00:00' }
const base = { name: 'fuzz', input: { type: 'url', data: [camera] }, output: { webhook } }
const restful = {
  ...{ url: 'https://192.168.1.7:8443', headers: { Accept: 'text/plain' }, certificate_check: false },
  rtsp_path_in_response: '/input/url',
}
const vcn = { ip: '10.0.0.1', port: 18531, username: 'u', password: 'p' }

/** Good bodies of every operation that takes one, by the last part of its path. */
export const goodBodies = {
  tasks: [
    { ...base, description: 'd', labels: { floor: '2' }, config: { common: { line_count_interval: 2 } } },
    { ...base, schedule: { type: 'DAILY', timezone: '+08:00', execution_mode: 'period', periods: [day] } },
    { ...base, input: { type: 'restful', data: [restful] }, source_usage_estimate: { cpu: 0.1, memory: 32 } },
    {
      ...base,
      input: { type: 'vcn', data: [{ device_id: '1#2', stream_type: 1 }], vcn },
      schedule: {
        type: 'weekly',
        timezone: 'Europe/Berlin',
        days_of_week: [1, 7],
        frequency: { interval: 60, duration: 5 },
      },
    },
    { ...base, input: { type: 'edgecamera', data: [{ id: 'c1', camera_type: 'ipc', tag: [{ a: 'b' }] }] } },
    {
      ...base,
      input: { type: 'obs', data: [{ bucket: 'videos', path: 'a.mp4' }] },
      output: { obs: { bucket: 'res', path: 'p' } },
    },
    { ...base, config: { target_roi: '{"polygons":[{"data":[[0,0],[9,0],[9,9]],"name":"a"}],"lines":[]}' } },
  ],
  batch: [{ action: 'stop', filter: { state: 'RUNNING', label: ['a=b'], created_since: 0 }, dry_run: true }],
  services: [
    {
      ...{ service_name: 'gate', infer_type: 'edge', config: [{ model_id: 'c-flowcount' }] },
      additional_properties: { video: { algorithm: 'c-flowcount', version: '1.0', task_profile: 'edge' } },
    },
  ],
  tokens: [
    {
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: 'nobody', password: 'x', domain: { name: 'sightline' } } },
        },
        scope: { project: { name: 'default' } },
      },
    },
    { auth: { identity: { methods: ['hw_ak_sk'], hw_ak_sk: { access: { key: 'a' }, secret: { key: 'b' } } } } },
  ],
  users: [{ name: 'guest', password: 'a long password 1', roles: ['viewer'], labels: { floor: '2' } }],
  roles: [
    {
      name: 'r1',
      policy: { Version: '1.1', Statement: [{ Effect: 'Allow', Action: ['modelarts:*:*'], Resource: ['*'] }] },
    },
  ],
  keys: [{ description: 'k' }],
} as const

export type BodyKind = keyof typeof goodBodies

const long = 'x'.repeat(70_000)
const raw = (text: string) => `\u0001${text}\u0001`
const oddNames = [
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'length',
  '',
  '\ud800',
  'a\u0000b',
  long,
] as const
const oddValues: readonly Json[] = [
  ...[
    null,
    true,
    0,
    -1,
    1.5,
    2 ** 53,
    -(2 ** 63),
    Number.MAX_VALUE,
    '',
    ' ',
    '\u0000',
    '\ud800',
    '\u202e',
    '😀'.repeat(50),
  ],
  ...[[], {}, [[]], [null], [{}], ['a', 1], { '': '' }, { toString: 'a' }, { length: 1 }, JSON.parse('{"then":"a"}')],
  ...[long, '****', '%s%n', "' or 1=1 --", '{{7*7}}', '$\u007bx}', '../../etc/passwd', '\r\nX: y'],
  ...[
    'http://[::1]:5432/',
    'rtsp://0x7f000001/',
    'http://user:pa:ss@@h/',
    'rtsp://a/%',
    'rtsp://[/',
    'file:///etc/passwd',
    '//x',
  ],
  ...['javascript:0', 'http://\u0000/', 'https://例え.jp/', 'rtsp://1.1/', 'rtsp://999999999999/', 'http://a:99999/'],
  ...[
    '+99:99',
    'Europe/Nowhere',
    '[u-ca=x]',
    'Etc/GMT+25',
    '24:00:00',
    '2027-02-30T00:00:00',
    '9999-12-31T24:00:00',
    '0000-01-01T00:00',
  ],
  ...['{"polygons":[{"data":[[1e999,0],[1,1],[2,2]]}]}', '{"polygons":', '[]', 'null', '{"polygons":{"length":3}}'],
  ...[raw('1e400'), raw('-1e400'), raw('1e-400'), raw('-0'), raw('1'.repeat(400)), raw('0.1e1'), raw('{"a":1,"a":2}')],
  ...[
    raw('{"__proto__":{"isStrict":true}}'),
    raw('"\\ud83d"'),
    raw('"\\u0000"'),
    raw(`${'['.repeat(40)}${']'.repeat(40)}`),
  ],
  ...[
    raw(`${'['.repeat(3000)}${']'.repeat(3000)}`),
    raw(`${'{"a":'.repeat(80)}1${'}'.repeat(80)}`),
    raw('NaN'),
    raw('undefined'),
  ],
]

/** The bytes of a body: as it should be, with faults inside its JSON, or with faults in its bytes. */
export function fuzzBody(random: Random, kind: BodyKind): Buffer {
  let body: Json = structuredClone(random.pick(goodBodies[kind] as unknown as readonly Json[]))
  const faults = random.chance(0.15) ? 0 : 1 + random.below(3)
  for (let fault = 0; fault < faults; fault++) body = withFault(random, body)
  const text = JSON.stringify(body).replace(/"\\u0001(.*?)\\u0001"/g, (_, inner: string) =>
    String(JSON.parse(`"${inner}"`)),
  )
  const bytes = Buffer.from(text)
  return random.chance(0.25) ? fuzzBytes(random, bytes) : bytes
}

/** Walks down at random; where it stops, a value is replaced, left out, doubled, or a key is put beside. */
function withFault(random: Random, value: Json): Json {
  if (Array.isArray(value) && value.length > 0 && random.chance(0.85)) {
    const at = random.below(value.length)
    if (random.chance(0.1)) return Array<Json>(random.pick([2, 11, 101, 3000])).fill(value[at] ?? null)
    return value.map((item, index) => (index === at ? withFault(random, item) : item))
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && random.chance(0.9))
    return withMember(random, value)
  return random.pick(oddValues)
}

function withMember(random: Random, value: { [name: string]: Json }): Json {
  const entries = Object.entries(value)
  const at = random.below(entries.length + 1)
  const found = entries[at]
  if (!found || random.chance(0.08)) {
    const name = random.pick(oddNames)
    return Object.fromEntries([
      ...entries,
      [name, random.chance(0.5) ? random.pick(oddValues) : structuredClone(value)],
    ])
  }
  if (random.chance(0.1)) return Object.fromEntries(entries.filter((entry) => entry !== found))
  return Object.fromEntries(
    entries.map(([name, member]) => [name, name === found[0] ? withFault(random, member) : member]),
  )
}

const oddBytes = [
  [0xff],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf5, 0x80, 0x80, 0x80],
  [0xef, 0xbb, 0xbf],
  [0],
  [0x22],
  [0x5c],
  [0x7b],
  [0x0a],
] as const

function fuzzBytes(random: Random, bytes: Buffer): Buffer {
  const at = random.below(bytes.length + 1)
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
  switch (random.below(7)) {
    case 0:
      return before
    case 1:
      return Buffer.concat([before, Buffer.from(random.pick<readonly number[]>(oddBytes)), after])
    case 2:
      return Buffer.concat([before, after.subarray(1)])
    case 3:
      return Buffer.concat([bytes, bytes])
    case 4:
      return Buffer.concat([Buffer.alloc(random.pick([1, 5000, 1_100_000]), ' '), bytes])
    case 5:
      return Buffer.from(Array.from({ length: random.below(200) }, () => random.below(256)))
    default:
      return Buffer.concat([Buffer.from(random.pick<readonly number[]>(oddBytes)), bytes])
  }
}
