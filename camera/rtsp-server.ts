// A small RTSP 1.0 server for live tracks: connections, the pair of UDP ports, and who is listening.
import { randomBytes } from 'node:crypto'
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { payloadsOf } from './rtp.ts'
import type { Credentials } from './rtsp-auth.ts'
import { formatAnswer, openRtspReader, type RtspAnswer, RtspSyntaxError } from './rtsp-message.ts'
import { answerRequest, type Peer, type RtspState, sessionTimeoutS } from './rtsp-methods.ts'
import type { Delivery, LiveTrack, RtspSession } from './rtsp-session.ts'

export type RtspServerOptions = {
  host: string
  /** 0 takes a free one. */
  port: number
  /** By path without slashes. */
  tracks: Map<string, LiveTrack>
  credentials?: Credentials
  nowMs: () => number
}

export type RtspServer = {
  host: string
  port: number
  sessions(): RtspSession[]
  /** Ends the sessions that have been silent for too long; happens by itself every 5 s. */
  sweep(): void
  [Symbol.asyncDispose](): Promise<void>
}

const sweepEveryMs = 5_000
const maxConnectionCount = 512
// A connection on which nothing moves in either direction for this long is closed.
const idleLimitMs = 120_000
// A client that leaves this much unread, answers included, is not served on.
const maxUnreadBytes = 4_194_304

/**
 * Serves live tracks until it is disposed.
 *
 * Errors: rejects if the address cannot be taken; a client can never make it throw.
 * Source: RFC 2326, 3550, 6184.
 */
export async function openRtspServer(options: RtspServerOptions): Promise<RtspServer> {
  const { host, tracks, nowMs } = options
  const udp = await openUdpPair(host)
  const sessions = new Map<string, RtspSession>()
  const state: RtspState = {
    tracks,
    sessions,
    credentials: options.credentials,
    nonce: randomBytes(16).toString('hex'),
    serverPorts: [udp.rtp.address().port, udp.rtcp.address().port],
    nowMs,
  }
  const feeds = [...tracks].map(([path, track]) => openFeed(path, track, sessions))
  const settle = () => {
    for (const feed of feeds) feed.settle()
  }
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    if (sockets.size >= maxConnectionCount) {
      socket.destroy()
      return
    }
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serveConnection(socket, state, udp, settle)
  })
  const sweep = () => {
    endSilent(sessions, nowMs())
    settle()
  }
  hearReports(udp.rtcp, sessions, nowMs)
  let port: number
  try {
    port = await listen(server, host, options.port)
  } catch (error) {
    await closeUdpPair(udp)
    throw error
  }
  const sweeper = setInterval(sweep, sweepEveryMs)
  return {
    host,
    port,
    sessions: () => [...sessions.values()],
    sweep,
    async [Symbol.asyncDispose]() {
      clearInterval(sweeper)
      for (const session of sessions.values()) session.end()
      sessions.clear()
      settle()
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
      await closeUdpPair(udp)
    },
  }
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
}

type UdpPair = { rtp: UdpSocket; rtcp: UdpSocket }

const portPairTries = 50

// RTP takes an even port and RTCP the next one (RFC 3550, 11).
async function openUdpPair(host: string): Promise<UdpPair> {
  const family = host.includes(':') ? 'udp6' : 'udp4'
  for (let i = 0; i < portPairTries; i++) {
    const rtp = await bindUdp(family, host, 0)
    const port = rtp ? rtp.address().port : 1
    const rtcp = port % 2 === 0 ? await bindUdp(family, host, port + 1) : undefined
    if (rtp && rtcp) return { rtp, rtcp }
    rtp?.close()
  }
  throw new Error('no free pair of UDP ports')
}

async function bindUdp(family: 'udp4' | 'udp6', host: string, port: number): Promise<UdpSocket | undefined> {
  const socket = createSocket(family)
  socket.bind(port, host)
  try {
    await once(socket, 'listening')
  } catch {
    socket.close()
    return undefined
  }
  // A client that is gone answers with "port unreachable"; the time-out ends its session.
  socket.on('error', () => {})
  return socket
}

async function closeUdpPair({ rtp, rtcp }: UdpPair): Promise<void> {
  await Promise.all(
    [rtp, rtcp].map(async (socket) => {
      socket.close()
      await once(socket, 'close')
    }),
  )
}

