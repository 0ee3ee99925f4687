// The words of RTSP 1.0 (RFC 2326): requests and interleaved packets out of a byte stream, answers into one.

export type RtspRequest = {
  kind: 'request'
  method: string
  url: string
  version: string
  /** Names in lower case; a repeated header keeps its last value. */
  headers: Map<string, string>
  body: Buffer
}

/** A packet that a client sends between requests: a receiver report, as a rule. */
export type Interleaved = { kind: 'interleaved'; channel: number; data: Buffer }

/** Bytes that are no RTSP. The connection is to be closed after the answer, since its next message cannot be found. */
export class RtspSyntaxError extends Error {
  override name = 'RtspSyntaxError'
  status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const maxHeadBytes = 16_384
const maxBodyBytes = 65_536
const headEnd = Buffer.from('\r\n\r\n')

/** Cuts a byte stream into messages; holds at most one unfinished message. */
export type RtspReader = {
  /** Errors: throws `RtspSyntaxError` for what can never become a message. */
  read(bytes: Buffer): (RtspRequest | Interleaved)[]
}

export function openRtspReader(): RtspReader {
  let rest: Buffer = Buffer.alloc(0)
  return {
    read(bytes) {
      rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
      const messages: (RtspRequest | Interleaved)[] = []
      for (let next = readOne(rest); next; next = readOne(rest)) {
        rest = rest.subarray(next.usedBytes)
        if (next.message) messages.push(next.message)
      }
      return messages
    },
  }
}

type Read = { message?: RtspRequest | Interleaved; usedBytes: number }

function readOne(bytes: Buffer): Read | undefined {
  if (bytes.length === 0) return undefined
  if (bytes[0] === 0x24) return readInterleaved(bytes)
  // Some clients put empty lines between requests.
  if (bytes[0] === 0x0d || bytes[0] === 0x0a) return { usedBytes: 1 }
  return readRequest(bytes)
}

function readInterleaved(bytes: Buffer): Read | undefined {
  if (bytes.length < 4) return undefined
  const end = 4 + bytes.readUInt16BE(2)
  if (bytes.length < end) return undefined
  const data = Buffer.from(bytes.subarray(4, end))
  return { message: { kind: 'interleaved', channel: bytes[1] ?? 0, data }, usedBytes: end }
}

function readRequest(bytes: Buffer): Read | undefined {
  const end = bytes.indexOf(headEnd)
  if (end > maxHeadBytes || (end === -1 && bytes.length > maxHeadBytes)) {
    throw new RtspSyntaxError(400, `a head is longer than ${maxHeadBytes} bytes`)
  }
  if (end === -1) return undefined
  const [first = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const words = /^([A-Z_]+) (\S+) (RTSP\/\d\.\d)$/.exec(first)
  if (!words) throw new RtspSyntaxError(400, 'a request line is not METHOD URL VERSION')
  const headers = new Map(lines.map(toHeader))
  const bodyBytes = bodyLength(headers.get('content-length'))
  const bodyAt = end + headEnd.length
  if (bytes.length < bodyAt + bodyBytes) return undefined
  const [, method = '', url = '', version = ''] = words
  const body = Buffer.from(bytes.subarray(bodyAt, bodyAt + bodyBytes))
  return { message: { kind: 'request', method, url, version, headers, body }, usedBytes: bodyAt + bodyBytes }
}

function toHeader(line: string): [string, string] {
  const colon = line.indexOf(':')
  if (colon < 1) throw new RtspSyntaxError(400, 'a header line has no name')
  return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]
}

function bodyLength(value: string | undefined): number {
  if (value === undefined) return 0
  if (!/^\d{1,9}$/.test(value)) throw new RtspSyntaxError(400, 'Content-Length is no number')
  const bytes = Number(value)
  if (bytes > maxBodyBytes) throw new RtspSyntaxError(413, `a body is longer than ${maxBodyBytes} bytes`)
  return bytes
}

const reasons: Record<number, string> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Request Entity Too Large',
  451: 'Parameter Not Understood',
  453: 'Not Enough Bandwidth',
  454: 'Session Not Found',
  455: 'Method Not Valid in This State',
  457: 'Invalid Range',
  459: 'Aggregate Operation Not Allowed',
  461: 'Unsupported Transport',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  505: 'RTSP Version Not Supported',
  551: 'Option Not Supported',
}

export type RtspAnswer = { status: number; headers?: Record<string, string>; body?: string }

export function formatAnswer(answer: RtspAnswer, cseq: string | undefined): string {
  const body = answer.body === undefined ? '' : answer.body
  const lines = [`RTSP/1.0 ${answer.status} ${reasons[answer.status] ?? 'Error'}`]
  if (cseq !== undefined) lines.push(`CSeq: ${cseq}`)
  lines.push('Server: Sightline camera')
  for (const [name, value] of Object.entries(answer.headers ?? {})) lines.push(`${name}: ${value}`)
  if (body !== '') lines.push(`Content-Length: ${Buffer.byteLength(body)}`)
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

/** How a client wants its packets; ports and channels are pairs, RTP first. */
export type WantedTransport =
  | { kind: 'tcp'; channels: [number, number] | undefined }
  | { kind: 'udp'; ports: [number, number] }

/**
 * The first way of delivery in a `Transport` header that this server knows: interleaved TCP or unicast UDP.
 *
 * Source: RFC 2326, 12.39.
 */
export function parseTransport(header: string): WantedTransport | undefined {
  for (const offer of header.split(',')) {
    const wanted = parseOffer(offer.trim())
    if (wanted) return wanted
  }
  return undefined
}

function parseOffer(offer: string): WantedTransport | undefined {
  const [protocol = '', ...parameters] = offer.split(';').map((part) => part.trim())
  const values = new Map(parameters.map((part) => part.split('=', 2) as [string, string | undefined]))
  const mode = values.get('mode')?.replaceAll('"', '').toLowerCase()
  if (values.has('multicast') || (mode !== undefined && mode !== 'play')) return undefined
  if (/^RTP\/AVP\/TCP$/i.test(protocol)) {
    const asked = values.get('interleaved')
    const channels = pairOf(asked, 255)
    return asked !== undefined && !channels ? undefined : { kind: 'tcp', channels }
  }
  if (!/^RTP\/AVP(\/UDP)?$/i.test(protocol)) return undefined
  const ports = pairOf(values.get('client_port'), 65_535)
  return ports && ports[0] > 0 ? { kind: 'udp', ports } : undefined
}

function pairOf(text: string | undefined, max: number): [number, number] | undefined {
  const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text ?? '')
  if (!found) return undefined
  const first = Number(found[1])
  const second = found[2] === undefined ? first + 1 : Number(found[2])
  return first <= max && second <= max ? [first, second] : undefined
}
