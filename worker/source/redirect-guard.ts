// Keeps an RTSP server from sending FFmpeg elsewhere: FFmpeg follows a 3xx by itself, to any address. A guard here:
//   watching   until the client says PLAY: answers are passed on whole, after a look at their first line
//   done       FFmpeg follows no redirect any more; bytes are not looked at

export type RedirectGuard = {
  fromClient(chunk: Buffer): void
  /** The bytes that may be passed on now; `undefined` when the connection is to be cut. */
  fromServer(chunk: Buffer): Buffer | undefined
  isDone(): boolean
}

const headMaxBytes = 64 * 1024
const interleavedMark = 0x24

/** `onRedirect` gets the `Location` of the redirect for which the connection is cut. */
export function createRedirectGuard(onRedirect: (location: string) => void): RedirectGuard {
  let isDone = false
  let pending = Buffer.alloc(0)
  return {
    fromClient(chunk) {
      // FFmpeg writes each request at once and waits for its answer.
      if (chunk.subarray(0, 5).toString('latin1') === 'PLAY ') isDone = true
    },
    fromServer(chunk) {
      pending = Buffer.concat([pending, chunk])
      let passedBytes = 0
      while (!isDone) {
        const message = readMessage(pending.subarray(passedBytes))
        if (message === 'wrong') return undefined
        if (message === 'incomplete') break
        if (message.location !== undefined) {
          onRedirect(message.location)
          return undefined
        }
        passedBytes += message.byteCount
      }
      const passed = isDone ? pending : pending.subarray(0, passedBytes)
      pending = isDone ? Buffer.alloc(0) : Buffer.from(pending.subarray(passedBytes))
      return passed
    },
    isDone: () => isDone && pending.length === 0,
  }
}

type Message = { byteCount: number; location: string | undefined }

/** Reads one message as FFmpeg does: carriage returns count for nothing, an empty line ends the head. */
function readMessage(bytes: Buffer): Message | 'incomplete' | 'wrong' {
  if (bytes.length === 0) return 'incomplete'
  if (bytes[0] === interleavedMark) return readInterleaved(bytes)
  const lines = readHead(bytes.subarray(0, headMaxBytes).toString('latin1'))
  if (!lines) return bytes.length >= headMaxBytes ? 'wrong' : 'incomplete'
  const headBytes = lines.reduce((sum, line) => sum + line.length + 1, 0)
  const bodyBytes = Number(lastHeader(lines, 'content-length') ?? 0)
  if (!Number.isInteger(bodyBytes) || bodyBytes < 0 || bodyBytes > headMaxBytes) return 'wrong'
  const byteCount = headBytes + bodyBytes
  const status = /^RTSP\/\S*\s+(\S*)/.exec(withoutReturns(lines[0] ?? ''))?.[1]
  // Whatever does not begin like a plain 1xx, 2xx, 4xx or 5xx may be read as a redirect.
  if (status !== undefined && !/^[1245]\d\d$/.test(status)) {
    return { byteCount, location: lastHeader(lines, 'location') ?? '' }
  }
  return bytes.length < byteCount ? 'incomplete' : { byteCount, location: undefined }
}

function readInterleaved(bytes: Buffer): Message | 'incomplete' {
  const byteCount = bytes.length < 4 ? Number.POSITIVE_INFINITY : 4 + bytes.readUInt16BE(2)
  return bytes.length < byteCount ? 'incomplete' : { byteCount, location: undefined }
}

const withoutReturns = (line: string) => line.replaceAll('\r', '')

/** The lines up to the first empty one, that included; `undefined` when it has not come yet. */
function readHead(text: string): string[] | undefined {
  const lines: string[] = []
  let start = 0
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
    const line = text.slice(start, end)
    lines.push(line)
    if (withoutReturns(line) === '') return lines
    start = end + 1
  }
  return undefined
}

function lastHeader(lines: string[], name: string): string | undefined {
  const line = lines.map(withoutReturns).findLast((text) => text.toLowerCase().startsWith(`${name}:`))
  return line?.slice(name.length + 1).trim()
}
