// One client of a live track.
//
//   ready    after SETUP and PAUSE; nothing is sent
//   playing  after PLAY; every access unit is sent from the next key frame on
//   gone     after TEARDOWN, silence longer than the time-out, or the end of the connection that carries the packets
import { randomBytes } from 'node:crypto'
import type { AccessUnit, ParameterSets } from './encode.ts'
import { bye, rtpClockHz, rtpPacket, senderReport } from './rtp.ts'

/** A stream that never ends, made as long as someone listens. */
export type LiveTrack = {
  sets: ParameterSets
  fps: number
  /** Epoch ms at which the frame of a presentation time is due. */
  epochMsOf(ptsMs: number): number
  nowPtsMs(): number
  /** Calls back with every access unit until the returned function is called. */
  subscribe(listen: (unit: AccessUnit) => void): () => void
  /** Makes the next frame a key frame. */
  wantKeyFrame(): void
}

/** Where the packets of a session go. `queuedBytes` counts what the network has not taken yet. */
export type Delivery = {
  kind: 'tcp' | 'udp'
  sendRtp(packet: Buffer): void
  sendRtcp(packet: Buffer): void
  queuedBytes(): number
  /** Whether reports from this address belong to it; never over TCP, where the connection tells. */
  hears(address: string, port: number): boolean
}

// A client that lags further behind than this, some seconds of video, misses frames up to a key frame.
const maxQueuedBytes = 1_048_576
const reportEveryMs = 5_000

export class RtspSession {
  readonly id = randomBytes(8).toString('hex')
  readonly path: string
  readonly delivery: Delivery
  /** Access units that this client missed because it was too slow. */
  droppedCount = 0
  heardAtMs: number
  state: 'ready' | 'playing' | 'gone' = 'ready'
  #track: LiveTrack
  #ssrc = randomBytes(4).readUInt32BE()
  #sequence = randomBytes(2).readUInt16BE()
  #timestampBase = randomBytes(4).readUInt32BE()
  #awaitsKeyFrame = true
  #packetCount = 0
  #payloadBytes = 0
  #reportedAtMs = Number.NEGATIVE_INFINITY

  constructor(path: string, track: LiveTrack, delivery: Delivery, nowMs: number) {
    this.path = path
    this.#track = track
    this.delivery = delivery
    this.heardAtMs = nowMs
  }

  get ssrc(): string {
    return this.#ssrc.toString(16).padStart(8, '0').toUpperCase()
  }

  /** Starts or goes on; the answer is the value of `RTP-Info` after the address. */
  play(): string {
    if (this.state === 'ready') {
      this.state = 'playing'
      this.#awaitsKeyFrame = true
      this.#track.wantKeyFrame()
    }
    return `seq=${this.#sequence};rtptime=${this.#timestampOf(this.#track.nowPtsMs())}`
  }

  pause(): void {
    if (this.state === 'playing') this.state = 'ready'
  }

  /** Sends one access unit, cut into payloads already, unless the client is behind. */
  send(unit: AccessUnit, payloads: readonly Buffer[]): void {
    if (this.state !== 'playing' || (this.#awaitsKeyFrame && !unit.isKeyFrame)) return
    if (this.delivery.queuedBytes() > maxQueuedBytes) {
      this.#awaitsKeyFrame = true
      this.droppedCount++
      return
    }
    this.#awaitsKeyFrame = false
    const timestamp = this.#timestampOf(unit.ptsMs)
    this.#report(unit, timestamp)
    for (const [i, payload] of payloads.entries()) {
      const isLast = i === payloads.length - 1
      this.delivery.sendRtp(rtpPacket({ sequence: this.#sequence, timestamp, ssrc: this.#ssrc, isLast }, payload))
      this.#sequence = (this.#sequence + 1) & 0xffff
      this.#packetCount++
      this.#payloadBytes += payload.length
    }
  }

  end(): void {
    if (this.#packetCount > 0 && this.state !== 'gone') this.delivery.sendRtcp(bye(this.#ssrc))
    this.state = 'gone'
  }

  #timestampOf(ptsMs: number): number {
    return (this.#timestampBase + Math.round((ptsMs * rtpClockHz) / 1000)) % 2 ** 32
  }

  #report(unit: AccessUnit, timestamp: number): void {
    if (unit.ptsMs - this.#reportedAtMs < reportEveryMs) return
    this.#reportedAtMs = unit.ptsMs
    const atMs = this.#track.epochMsOf(unit.ptsMs)
    const counts = { packetCount: this.#packetCount, payloadBytes: this.#payloadBytes }
    this.delivery.sendRtcp(senderReport({ ssrc: this.#ssrc, timestamp, atMs, ...counts }))
  }
}
