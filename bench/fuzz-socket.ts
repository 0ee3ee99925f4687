// One connection of the fuzzer: bytes out, the status and body of the first answer in.
import { connect, type Socket } from 'node:net'
import type { FuzzRequest } from './fuzz-request.ts'

const hangAfterMs = 10_000
const endAfterMs = 300

/** `closed`: the connection ended without an answer. `hang`: nothing within ten seconds. */
export type FuzzAnswer =
  | { kind: 'answer'; status: number; head: string; body: string }
  | { kind: 'closed' }
  | { kind: 'hang' }

/** Sends requests one after another, on one connection as long as the server can tell where each ends. */
export class FuzzLane implements Disposable {
  readonly #port: number
  #socket: Socket | undefined

  constructor(port: number) {
    this.#port = port
  }

  async ask(request: FuzzRequest): Promise<FuzzAnswer> {
    const isReused = this.#socket !== undefined
    const answer = await this.#askOnce(request)
    // A kept connection may have been closed by the server for idleness, or for an answer before the body was read.
    return answer.kind === 'closed' && isReused && request.isFramed ? this.#askOnce(request) : answer
  }

  #askOnce(request: FuzzRequest): Promise<FuzzAnswer> {
    const socket = request.isFramed
      ? (this.#socket ?? connect(this.#port, '127.0.0.1'))
      : connect(this.#port, '127.0.0.1')
    socket.setNoDelay(true)
    return new Promise((resolve) => {
      const received: Buffer[] = []
      const done = (answer: FuzzAnswer, isKept: boolean) => {
        clearTimeout(timer)
        clearTimeout(ending)
        socket.removeAllListeners().on('error', () => {})
        if (request.isFramed) this.#socket = isKept ? socket : undefined
        if (!isKept) socket.destroy()
        resolve(answer)
      }
      const timer = setTimeout(() => done({ kind: 'hang' }, false), hangAfterMs)
      // The server waits for the rest of what is not whole, until it is told that nothing more comes.
      const ending = request.isFramed ? undefined : setTimeout(() => socket.end(), endAfterMs)
      const ended = () => done(readAnswer(Buffer.concat(received), request.method, true) ?? { kind: 'closed' }, false)
      socket.on('data', (chunk: Buffer) => {
        received.push(chunk)
        const answer = readAnswer(Buffer.concat(received), request.method, false)
        if (answer) done(answer, request.isFramed && !/^(connection: close|transfer-encoding)/im.test(answer.head))
      })
      socket.on('end', ended).on('error', ended)
      socket.write(request.bytes)
    })
  }

  [Symbol.dispose](): void {
    this.#socket?.destroy()
  }
}

/** The first answer that is not 1xx, once it is whole; at the end of the connection, what there is of it. */
function readAnswer(
  bytes: Buffer,
  method: string,
  isEnd: boolean,
): Extract<FuzzAnswer, { kind: 'answer' }> | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = bytes.subarray(0, end).toString('latin1')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0)
  if (status >= 100 && status < 200) return readAnswer(bytes.subarray(end + 4), method, isEnd)
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
  const body = bytes.subarray(end + 4)
  const hasBody = method !== 'HEAD' && status !== 204 && status !== 304
  if (hasBody && body.length < length && !isEnd) return undefined
  return { kind: 'answer', status, head, body: hasBody ? body.subarray(0, length).toString() : '' }
}
