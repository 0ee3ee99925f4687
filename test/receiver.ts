// A webhook receiver that keeps what it got and lets a test wait for it.
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ResultMessage } from '@sightline/contract/result.ts'

export type Received = { message: ResultMessage; headers: IncomingHttpHeaders; atMs: number }

export type Receiver = {
  url: string
  port: number
  /** In order of arrival. */
  received: Received[]
  /** The status of the next answers; 200 unless set. */
  answer: { status: number }
  /** The first received message that `wanted` accepts, past ones included. */
  next(wanted: (received: Received) => boolean, withinMs: number): Promise<Received>
  [Symbol.asyncDispose](): Promise<void>
}

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = []
  const waiting = new Set<(one: Received) => void>()
  const answer = { status: 200 }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    if (answer.status === 200) {
      const message = ResultMessage.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')))
      const one = { message, headers: request.headers, atMs: Date.now() }
      received.push(one)
      for (const wake of waiting) wake(one)
    }
    response.writeHead(answer.status).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/results`,
    port,
    received,
    answer,
    next: (wanted, withinMs) => nextOf(received, waiting, wanted, withinMs),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function nextOf(
  received: Received[],
  waiting: Set<(one: Received) => void>,
  wanted: (one: Received) => boolean,
  withinMs: number,
): Promise<Received> {
  const past = received.find(wanted)
  if (past) return Promise.resolve(past)
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      waiting.delete(wake)
      reject(new Error(`no such message within ${withinMs} ms; ${received.length} came`))
    }, withinMs)
    const wake = (one: Received) => {
      if (!wanted(one)) return
      clearTimeout(timer)
      waiting.delete(wake)
      resolve(one)
    }
    waiting.add(wake)
  })
}
