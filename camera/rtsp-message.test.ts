import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatAnswer, openRtspReader, parseTransport, RtspSyntaxError } from './rtsp-message.ts'

const options = 'OPTIONS rtsp://host/street RTSP/1.0\r\nCSeq: 1\r\n\r\n'
const keepAlive = 'GET_PARAMETER * RTSP/1.0\r\nCSeq: 2\r\ncontent-length: 4\r\n\r\nping'
const report = Buffer.from([0x24, 1, 0, 3, 0x81, 0xc9, 0x0a])
const stream = Buffer.concat([Buffer.from(options), report, Buffer.from(`\r\n${keepAlive}`)])

const expected = [
  {
    kind: 'request',
    method: 'OPTIONS',
    url: 'rtsp://host/street',
    version: 'RTSP/1.0',
    headers: new Map([['cseq', '1']]),
    body: Buffer.alloc(0),
  },
  { kind: 'interleaved', channel: 1, data: Buffer.from([0x81, 0xc9, 0x0a]) },
  {
    kind: 'request',
    method: 'GET_PARAMETER',
    url: '*',
    version: 'RTSP/1.0',
    headers: new Map([
      ['cseq', '2'],
      ['content-length', '4'],
    ]),
    body: Buffer.from('ping'),
  },
]

test('messages come out the same however the network cuts them', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 40 }), (cuts) => {
      const reader = openRtspReader()
      const messages = []
      let at = 0
      for (const cut of [...cuts, stream.length]) {
        if (at >= stream.length) break
        messages.push(...reader.read(stream.subarray(at, at + cut)))
        at += cut
      }
      assert.deepEqual(messages, expected)
    }),
  )
})

for (const { name, bytes, status } of [
  { name: 'a line that is no request', bytes: 'hello\r\n\r\n', status: 400 },
  { name: 'an HTTP request', bytes: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', status: 400 },
  { name: 'a header without a name', bytes: 'OPTIONS * RTSP/1.0\r\n: 1\r\n\r\n', status: 400 },
  { name: 'a negative length', bytes: 'OPTIONS * RTSP/1.0\r\nContent-Length: -1\r\n\r\n', status: 400 },
  { name: 'a body without end', bytes: 'OPTIONS * RTSP/1.0\r\nContent-Length: 99999999\r\n\r\n', status: 413 },
  { name: 'a head without end', bytes: 'X'.repeat(20_000), status: 400 },
]) {
  test(`${name} is refused with ${status}`, () => {
    assert.throws(
      () => openRtspReader().read(Buffer.from(bytes)),
      (error) => error instanceof RtspSyntaxError && error.status === status,
    )
  })
}

test('bytes of any kind either become messages, wait, or are refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      try {
        openRtspReader().read(Buffer.from(bytes))
      } catch (error) {
        assert.ok(error instanceof RtspSyntaxError)
      }
    }),
  )
})

for (const { header, wanted } of [
  { header: 'RTP/AVP/TCP;unicast;interleaved=2-3', wanted: { kind: 'tcp', channels: [2, 3] } },
  { header: 'RTP/AVP/TCP', wanted: { kind: 'tcp', channels: undefined } },
  { header: 'RTP/AVP/TCP;interleaved=300-301', wanted: undefined },
  { header: 'RTP/AVP;unicast;client_port=5000-5001', wanted: { kind: 'udp', ports: [5000, 5001] } },
  { header: 'RTP/AVP/UDP;unicast;client_port=5000;mode="PLAY"', wanted: { kind: 'udp', ports: [5000, 5001] } },
  { header: 'RTP/AVP;multicast,RTP/AVP/TCP;interleaved=0-1', wanted: { kind: 'tcp', channels: [0, 1] } },
  { header: 'RTP/AVP;multicast;client_port=5000-5001', wanted: undefined },
  { header: 'RTP/AVP;unicast;client_port=70000-70001', wanted: undefined },
  { header: 'RTP/AVP;unicast', wanted: undefined },
  { header: 'RTP/AVP/TCP;interleaved=0-1;mode=record', wanted: undefined },
  { header: '', wanted: undefined },
]) {
  test(`the transport ${header || '(none)'} means ${JSON.stringify(wanted)}`, () => {
    assert.deepEqual(parseTransport(header), wanted)
  })
}

test('an answer counts the bytes of its body and repeats the number of the request', () => {
  assert.equal(
    formatAnswer({ status: 200, headers: { 'Content-Type': 'text/plain' }, body: 'é' }, '7'),
    'RTSP/1.0 200 OK\r\nCSeq: 7\r\nServer: Sightline camera\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\né',
  )
})
