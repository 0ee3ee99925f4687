// The demo's webhook receiver.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ResultMessage } from '@sightline/contract/result.ts'

/** A picture of 1080p is under 1 MiB; anything over 8 MiB is not a result. */
const maxBodyBytes = 8 * 1024 * 1024

export type Receiver = { url: string; [Symbol.asyncDispose](): Promise<void> }

/** Listens on a free loopback port and calls `onMessage` with each result message; anything else is answered 400. */
export async function startReceiver(onMessage: (message: ResultMessage) => void): Promise<Receiver> {
  const server = createServer((request, response) => {
    readBody(request)
      .then((body) => {
        onMessage(ResultMessage.parse(JSON.parse(body)))
        response.writeHead(200).end()
      })
      .catch(() => response.writeHead(400).end())
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/results`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    if (sizeBytes > maxBodyBytes) throw new Error('the message is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
