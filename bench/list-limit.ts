// The limit that the list is measured against: the best hand-written statement alone through the driver, and an HTTP
// server that does nothing but send the same bytes.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { fileURLToPath } from 'node:url'

const childFile = fileURLToPath(new URL('list-limit-server.ts', import.meta.url))

export type BytesServer = AsyncDisposable & { port: number; setBody(body: string): Promise<void> }

/** A bare `node:http` server in a process of its own. */
export async function startBytesServer(): Promise<BytesServer> {
  const child: ChildProcess = fork(childFile, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const [port] = (await once(child, 'message')) as [number]
  return {
    port,
    setBody: async (body) => {
      child.send(body)
      await once(child, 'message')
    },
    [Symbol.asyncDispose]: async () => {
      child.kill()
      await once(child, 'exit')
    },
  }
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 })

export type Asked = { status: number; body: string }

/** One request over a kept connection, as cheap as Node makes it. */
export function ask(options: {
  port: number
  path: string
  method?: string
  headers?: Record<string, string>
  body?: string
}): Promise<Asked> {
  const { body, ...rest } = options
  const answered = Promise.withResolvers<Asked>()
  const sent = request({ host: '127.0.0.1', agent, ...rest }, (response: IncomingMessage) => {
    const chunks: Buffer[] = []
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('end', () => {
      answered.resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') })
    })
    response.on('error', answered.reject)
  })
  sent.on('error', answered.reject)
  sent.end(body)
  return answered.promise
}

export function closeConnections(): void {
  agent.destroy()
}

/** Requests at a time where a rate is measured. */
export const parallel = 8
const loadForMs = 3_000

/** How often a second something is done by `parallel` at once. */
export async function rateOf(act: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  let done = 0
  const worker = async () => {
    while (performance.now() < startedMs + loadForMs) {
      await act()
      done++
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker))
  return done / ((performance.now() - startedMs) / 1_000)
}
