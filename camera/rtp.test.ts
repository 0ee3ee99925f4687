import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { joinAnnexB, nalType, splitAnnexB } from './nal.ts'
import { bye, payloadsOf, rtpPacket, senderReport } from './rtp.ts'

/** NAL units from payloads, as RFC 6184 tells a receiver to put them together. */
function unpack(payloads: readonly Buffer[]): Buffer[] {
  const nals: Buffer[] = []
  let open: Buffer[] = []
  for (const payload of payloads) {
    const type = nalType(Buffer.from(payload))
    if (type === 24) {
      for (let at = 1; at < payload.length; at += 2 + payload.readUInt16BE(at)) {
        nals.push(payload.subarray(at + 2, at + 2 + payload.readUInt16BE(at)))
      }
    } else if (type === 28) {
      const [indicator = 0, head = 0] = payload
      if (head & 0x80) open = [Buffer.from([(indicator & 0xe0) | (head & 0x1f)])]
      open.push(payload.subarray(2))
      if (head & 0x40) nals.push(Buffer.concat(open))
    } else nals.push(payload)
  }
  return nals
}

const aNal = fc
  .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 6000 }))
  .map(([type, importance, bytes]) => {
    const nal = Buffer.alloc(bytes, 0x5a)
    nal[0] = (importance << 5) | type
    return nal
  })

test('NAL units come out of their payloads as they went in, and no payload is too large', () => {
  fc.assert(
    fc.property(fc.array(aNal, { maxLength: 8 }), (nals) => {
      const payloads = payloadsOf(nals)
      assert.deepEqual(unpack(payloads).map(String), nals.map(String))
      assert.ok(payloads.every((payload) => payload.length <= 1380))
    }),
  )
})

test('small units travel in one packet, a large one in fragments', () => {
  const [sps, pps, slice] = [Buffer.alloc(20, 0x67), Buffer.alloc(4, 0x68), Buffer.alloc(3000, 0x65)]
  const types = payloadsOf([sps, pps, slice]).map((payload) => nalType(Buffer.from(payload)))
  assert.deepEqual(types, [24, 28, 28, 28])
})

test('an RTP header carries marker, sequence, timestamp and source, each within its bits', () => {
  const header = { sequence: 65_537, timestamp: 2 ** 32 + 5, ssrc: 0xdeadbeef, isLast: true }
  assert.equal(rtpPacket(header, Buffer.from([0x41])).toString('hex'), '80e0000100000005deadbeef41')
})

test('a sender report ties the RTP clock to wall time and names the sender', () => {
  const report = senderReport({ ssrc: 1, timestamp: 90_000, atMs: 500, packetCount: 2, payloadBytes: 3 })
  assert.equal(report.subarray(0, 28).toString('hex'), '80c800060000000183aa7e8080000000' + '00015f900000000200000003')
  assert.equal(report.subarray(28, 36).toString('hex'), '81ca000600000001')
  assert.equal(report.length % 4, 0)
  assert.equal(report.readUInt16BE(30), (report.length - 28) / 4 - 1)
  assert.equal(bye(7).toString('hex'), '81cb000100000007')
})

test('a byte stream splits at start codes of three and four bytes and joins again', () => {
  const stream = Buffer.from('000000016701020000000168030000016504', 'hex')
  const nals = splitAnnexB(stream)
  assert.deepEqual(
    nals.map((nal) => nal.toString('hex')),
    ['670102', '6803', '6504'],
  )
  assert.deepEqual(splitAnnexB(Buffer.from(joinAnnexB(nals))), nals)
  assert.deepEqual(splitAnnexB(Buffer.from('0102')), [])
})
