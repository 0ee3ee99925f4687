// TLS for rtsps and rtmps: FFmpeg would not check the name of a certificate once the address is pinned, so the TLS is
// spoken here and FFmpeg connects to a port on loopback in clear.
import { once } from 'node:events'
import { type AddressInfo, createServer, isIP, type Socket } from 'node:net'
import { connect } from 'node:tls'

export type TlsRelay = AsyncDisposable & { port: number; lastFailure(): unknown }

/** Relays each connection to `address:port`, whose certificate must be valid for `host`. */
export async function openTlsRelay(target: { address: string; port: number; host: string }): Promise<TlsRelay> {
  const sockets = new Set<Socket>()
  let failure: unknown
  const server = createServer((local) => {
    const name = isIP(target.host) ? {} : { servername: target.host }
    const remote = connect({ host: target.address, port: target.port, ...name })
    for (const [one, other] of [
      [local, remote],
      [remote, local],
    ] as const) {
      sockets.add(one)
      one.on('error', (error) => {
        if (one === remote) failure = error
        other.destroy()
      })
      one.once('close', () => {
        sockets.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    lastFailure: () => failure,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}
