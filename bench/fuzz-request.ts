// One request of the fuzzer, from the seed and its number: which operation, and what is wrong with it.
import { type BodyKind, fuzzBody } from './fuzz-body.ts'
import { createRandom, type Random } from './fuzz-random.ts'

/** What a request needs to get past the gate. */
export type Target = {
  projectId: string
  serviceId: string
  taskIds: readonly [string, ...string[]]
  token: string
  host: string
}

/** `isFramed`: one whole request whose length the server can know, so that the connection may be used again. */
export type FuzzRequest = { bytes: Buffer; isFramed: boolean; method: string }

type Operation = { method: string; path: string; body?: BodyKind }

const tasks = '/v1/{p}/services/{s}/tasks'
const operations: readonly Operation[] = [
  ...Array<Operation>(6).fill({ method: 'POST', path: tasks, body: 'tasks' }),
  ...Array<Operation>(5).fill({ method: 'GET', path: tasks }),
  ...Array<Operation>(3).fill({ method: 'PUT', path: `${tasks}/{t}`, body: 'tasks' }),
  { method: 'GET', path: `${tasks}/{t}` },
  { method: 'GET', path: `${tasks}/{t}/history` },
  { method: 'POST', path: `${tasks}/{t}/start` },
  { method: 'POST', path: `${tasks}/{t}/stop` },
  { method: 'DELETE', path: `${tasks}/{t}` },
  { method: 'POST', path: `${tasks}/batch`, body: 'batch' },
  { method: 'GET', path: '/v1/{p}/services' },
  { method: 'POST', path: '/v1/{p}/services', body: 'services' },
  { method: 'PUT', path: '/v1/{p}/services/no-such', body: 'services' },
  { method: 'GET', path: '/v1/{p}/services/{s}' },
  { method: 'POST', path: '/v3/auth/tokens', body: 'tokens' },
  { method: 'GET', path: '/v3/auth/tokens' },
  { method: 'GET', path: '/v3/projects' },
  { method: 'GET', path: '/v1/{p}/users' },
  { method: 'POST', path: '/v1/{p}/users', body: 'users' },
  { method: 'PUT', path: '/v1/{p}/users/{t}', body: 'users' },
  { method: 'POST', path: '/v1/{p}/roles', body: 'roles' },
  { method: 'PUT', path: '/v1/{p}/roles/r1', body: 'roles' },
  { method: 'GET', path: '/v1/{p}/keys' },
  { method: 'GET', path: '/v1/{p}/audit' },
  { method: 'POST', path: '/v1/fleet/register', body: 'keys' },
  { method: 'POST', path: '/v1/fleet/reports', body: 'tasks' },
  { method: 'GET', path: '/healthz' },
  { method: 'GET', path: '/openapi.json' },
]

/** The request with a number; the same for the same seed and target. */
export function fuzzRequest(seed: number, number: number, target: Target): FuzzRequest {
  const random = createRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b))
  const operation = random.pick(operations)
  const chosen = random.chance(0.04) ? random.pick(oddMethods) : operation.method
  const path = fuzzPath(random, operation.path, target) + fuzzQuery(random, operation.method === 'GET' ? 0.8 : 0.15)
  // The service and its tasks are needed until the end; one task may go.
  const isSpared = chosen === 'DELETE' && !path.includes(target.taskIds.at(-1) ?? '')
  const method = isSpared ? 'GET' : chosen
  const body = operation.body
    ? fuzzBody(random, operation.body)
    : random.chance(0.05)
      ? Buffer.from('{}')
      : Buffer.alloc(0)
  const headers = fuzzHeaders(random, target)
  if (random.chance(0.06))
    return misframed(random, { line: `${method} ${path} ${random.pick(oddVersions)}`, headers, body })
  const head = `${method} ${path} HTTP/1.1\r\n${headers.join('')}content-length: ${body.length}\r\n\r\n`
  const isFramed = !isOddHead(method, path, head)
  return { bytes: Buffer.concat([Buffer.from(head, 'latin1'), body]), isFramed, method }
}

const oddMethods = [
  'PATCH',
  'OPTIONS',
  'HEAD',
  'DELETE',
  'PUT',
  'TRACE',
  'CONNECT',
  'PROPFIND',
  'get',
  'G\u0000T',
  '',
  'QUERY',
] as const