// A receiver report over UDP is a sign of life of every session of that address: it names no session.
function hearReports(rtcp: UdpSocket, sessions: Map<string, RtspSession>, nowMs: () => number): void {
  rtcp.on('message', (_, from) => {
    for (const session of sessions.values()) {
      if (session.delivery.hears(from.address, from.port)) session.heardAtMs = nowMs()
    }
  })
}

function endSilent(sessions: Map<string, RtspSession>, nowMs: number): void {
  for (const session of sessions.values()) {
    // Over TCP the connection itself is the sign of life.
    if (session.delivery.kind === 'tcp' || nowMs - session.heardAtMs < sessionTimeoutS * 1000) continue
    session.end()
    sessions.delete(session.id)
  }
}

type Feed = { settle(): void }

// Listens to a track as long as one of its sessions plays, and cuts each access unit once for all of them.
function openFeed(path: string, track: LiveTrack, sessions: Map<string, RtspSession>): Feed {
  let leave: (() => void) | undefined
  const playing = () => [...sessions.values()].filter((session) => session.path === path && session.state === 'playing')
  return {
    settle() {
      const isWanted = playing().length > 0
      if (isWanted && !leave) {
        leave = track.subscribe((unit) => {
          const payloads = payloadsOf(unit.nals)
          for (const session of playing()) session.send(unit, payloads)
        })
      }
      if (!isWanted && leave) {
        leave()
        leave = undefined
      }
    },
  }
}

function serveConnection(socket: Socket, state: RtspState, udp: UdpPair, settle: () => void): void {
  const owned = new Set<RtspSession>()
  const peer = peerOf(socket, udp, owned)
  const reader = openRtspReader()
  socket.setNoDelay(true)
  socket.setTimeout(idleLimitMs)
  socket.on('timeout', () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    for (const session of owned) {
      session.end()
      state.sessions.delete(session.id)
    }
    settle()
  })
  const onData = (bytes: Buffer) => {
    try {
      for (const message of reader.read(bytes)) {
        // Receiver reports: the connection itself already says that the client lives.
        if (message.kind === 'interleaved') continue
        write(socket, answerRequest(message, state, peer), message.headers.get('cseq'))
        settle()
      }
    } catch (error) {
      socket.off('data', onData)
      socket.resume()
      socket.end(formatAnswer({ status: error instanceof RtspSyntaxError ? error.status : 500 }, undefined))
    }
  }
  socket.on('data', onData)
}

function write(socket: Socket, answer: RtspAnswer, cseq: string | undefined): void {
  if (socket.writableLength > maxUnreadBytes) socket.destroy()
  else socket.write(formatAnswer(answer, cseq))
}

function peerOf(socket: Socket, udp: UdpPair, owned: Set<RtspSession>): Peer {
  const address = socket.remoteAddress ?? ''
  let nextChannel = 0
  return {
    localHost: socket.localAddress ?? '0.0.0.0',
    deliverByTcp: (channels) => deliveryByTcp(socket, channels),
    deliverByUdp: (ports) => deliveryByUdp(udp, address, ports),
    freeChannels: () => {
      const channels: [number, number] = [nextChannel, nextChannel + 1]
      nextChannel = (nextChannel + 2) % 256
      return channels
    },
    own: (session) => owned.add(session),
  }
}

function deliveryByTcp(socket: Socket, [rtpChannel, rtcpChannel]: [number, number]): Delivery {
  const send = (channel: number, packet: Buffer) => {
    if (!socket.writable) return
    const head = Buffer.from([0x24, channel, packet.length >> 8, packet.length & 0xff])
    socket.cork()
    socket.write(head)
    socket.write(packet)
    // All packets of one access unit leave in one write.
    process.nextTick(() => socket.uncork())
  }
  return {
    kind: 'tcp',
    sendRtp: (packet) => send(rtpChannel, packet),
    sendRtcp: (packet) => send(rtcpChannel, packet),
    queuedBytes: () => socket.writableLength,
    hears: () => false,
  }
}

function deliveryByUdp(udp: UdpPair, address: string, ports: [number, number]): Delivery {
  return {
    kind: 'udp',
    sendRtp: (packet) => udp.rtp.send(packet, ports[0], address),
    sendRtcp: (packet) => udp.rtcp.send(packet, ports[1], address),
    queuedBytes: () => udp.rtp.getSendQueueSize(),
    hears: (from, port) => from === address && port === ports[1],
  }
}
