// A viewer for tests: speaks RTSP by hand and hands out what arrives, packet by packet.
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export type Reply = { status: number; headers: Map<string, string>; body: string }

/** One RTP packet, its header read. */
export type RtpPacket = { sequence: number; timestamp: number; isLast: boolean; payload: Buffer }

export type Viewer = {
  socket: Socket
  /** Sends one request and waits for its reply. */
  ask(method: string, url: string, headers?: Record<string, string>): Promise<Reply>
  /** The next packet, past ones included, in order. */
  packet(): Promise<RtpPacket>
  /** RTCP packets so far. */
  reports: Buffer[]
  close(): void
}

type Queue<T> = { push(item: T): void; next(): Promise<T> }

function openQueue<T>(): Queue<T> {
  const items: T[] = []
  const waiting: ((item: T) => void)[] = []
  return {
    push(item) {
      const wake = waiting.shift()
      if (wake) wake(item)
      else items.push(item)
    },
    next() {
      const [item] = items
      if (item === undefined) return new Promise((resolve) => waiting.push(resolve))
      items.shift()
      return Promise.resolve(item)
    },
  }
}

export async function openViewer(url: string): Promise<Viewer> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  const replies = openQueue<Reply>()
  const packets = openQueue<RtpPacket>()
  const reports: Buffer[] = []
  let rest: Buffer = Buffer.alloc(0)
  socket.on('error', () => {})
  socket.on('data', (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes])
    for (let used = take(rest); used > 0; used = take(rest)) rest = rest.subarray(used)
  })
  const take = (bytes: Buffer): number => {
    if (bytes.length < 4) return 0
    if (bytes[0] !== 0x24) return takeReply(bytes, replies)
    const end = 4 + bytes.readUInt16BE(2)
    if (bytes.length < end) return 0
    const data = bytes.subarray(4, end)
    if (bytes[1] === 0) packets.push(readRtp(data))
    else reports.push(data)
    return end
  }
  let cseq = 0
  return {
    socket,
    reports,
    ask(method, target, headers = {}) {
      const lines = Object.entries({ CSeq: String(++cseq), ...headers }).map(([name, value]) => `${name}: ${value}`)
      socket.write(`${method} ${target} RTSP/1.0\r\n${lines.join('\r\n')}\r\n\r\n`)
      return replies.next()
    },
    packet: () => packets.next(),
    close: () => socket.destroy(),
  }
}

function takeReply(bytes: Buffer, replies: Queue<Reply>): number {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return 0
  const [first = '', ...lines] = bytes.subarray(0, end).toString().split('\r\n')
  const headers = new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  )
  const bodyEnd = end + 4 + Number(headers.get('content-length') ?? '0')
  if (bytes.length < bodyEnd) return 0
  replies.push({ status: Number(first.split(' ')[1]), headers, body: bytes.subarray(end + 4, bodyEnd).toString() })
  return bodyEnd
}

export function readRtp(data: Buffer): RtpPacket {
  return {
    sequence: data.readUInt16BE(2),
    timestamp: data.readUInt32BE(4),
    isLast: ((data[1] ?? 0) & 0x80) !== 0,
    payload: Buffer.from(data.subarray(12)),
  }
}

/** Asks for an address by TCP and starts it; gives the session's id. */
export async function play(viewer: Viewer, url: string, transport = 'RTP/AVP/TCP;interleaved=0-1'): Promise<string> {
  const setup = await viewer.ask('SETUP', `${url}/trackID=0`, { Transport: transport })
  const session = setup.headers.get('session')?.split(';')[0] ?? ''
  await viewer.ask('PLAY', url, { Session: session, Range: 'npt=0-' })
  return session
}

/** An even port and the next one, for RTP and RTCP. */
export async function openPorts(): Promise<{ rtp: UdpSocket; rtcp: UdpSocket; ports: string }> {
  for (;;) {
    const rtp = createSocket('udp4')
    rtp.bind(0, '127.0.0.1')
    await once(rtp, 'listening')
    const port = rtp.address().port
    const rtcp = createSocket('udp4')
    rtcp.bind(port + 1, '127.0.0.1')
    const isOpen = await once(rtcp, 'listening').then(
      () => true,
      () => false,
    )
    if (isOpen && port % 2 === 0) return { rtp, rtcp, ports: `${port}-${port + 1}` }
    rtp.close()
    rtcp.close()
  }
}