/** Requests after which the server may close the connection, or may read the head differently. */
function isOddHead(method: string, path: string, head: string): boolean {
  return (
    !/^(GET|POST|PUT|DELETE|PATCH|OPTIONS)$/.test(method) ||
    !/^[\x21-\x7e]+$/.test(path) ||
    /[^\x20-\x7e\r\n]/.test(head) ||
    head.length > 15_000 ||
    /^(upgrade|expect|connection|transfer-encoding):/im.test(head)
  )
}

const oddParts = [
  ...[
    '%00',
    '%ff',
    '%',
    '%2f',
    '%2e%2e',
    '..',
    '.',
    '//',
    ';a=b',
    '*',
    '__proto__',
    'constructor',
    '%C0%80',
    '\u00e9',
    "'",
    '%27',
  ],
  ...[
    'A'.repeat(300),
    'a'.repeat(9000),
    'f'.repeat(32),
    'F'.repeat(32),
    '0'.repeat(33),
    '{t}',
    ':t',
    '%0d%0a',
    ' ',
    '\\',
    '?',
    '#',
  ],
]

function fuzzPath(random: Random, template: string, target: Target): string {
  const path = template
    .replace('{p}', target.projectId)
    .replace('{s}', target.serviceId)
    .replace('{t}', random.pick(target.taskIds))
  if (!random.chance(0.12)) return path
  const parts = path.split('/')
  const at = 1 + random.below(parts.length - 1)
  const odd = random.pick(oddParts)
  return parts.map((part, index) => (index === at ? (random.chance(0.5) ? odd : part + odd) : part)).join('/')
}

const names = [
  ...[
    'state',
    'name_like',
    'id',
    'id_like',
    'created_since',
    'created_until',
    'sort_key',
    'sort_dir',
    'order',
    'offset',
    'limit',
  ],
  ...[
    'label',
    'fields',
    'view',
    'schedule_status',
    'verbose',
    'marker',
    'cursor',
    'dry_run',
    'watch',
    'count',
    'nocatalog',
    'name',
  ],
  ...['service_name', 'sort_by', 'status', 'since', 'until', '__proto__', 'constructor', '', '%'],
]
const values = [
  ...[
    '',
    'RUNNING',
    'running,STOPPED',
    'RUN',
    'created_at',
    'desc',
    'name',
    'created_at:DESC',
    ':',
    'a:b:c',
    '0',
    '1',
    '5',
    '1000',
    '1001',
  ],
  ...[
    '-1',
    '+1',
    '1.5',
    '1e3',
    '0x10',
    '9007199254740991',
    '9223372036854775807',
    '99999999999999999999',
    '-9007199254740991',
    'NaN',
  ],
  ...[
    '%',
    '%25',
    '_',
    '%5C',
    '%27',
    '%00',
    '%ff',
    '%ED%A0%80',
    'a%3Db',
    '=',
    '==',
    'a=b',
    '=b',
    'true',
    'false',
    'summary',
    'id,name,state',
  ],
  ...[
    'id,id',
    'f'.repeat(32),
    'a'.repeat(4000),
    '%F0%9F%98%80',
    '%E2%80%AE',
    '+',
    '%2B',
    'eyJ9',
    'bnVsbA',
    'W10',
    '[]',
    '{}',
    '*',
    ',',
    ',,',
  ],
]

function fuzzQuery(random: Random, share: number): string {
  if (!random.chance(share)) return ''
  const count = random.chance(0.02) ? 500 : 1 + random.below(5)
  const pairs = Array.from(
    { length: count },
    () => `${random.pick(names)}${random.chance(0.05) ? '' : '='}${random.pick(values)}`,
  )
  return `?${pairs.join(random.chance(0.05) ? '&&' : '&')}`
}

