// A stream of bytes to lines, with a running digest; memory is bounded by the longest line.
import { createHash, type Hash } from 'node:crypto'
import { LineError } from './lines.ts'

export type NumberedLine = {
  /** From 1 on. */
  number: number
  text: string
  /** SHA-256 of all bytes up to the end of this line. */
  digest: () => Buffer
}

// A task of the largest request, and room.
const lineBytesMax = 16 * 1024 * 1024
const lineEnd = 0x0a

/** The lines that are not empty. Errors: `LineError` for one that is too long or no UTF-8. */
export async function* readLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<NumberedLine> {
  const hash = createHash('sha256')
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let number = 0
  for await (const line of splitLines(bytes)) {
    number++
    hash.update(line)
    const text = decode(decoder, line, number).trim()
    if (text !== '') yield { number, text, digest: () => digestOf(hash) }
  }
}

const digestOf = (hash: Hash) => hash.copy().digest()

function decode(decoder: TextDecoder, line: Uint8Array, number: number): string {
  try {
    return decoder.decode(line)
  } catch {
    throw new LineError(`line ${number}: expected UTF-8, given something else`)
  }
}

/** Each with its end. */
async function* splitLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = []
  let partsBytes = 0
  for await (const chunk of bytes) {
    let from = 0
    for (let end = chunk.indexOf(lineEnd); end >= 0; end = chunk.indexOf(lineEnd, from)) {
      yield parts.length === 0
        ? chunk.subarray(from, end + 1)
        : Buffer.concat([...parts, chunk.subarray(from, end + 1)])
      parts = []
      partsBytes = 0
      from = end + 1
    }
    if (from === chunk.length) continue
    parts.push(chunk.subarray(from))
    partsBytes += chunk.length - from
    if (partsBytes > lineBytesMax) throw new LineError(`a line is longer than ${lineBytesMax} bytes`)
  }
  if (parts.length > 0) yield Buffer.concat(parts)
}
