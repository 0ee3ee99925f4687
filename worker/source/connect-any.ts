import type { LookupAddress } from 'node:dns'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const connectWithinMs = 8000

/**
 * A TCP connection to whichever of a host's checked addresses answers first, in their order.
 *
 * Errors: throws the error of the first address; `ETIMEDOUT` when none answered within 8 s.
 */
export async function connectAny(addresses: readonly LookupAddress[], port: number): Promise<Socket> {
  // The name is a stand-in: the look-up answers with the addresses that were checked, whatever is asked.
  const socket = connect({
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
