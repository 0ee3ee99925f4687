import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { connect, isIP, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** For a connection, and again for its handshake. */
const connectWithinMs = 8000

/**
 * A TCP connection to whichever of a host's checked addresses answers first, in their order.
 *
 * Errors: throws the error of the first address; `ETIMEDOUT` when none answered within 8 s.
 */
export async function connectAny(
  addresses: readonly LookupAddress[],
  port: number,
  options: { onread?: OnReadOpts } = {},
): Promise<Socket> {
  // The name is a stand-in: the look-up answers with the addresses that were checked, whatever is asked.
  const socket = connect({
    ...options,
    host: 'checked.invalid',
    port,
    autoSelectFamily: true,
    lookup: (_host, options, answer) => {
      const [first] = addresses
      if (options.all) answer(null, [...addresses])
      else answer(null, first?.address ?? '', first?.family)
    },
  })
  const signal = AbortSignal.timeout(connectWithinMs)
  try {
    await once(socket, 'connect', { signal })
    return socket
  } catch (error) {
    socket.destroy()
    throw signal.aborted ? Object.assign(new Error('no answer', { cause: error }), { code: 'ETIMEDOUT' }) : error
  }
}

/**
 * Speaks TLS over a connection; the certificate must be valid for `host`, which may be an address.
 *
 * Errors: throws Node's TLS error when it is not.
 */
export async function secure(tcp: Socket, host: string): Promise<Socket> {
  const name = host.replace(/^\[|\]$/g, '')
  const tls = connectTls({ socket: tcp, host: name, ...(isIP(name) ? {} : { servername: name }) })
  // What breaks later is told to `tls`, and to whoever listens there.
  tcp.on('error', () => undefined)
  tls.on('error', () => tcp.destroy())
  try {
    await once(tls, 'secureConnect', { signal: AbortSignal.timeout(connectWithinMs) })
    return tls
  } catch (error) {
    tcp.destroy()
    throw error
  }
}
