// A small RTSP 1.0 server for live tracks: connections, the pair of UDP ports, and who is listening.
import { randomBytes } from 'node:crypto'
import type { Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { payloadsOf } from './rtp.ts'
import type { Credentials } from './rtsp-auth.ts'
import { serveConnection } from './rtsp-connection.ts'
import { type RtspState, sessionTimeoutS } from './rtsp-methods.ts'
import type { LiveTrack, RtspSession } from './rtsp-session.ts'
import { closeUdpPair, openUdpPair } from './udp-pair.ts'

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

/**
 * Serves live tracks until it is disposed.
 *
 * Errors: rejects if the address cannot be taken; a client can never make it throw.
 * Source: RFC 2326, 3550, 6184.
 */
export async function openRtspServer(options: RtspServerOptions): Promise<RtspServer> {
  const { host, tracks, nowMs, credentials } = options
  const udp = await openUdpPair(host)
  const sessions = new Map<string, RtspSession>()
  const nonce = randomBytes(16).toString('hex')
  const serverPorts: [number, number] = [udp.rtp.address().port, udp.rtcp.address().port]
  const state: RtspState = { tracks, sessions, credentials, nonce, serverPorts, nowMs }
  const settle = openFeeds(tracks, sessions)
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    serveConnection(socket, state, udp, settle)
  })
  server.maxConnections = maxConnectionCount
  hearReports(udp.rtcp, sessions, nowMs)
  const port = await listen(server, host, options.port).catch(async (error: unknown) => {
    await closeUdpPair(udp)
    throw error
  })
  const sweep = () => {
    endSilent(sessions, nowMs())
    settle()
  }
  const sweeper = setInterval(sweep, sweepEveryMs)
  const close = async () => {
    clearInterval(sweeper)
    for (const session of sessions.values()) session.end()
    sessions.clear()
    settle()
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
    await closeUdpPair(udp)
  }
  return { host, port, sessions: () => [...sessions.values()], sweep, [Symbol.asyncDispose]: close }
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return address.port
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

/** Gives a function that starts and stops listening to the tracks as sessions come and go. */
function openFeeds(tracks: Map<string, LiveTrack>, sessions: Map<string, RtspSession>): () => void {
  const feeds = [...tracks].map(([path, track]) => openFeed(path, track, sessions))
  return () => {
    for (const feed of feeds) feed.settle()
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