const oddHeaders = [
  ...[
    'content-type: text/plain',
    'content-type: application/json; charset=latin1',
    'content-type: multipart/form-data; boundary=x',
  ],
  ...[
    'content-type: application/json;;;',
    'content-type: ',
    'content-encoding: gzip',
    'accept: */*;q=x',
    'accept-encoding: gzip, br',
  ],
  ...[
    'if-match: *',
    'if-match: "1"',
    'if-match: W/"x',
    'if-none-match: "1"',
    'range: bytes=0-1',
    'expect: 100-continue',
    'expect: magic',
  ],
  ...[
    'idempotency-key: k1',
    'idempotency-key: ',
    `idempotency-key: ${'k'.repeat(5000)}`,
    'idempotency-key: \xff\xfe',
    'prefer: count=none',
  ],
  ...[
    'x-project-id: other',
    'x-domain-id: other',
    'x-subject-token: \xff',
    'x-security-token: a',
    'x-sdk-date: 20270101T000000Z',
  ],
  ...[
    'x-sdk-date: 99999999T999999Z',
    'upgrade: websocket\r\nconnection: upgrade',
    'upgrade: h2c\r\nconnection: upgrade, http2-settings',
  ],
  ...[
    'connection: close',
    'connection: keep-alive, x',
    'last-event-id: 1',
    'x-forwarded-for: 1',
    'traceparent: 00-x',
    'cookie: a=b',
  ],
  ...[
    'authorization: Basic YTpi',
    'authorization: SDK-HMAC-SHA256 Access=A, SignedHeaders=host;x-sdk-date, Signature=00',
  ],
  ...[
    'authorization: SDK-HMAC-SHA256 ,,,=',
    'authorization: V11-HMAC-SHA256 Credential=A/20270101/r/s, SignedHeaders=, Signature=',
  ],
  ...[
    '__proto__: a',
    'constructor: b',
    `x-long: ${'l'.repeat(17_000)}`,
    'x-tab: \t a \t',
    'x-nul: a\u0000b',
    'bad name: x',
    ': x',
    'x',
    ' folded',
  ],
  ...[
    'x-auth-token: second',
    'host: b.example',
    'host: ',
    'accept-language: ;;;',
    'x-http-method-override: DELETE',
    'te: trailers',
  ],
]

function fuzzHeaders(random: Random, target: Target): string[] {
  const token = random.chance(0.02) ? random.pick(['', 'x', '\xff', 'A'.repeat(43), 'A'.repeat(8000)]) : target.token
  const headers = [
    `host: ${target.host}`,
    'content-type: application/json',
    ...(random.chance(0.02) ? [] : [`x-auth-token: ${token}`]),
  ]
  while (random.chance(0.12))
    headers.splice(random.below(headers.length + 1), random.chance(0.2) ? 1 : 0, random.pick(oddHeaders))
  return headers.map((line) => `${line}\r\n`)
}

const oddVersions = [
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/2.0',
  'HTTP/0.9',
  'HTTP/1.1 x',
  'http/1.1',
  '',
] as const

type Parts = { line: string; headers: string[]; body: Buffer }

/** Lengths that lie, chunks that break off, two requests in one, or no HTTP at all. */
function misframed(random: Random, { line, headers, body }: Parts): FuzzRequest {
  const head = (framing: string) => Buffer.from(`${line}\r\n${headers.join('')}${framing}\r\n`, 'latin1')
  const chunk = Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n')])
  const chunked = head('transfer-encoding: chunked\r\n')
  const forms: readonly (() => Buffer)[] = [
    () => Buffer.concat([head(`content-length: ${body.length + 10}\r\n`), body]),
    () => Buffer.concat([head(`content-length: ${Math.max(0, body.length - 10)}\r\n`), body]),
    () =>
      Buffer.concat([
        head(`content-length: ${random.pick(['-1', '1e3', '99999999999999999999', '0x10', '', '1, 1', '+5'])}\r\n`),
        body,
      ]),
    () => Buffer.concat([head(`content-length: ${body.length}\r\ncontent-length: 3\r\n`), body]),
    () =>
      Buffer.concat([
        head(`content-length: ${body.length}\r\ntransfer-encoding: chunked\r\n`),
        chunk,
        Buffer.from('0\r\n\r\n'),
      ]),
    () => Buffer.concat([chunked, ...(body.length > 0 ? [chunk] : []), Buffer.from('0\r\n\r\n')]),
    () => Buffer.concat([chunked, chunk]),
    () => Buffer.concat([chunked, Buffer.from('zz\r\n'), body]),
    () => Buffer.concat([chunked, Buffer.from('ffffffffffffffff\r\n'), body]),
    () => Buffer.concat([chunked, Buffer.from(`1;${'e'.repeat(20_000)}\r\na\r\n0\r\n\r\n`)]),
    () => Buffer.concat([head('transfer-encoding: gzip\r\n'), body]),
    () => Buffer.concat([head('content-length: 0\r\n'), head('content-length: 0\r\n'), head('content-length: 0\r\n')]),
    () => head('').subarray(0, random.below(60)),
    () => Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    () => Buffer.from('160301020001000001fc0303', 'hex'),
    () => Buffer.from(Array.from({ length: 1 + random.below(400) }, () => random.below(256))),
    () => Buffer.from('\r\n\r\n\r\n'),
    () => Buffer.from(`${line}\n${headers.join('').replaceAll('\r\n', '\n')}\n`, 'latin1'),
  ]
  return { bytes: random.pick(forms)(), isFramed: false, method: line.split(' ')[0] ?? '' }
}
