// Source: auth page, section 3, test vectors; the other two forms against signatures of the published signer.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Authorization, readAuthorization } from './authorization.ts'
import { canonicalRequest, type SignedRequest, sha256 } from './canonical.ts'
import { ReplayMemory } from './replay.ts'
import { signatureOf } from './signature.ts'
import { isSignedWith, readClaim } from './verify.ts'

const accessKey = 'AKEXAMPLE0000000001'
const secret = 'sk-example-0000000000000000000000000001'
const date = '20270102T030405Z'
const dateMs = Date.UTC(2027, 0, 2, 3, 4, 5)
const projectId = '0123456789abcdef0123456789abcdef'
const path = `/v1/${projectId}/services/2a2db77f-0000-4000-8000-608a31865313/tasks`
const signedHeaders = ['content-type', 'host', 'x-project-id', 'x-sdk-date']
const headers = {
  'content-type': 'application/json',
  host: '127.0.0.1:8080',
  'x-project-id': projectId,
  'x-sdk-date': date,
}

/** The list call of the vectors, its query as a JavaScript client writes it. */
const list: SignedRequest = {
  method: 'GET',
  url: `${path}?state=RUNNING&name_like=a+b*%C3%A9&sort_key=created_at&limit=10`,
  headers,
  body: Buffer.from('{}'),
}
const create: SignedRequest = { method: 'POST', url: path, headers, body: Buffer.from('{"name":"task-测试"}') }
const listSignature = 'c006130192d90cbff97c3eee7926f35e2a8c98f264970afd99d12a69d915dc85'

function headerOf(signature: string, names = signedHeaders): string {
  return `SDK-HMAC-SHA256 Access=${accessKey}, SignedHeaders=${names.join(';')}, Signature=${signature}`
}

function isGood(request: SignedRequest, header: string, nowMs = dateMs): boolean | string {
  const claim = readClaim(request, header, nowMs)
  return typeof claim === 'string' ? claim : isSignedWith(claim, secret, request)
}

describe('vectors', () => {
  for (const { name, request, hash, signature } of [
    {
      name: 'a list with a query and the body {}',
      request: list,
      hash: '19aa09fa2a3b1688d1e7b58a4c33c09d840b2ad1164a2685598bf3db4c26ea3e',
      signature: listSignature,
    },
    {
      name: 'a create with a body beyond ASCII',
      request: create,
      hash: '50252b7110e86a7625ce2d4f9623bcd5f1109224ebc61d927c3bf69d60eddc38',
      signature: '566c8d546c96251ecb3d48d4a3d0a69d35134d0e4e29ed5c62e01d81a6121af4',
    },
  ]) {
    test(name, () => {
      const canonical = canonicalRequest(request, signedHeaders) ?? ''
      const authorization: Authorization = { form: 'access', accessKey, signedHeaders, signature }
      assert.deepEqual(
        [sha256(canonical), signatureOf(authorization, secret, { date, canonicalRequest: canonical })],
        [hash, signature],
      )
      assert.equal(isGood(request, headerOf(signature)), true)
    })
  }

  test('the canonical query is made from what the query means', () => {
    const line = canonicalRequest(list, signedHeaders)?.split('\n')[2]
    assert.equal(line, 'limit=10&name_like=a%20b%2A%C3%A9&sort_key=created_at&state=RUNNING')
  })
})

describe('canonical form', () => {
  for (const { name, url, expected } of [
    { name: 'a slash ends the path', url: '/a/b', expected: ['/a/b/', ''] },
    { name: 'a path that ends in a slash keeps it', url: '/a/b/', expected: ['/a/b/', ''] },
    { name: 'a segment is escaped anew', url: "/a%2fb/(c')~%7e", expected: ['/a%2Fb/%28c%27%29~~/', ''] },
    { name: 'names sort before values', url: '/?b=2&a=2&b=1&a=10', expected: ['/', 'a=10&a=2&b=1&b=2'] },
    { name: 'an empty value keeps its equals sign', url: '/?b&a=', expected: ['/', 'a=&b='] },
    { name: 'a name is escaped too', url: '/?a[]=:$,', expected: ['/', 'a%5B%5D=%3A%24%2C'] },
  ]) {
    test(name, () => {
      const canonical = canonicalRequest({ ...list, url }, signedHeaders)
      assert.deepEqual(canonical?.split('\n').slice(1, 3), expected)
    })
  }

  test('a URL that means nothing has none', () => {
    assert.equal(canonicalRequest({ ...list, url: '/%zz' }, signedHeaders), undefined)
  })
})

describe('what a signature covers', () => {
  for (const { name, request } of [
    { name: 'the method', request: { ...list, method: 'PUT' } },
    { name: 'the path', request: { ...list, url: list.url.replace('tasks', 'task') } },
    { name: 'the query', request: { ...list, url: `${list.url}&offset=1` } },
    { name: 'a signed header', request: { ...list, headers: { ...headers, host: 'other' } } },
    { name: 'the body', request: { ...list, body: Buffer.from('{ }') } },
    {
      name: 'what is said of the body',
      request: { ...list, headers: { ...headers, 'x-sdk-content-sha256': 'UNSIGNED-PAYLOAD' } },
    },
  ]) {
    test(name, () => assert.equal(isGood(request, headerOf(listSignature)), false))
  }
})

const sign = (request: SignedRequest, form: Authorization) =>
  signatureOf(form, secret, { date, canonicalRequest: canonicalRequest(request, form.signedHeaders) ?? '' })

