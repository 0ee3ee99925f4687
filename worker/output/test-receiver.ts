// A webhook receiver for tests.
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Received = { headers: IncomingHttpHeaders; body: string; path: string }
export type Answer = { status: number; headers?: Record<string, string>; until?: Promise<void> }

async function read(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return { headers: request.headers, body: Buffer.concat(chunks).toString(), path: request.url ?? '' }
}

/** `answer` is asked for each request, with its number counting from 0. `port` 0 takes a free one. */
export async function startReceiver(answer: (received: Received, index: number) => Answer, port = 0) {
  const received: Received[] = []
  const waiting = new Set<() => void>()
  const listener: RequestListener = async (request, response) => {
    const one = await read(request)
    const index = received.push(one) - 1
    for (const look of waiting) look()
    const { status, headers, until } = answer(one, index)
    await until
    response.writeHead(status, headers).end('answered')
  }
  const server = createServer(listener).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    received,
    port: (server.address() as AddressInfo).port,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    /** Resolves when `count` requests were received since the start. */
    async until(count: number): Promise<void> {
      while (received.length < count) {
        const { promise, resolve } = Promise.withResolvers<void>()
        waiting.add(resolve)
        await promise
        waiting.delete(resolve)
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
