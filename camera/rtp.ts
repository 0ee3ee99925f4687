// RTP for H.264 (RFC 3550, RFC 6184): access units into packets of bounded size, and the sender's reports.
import { type NalUnit, nalType } from './nal.ts'

/** The H.264 clock of RTP: ticks a second. */
export const rtpClockHz = 90_000
export const rtpPayloadType = 96

// Leaves room for IP, UDP, RTP and a tunnel in an Ethernet frame of 1500 bytes.
const maxPayloadBytes = 1380

const stapA = 24
const fuA = 28

/**
 * The RTP payloads of one access unit, in order.
 *
 * Shape: small neighbours travel together (STAP-A), one that fits travels alone, a large one in fragments (FU-A).
 * Source: RFC 6184, 5.6 to 5.8; packetization-mode 1.
 */
export function payloadsOf(nals: readonly NalUnit[]): Buffer[] {
  const payloads: Buffer[] = []
  let small: NalUnit[] = []
  const flush = () => {
    const [first] = small
    if (first) payloads.push(small.length === 1 ? first : aggregate(small))
    small = []
  }
  for (const nal of nals) {
    if (nal.length > maxPayloadBytes) {
      flush()
      payloads.push(...fragments(nal))
      continue
    }
    if (small.reduce((sum, other) => sum + other.length + 2, 1) + nal.length + 2 > maxPayloadBytes) flush()
    small.push(nal)
  }
  flush()
  return payloads
}

function aggregate(nals: readonly NalUnit[]): Buffer {
  const importance = Math.max(...nals.map((nal) => (nal[0] ?? 0) & 0x60))
  const parts = [Buffer.from([importance | stapA])]
  for (const nal of nals) parts.push(Buffer.from([nal.length >> 8, nal.length & 0xff]), nal)
  return Buffer.concat(parts)
}

function fragments(nal: NalUnit): Buffer[] {
  const indicator = ((nal[0] ?? 0) & 0xe0) | fuA
  const pieceBytes = maxPayloadBytes - 2
  const pieces: Buffer[] = []
  for (let at = 1; at < nal.length; at += pieceBytes) {
    const start = at === 1 ? 0x80 : 0
    const end = at + pieceBytes >= nal.length ? 0x40 : 0
    pieces.push(
      Buffer.concat([Buffer.from([indicator, start | end | nalType(nal)]), nal.subarray(at, at + pieceBytes)]),
    )
  }
  return pieces
}

export type RtpHeader = { sequence: number; timestamp: number; ssrc: number; isLast: boolean }

/** One packet; `isLast` marks the end of an access unit. */
export function rtpPacket(header: RtpHeader, payload: Buffer): Buffer {
  const packet = Buffer.allocUnsafe(12 + payload.length)
  packet[0] = 0x80
  packet[1] = (header.isLast ? 0x80 : 0) | rtpPayloadType
  packet.writeUInt16BE(header.sequence & 0xffff, 2)
  packet.writeUInt32BE(header.timestamp >>> 0, 4)
  packet.writeUInt32BE(header.ssrc >>> 0, 8)
  payload.copy(packet, 12)
  return packet
}

// From 1900, where the clock of NTP starts, to 1970.
const ntpEpochS = 2_208_988_800

export type SenderState = { ssrc: number; timestamp: number; atMs: number; packetCount: number; payloadBytes: number }

/**
 * A sender report with the sender's name: it ties the RTP clock to wall time.
 *
 * Units: `atMs` is the epoch ms that belongs to `timestamp`.
 * Source: RFC 3550, 6.4.1 and 6.5.
 */
export function senderReport(state: SenderState): Buffer {
  const report = Buffer.alloc(28)
  report.writeUInt16BE(0x80c8, 0)
  report.writeUInt16BE(6, 2)
  report.writeUInt32BE(state.ssrc >>> 0, 4)
  const seconds = Math.floor(state.atMs / 1000)
  report.writeUInt32BE(seconds + ntpEpochS, 8)
  report.writeUInt32BE(Math.floor(((state.atMs - seconds * 1000) / 1000) * 2 ** 32), 12)
  report.writeUInt32BE(state.timestamp >>> 0, 16)
  report.writeUInt32BE(state.packetCount >>> 0, 20)
  report.writeUInt32BE(state.payloadBytes >>> 0, 24)
  return Buffer.concat([report, sourceDescription(state.ssrc)])
}

function sourceDescription(ssrc: number): Buffer {
  const name = Buffer.from('camera@sightline')
  const bytes = 8 + Math.ceil((2 + name.length + 1) / 4) * 4
  const packet = Buffer.alloc(bytes)
  packet.writeUInt16BE(0x81ca, 0)
  packet.writeUInt16BE(bytes / 4 - 1, 2)
  packet.writeUInt32BE(ssrc >>> 0, 4)
  packet[8] = 1
  packet[9] = name.length
  name.copy(packet, 10)
  return packet
}

/** Says that a sender leaves. Source: RFC 3550, 6.6. */
export function bye(ssrc: number): Buffer {
  const packet = Buffer.alloc(8)
  packet.writeUInt16BE(0x81cb, 0)
  packet.writeUInt16BE(1, 2)
  packet.writeUInt32BE(ssrc >>> 0, 4)
  return packet
}
