// One RTSP connection: bytes in, answers and interleaved packets out.
import type { Socket } from 'node:net'
import { formatAnswer, openRtspReader, type RtspAnswer, RtspSyntaxError } from './rtsp-message.ts'
import { answerRequest, type Peer, type RtspState } from './rtsp-methods.ts'
import type { Delivery, RtspSession } from './rtsp-session.ts'
import type { UdpPair } from './udp-pair.ts'

// A connection on which nothing moves in either direction for this long is closed.
const idleLimitMs = 120_000
// A client that leaves this much unread, answers included, is not served on.
const maxUnreadBytes = 4_194_304

/** Answers what comes on a connection, until it ends. `settle` is called whenever a session may have changed. */
export function serveConnection(socket: Socket, state: RtspState, udp: UdpPair, settle: () => void): void {
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
