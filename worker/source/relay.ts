// A port on loopback that leads to one server: FFmpeg connects to it instead of the server, so that the address is the
// one that was judged, TLS is spoken by Node with the name of the certificate checked, and RTSP is kept from leading
// elsewhere.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { RedirectGuard } from './redirect-guard.ts'

export type Relay = AsyncDisposable & {
  port: number
  /** Why the last connection to the server could not be made or broke. */
  lastFailure(): unknown
}

/** Every connection to the port is joined with one that `connectServer` makes; `createGuard` watches what comes back. */
export async function openRelay(
  connectServer: () => Promise<Socket>,
  createGuard?: () => RedirectGuard,
): Promise<Relay> {
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
    connectServer().then(
      (remote) => {
        track(remote)
        join(client, remote, createGuard?.())
      },
      (error: unknown) => {
        state.failure = error
        client.destroy()
      },
    )
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

function join(client: Socket, remote: Socket, guard: RedirectGuard | undefined): void {
  client.once('close', () => remote.destroy())
  remote.once('close', () => client.end())
  client.pipe(remote)
  if (guard) watchServer(client, remote, guard)
  else remote.pipe(client)
}

function watchServer(client: Socket, remote: Socket, guard: RedirectGuard): void {
  client.on('data', (chunk: Buffer) => guard.fromClient(chunk))
  const onData = (chunk: Buffer) => {
    const passed = guard.fromServer(chunk)
    if (passed) client.write(passed)
    else remote.destroy()
    if (!guard.isDone()) return
    remote.off('data', onData)
    remote.pipe(client)
  }
  remote.on('data', onData)
}
