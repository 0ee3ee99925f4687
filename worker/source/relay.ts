// A port on loopback that leads to one server: FFmpeg connects to it instead of the server, so that the address is the
// one that was judged, TLS is spoken by Node with the name of the certificate checked, and RTSP is kept from leading
// elsewhere.
import { once } from 'node:events'
import { type AddressInfo, createServer, type OnReadOpts, type Socket } from 'node:net'
import type { RedirectGuard } from './redirect-guard.ts'

export type Relay = AsyncDisposable & {
  port: number
  /** Why the last connection to the server could not be made or broke. */
  lastFailure(): unknown
}

/** Connects to the server. A connection in clear reads as `onread` says; one with TLS gives `data` events. */
export type ConnectServer = (onread: OnReadOpts) => Promise<Socket>

/** Every connection to the port is joined with one that `connectServer` makes; `createGuard` watches what comes back. */
export async function openRelay(connectServer: ConnectServer, createGuard?: () => RedirectGuard): Promise<Relay> {
  const sockets = new Set<Socket>()
  const state: { failure: unknown } = { failure: undefined }
  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', (error) => {
      state.failure ??= error
    })
  }
  const server = createServer((client) => {
    track(client)
    joinServer(client, { connectServer, guard: createGuard?.(), track }).catch((error: unknown) => {
      state.failure = error
      client.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    lastFailure: () => state.failure,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/**
 * A camera sends a frame as a dozen small segments; taken together they cost a fifth of the wake-ups. In 40 ms a stream
 * of 20 Mbit/s fills 100 KB.
 */
const readEveryMs = 40
const readMaxBytes = 128 * 1024

type Joining = { connectServer: ConnectServer; guard: RedirectGuard | undefined; track(socket: Socket): void }

async function joinServer(client: Socket, { connectServer, guard, track }: Joining): Promise<void> {
  let remote: Socket | undefined
  const pass = (chunk: Buffer): boolean => {
    const passed = guard && !guard.isDone() ? guard.fromServer(chunk) : chunk
    if (passed) return client.write(Buffer.from(passed))
    remote?.destroy()
    return true
  }
  const resume = () => remote?.resume()
  const callback = (byteCount: number, buffer: Uint8Array): boolean => {
    const hasRoom = pass(Buffer.from(buffer.buffer, buffer.byteOffset, byteCount))
    if (guard && !guard.isDone()) return true
    if (hasRoom) setTimeout(resume, readEveryMs)
    else client.once('drain', resume)
    return false
  }
  remote = await connectServer({ buffer: Buffer.allocUnsafe(readMaxBytes), callback })
  track(remote)
  remote.on('data', (chunk: Buffer) => {
    if (pass(chunk)) return
    remote?.pause()
    client.once('drain', resume)
  })
  client.once('close', () => remote?.destroy())
  remote.once('close', () => client.end())
  if (client.destroyed) remote.destroy()
  if (guard) client.on('data', (chunk: Buffer) => guard.fromClient(chunk))
  client.pipe(remote)
}