test('a payload that is said to be unsigned is not looked at, one that is named must be that', () => {
  const names = [...signedHeaders, 'x-sdk-content-sha256']
  const form: Authorization = { form: 'access', accessKey, signedHeaders: names, signature: '' }
  const unsigned = { ...create, headers: { ...headers, 'x-sdk-content-sha256': 'UNSIGNED-PAYLOAD' } }
  assert.equal(isGood({ ...unsigned, body: Buffer.from('x') }, headerOf(sign(unsigned, form), names)), true)
  const named = { ...create, headers: { ...headers, 'x-sdk-content-sha256': sha256(create.body) } }
  assert.equal(isGood(named, headerOf(sign(named, form), names)), true)
  assert.equal(isGood({ ...named, body: Buffer.from('x') }, headerOf(sign(named, form), names)), false)
})

describe('forms', () => {
  test('the derived form, as the published signer writes it', () => {
    const signature = '80094cd33254ef336e1f940c9da84c12c6ec453ae9f113be1f012af5b98af65f'
    const credential = `Credential=${accessKey}/20270102/region-1/modelarts`
    const header = `V11-HMAC-SHA256 ${credential}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`
    assert.equal(isGood(list, header), true)
  })

  test('the chained form, with an empty region as in the API document', () => {
    const scope = { date: '20270102', region: '', service: 'modelarts' }
    const form: Authorization = { form: 'chained', accessKey, scope, signedHeaders, signature: '' }
    const credential = `Credential=${accessKey}/20270102//modelarts/sdk_request`
    const header = `SDK-HMAC-SHA256 ${credential}, SignedHeaders=${signedHeaders.join(';')}, Signature=${sign(list, form)}`
    assert.equal(isGood(list, header), true)
    assert.equal(isGood(list, header.replace('20270102/', '20270103/')), false)
  })
})

describe('headers that cannot be checked', () => {
  for (const { name, header, expected } of [
    { name: 'another scheme', header: 'Basic YTpi', expected: 'no_scheme' },
    { name: 'the scheme alone', header: 'SDK-HMAC-SHA256', expected: 'missing_part' },
    { name: 'no signature', header: headerOf(''), expected: 'missing_part' },
    { name: 'no access key', header: headerOf('a').replace('Access=', 'Axes='), expected: 'missing_part' },
    { name: 'no signed headers', header: headerOf('a', []), expected: 'missing_part' },
    { name: 'a date that is not signed', header: headerOf('a', ['host']), expected: 'missing_part' },
    { name: 'a host that is not signed', header: headerOf('a', ['x-sdk-date']), expected: 'missing_part' },
    {
      name: 'a signed header that was not sent',
      header: headerOf('a', ['host', 'x-sdk-date', 'x-other']),
      expected: 'missing_part',
    },
  ]) {
    test(name, () => assert.equal(readClaim(list, header, dateMs), expected))
  }

  test('no date, or one in another form', () => {
    for (const text of [undefined, 'Sat, 02 Jan 2027 03:04:05 GMT', '20271302T030405Z']) {
      const request = { headers: { ...headers, 'x-sdk-date': text } }
      assert.equal(readClaim(request, headerOf('a'), dateMs), 'missing_part')
    }
  })

  test('a clock may be a quarter of an hour wrong', () => {
    for (const { offMs, expected } of [
      { offMs: 900_000, expected: true },
      { offMs: -900_000, expected: true },
      { offMs: 901_000, expected: 'clock_skew' },
      { offMs: -901_000, expected: 'clock_skew' },
    ]) {
      assert.equal(isGood(list, headerOf(listSignature), dateMs + offMs), expected)
    }
  })

  test('a part may stand anywhere', () => {
    const header = `SDK-HMAC-SHA256 Signature=s,SignedHeaders=A;b,  Access=k`
    const expected = { form: 'access', accessKey: 'k', signedHeaders: ['a', 'b'], signature: 's' }
    assert.deepEqual(readAuthorization(header), expected)
  })
})

const urlText = fc.string({ unit: fc.constantFrom(...'/?&=+%aZ0*~é 2fE'), maxLength: 40 })

test('no header and no URL makes a check throw, and none is taken for signed', () => {
  const parts = [
    'Access=k',
    'SignedHeaders=host;x-sdk-date',
    'Signature=s',
    'Credential=k/20270102/r/s',
    '/sdk_request',
  ]
  const anyHeader = fc.oneof(
    fc.string(),
    fc
      .tuple(
        fc.constantFrom('SDK-HMAC-SHA256 ', 'V11-HMAC-SHA256 '),
        fc.array(fc.constantFrom(...parts, ',', '=', ';')),
      )
      .map(([scheme, rest]) => scheme + rest.join(', ')),
  )
  fc.assert(
    fc.property(anyHeader, urlText, (header, url) => {
      assert.notEqual(isGood({ ...list, url: `/${url}` }, header), true)
    }),
  )
})

test('a URL that is spelt otherwise and means the same has the same canonical form', () => {
  const spellOut = (text: string) =>
    [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  fc.assert(
    fc.property(fc.string(), fc.string(), (name, value) => {
      fc.pre(name.isWellFormed() && value.isWellFormed())
      const [plain, spelt] = [encodeURIComponent, spellOut].map((spell) =>
        canonicalRequest({ ...list, url: `/${spell(value)}?${spell(name)}=${spell(value)}` }, signedHeaders),
      )
      assert.equal(plain, spelt)
    }),
  )
})

describe('replay', () => {
  test('a signature is taken once while it holds', () => {
    const memory = new ReplayMemory()
    assert.deepEqual([memory.take('a', 10, 0), memory.take('a', 10, 10), memory.take('a', 20, 11)], [true, false, true])
  })

  test('the oldest is forgotten when the memory is full', () => {
    const memory = new ReplayMemory(2)
    assert.deepEqual(
      ['a', 'b', 'c', 'b', 'a'].map((signature) => memory.take(signature, 10, 0)),
      [true, true, true, true, true].map((_, at) => at !== 3),
    )
  })
})
