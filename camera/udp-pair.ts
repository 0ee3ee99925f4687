// A pair of UDP ports for RTP and RTCP.
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'

/** The server's ends of RTP and RTCP over UDP, shared by all sessions. */
export type UdpPair = { rtp: UdpSocket; rtcp: UdpSocket }

const portPairTries = 50

/** RTP takes an even port and RTCP the next one (RFC 3550, 11). Errors: throws if no pair is free. */
export async function openUdpPair(host: string): Promise<UdpPair> {
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

export async function closeUdpPair({ rtp, rtcp }: UdpPair): Promise<void> {
  await Promise.all(
    [rtp, rtcp].map(async (socket) => {
      socket.close()
      await once(socket, 'close')
    }),
  )
}
