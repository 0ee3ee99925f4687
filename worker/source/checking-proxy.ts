// A proxy on loopback through which FFmpeg fetches http and https: playlists, segments and redirect targets are each
// judged by the address policy and pinned when they are connected, which the demuxer cannot do.
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { AddressPolicy } from '@sightline/contract/fleet.ts'
import { checkedAddresses } from '../checked-connect.ts'

export type CheckingProxy = AsyncDisposable & {
  /** For FFmpeg's `http_proxy`. */
  url: string
  /** Why the last connection could not be made; absent when it was made. */
  lastFailure(): unknown
  /** Whether bytes of a TLS tunnel flowed, so that a failure after it is one of TLS. */
  sawTunnel(): boolean
}

type ProxyState = { policy: AddressPolicy; failure: unknown; sawTunnel: boolean; sockets: Set<Socket> }

const connectWithinMs = 8000

/** Opens a proxy for one source. It serves only connections from this machine, under the policy of that source. */
export async function openCheckingProxy(policy: AddressPolicy): Promise<CheckingProxy> {
  const state: ProxyState = { policy, failure: undefined, sawTunnel: false, sockets: new Set() }
  const server = createServer((incoming, outgoing) => void forward(state, incoming, outgoing))
  server.on('connect', (incoming, socket: Socket, head: Buffer) => void tunnel(state, incoming, socket, head))
  server.on('connection', (socket) => track(state, socket))
  server.on('clientError', (_error, socket) => socket.destroy())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lastFailure: () => state.failure,
    sawTunnel: () => state.sawTunnel,
    [Symbol.asyncDispose]: () => close(server, state),
  }
}

function track(state: ProxyState, socket: Socket): void {
  state.sockets.add(socket)
  socket.once('close', () => state.sockets.delete(socket))
  // A cut connection is FFmpeg's to report; here it only ends the other half.
  socket.on('error', () => socket.destroy())
}

async function close(server: Server, state: ProxyState): Promise<void> {
  server.close()
  for (const socket of state.sockets) socket.destroy()
  if (server.listening) await once(server, 'close')
}

/** Connects to the first allowed address of a host; notes why it failed. */
async function connectChecked(state: ProxyState, host: string, port: number): Promise<Socket> {
  state.failure = undefined
  try {
    const [address] = await checkedAddresses(host, port, state.policy)
    const socket = connect({ host: address?.address ?? '', port })
    track(state, socket)
    await once(socket, 'connect', { signal: AbortSignal.timeout(connectWithinMs) }).catch((error: unknown) => {
      socket.destroy()
      throw error
    })
    return socket
  } catch (error) {
    state.failure = error
    throw error
  }
}

async function tunnel(state: ProxyState, incoming: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
  const target = URL.parse(`http://${incoming.url}`)
  try {
    if (!target) throw new Error('a CONNECT names no host')
    const upstream = await connectChecked(state, target.hostname, Number(target.port) || 443)
    state.sawTunnel = true
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    upstream.write(head)
    upstream.pipe(socket)
    socket.pipe(upstream)
    upstream.once('close', () => socket.destroy())
    socket.once('close', () => upstream.destroy())
  } catch {
    socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n')
  }
}

const hopByHop = ['proxy-connection', 'proxy-authorization', 'connection', 'keep-alive', 'te', 'upgrade']

async function forward(state: ProxyState, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const target = URL.parse(incoming.url ?? '')
  try {
    if (target?.protocol !== 'http:') throw new Error('a request names no http address')
    const socket = await connectChecked(state, target.hostname, Number(target.port) || 80)
    const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !hopByHop.includes(name)))
    const upstream = request({
      method: incoming.method ?? 'GET',
      path: target.pathname + target.search,
      headers: { ...headers, host: target.host, connection: 'close' },
      createConnection: () => socket,
    })
    upstream.end()
    outgoing.once('close', () => socket.destroy())
    const [answer] = (await once(upstream, 'response')) as [IncomingMessage]
    relay(answer, outgoing)
  } catch {
    outgoing.writeHead(502, { 'content-length': 0 }).end()
  }
}

/** Passes the answer on; one that is cut short cuts the other half too, so that FFmpeg sees it is not whole. */
function relay(answer: IncomingMessage, outgoing: ServerResponse): void {
  const headers = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !hopByHop.includes(name)))
  delete headers['transfer-encoding']
  outgoing.writeHead(answer.statusCode ?? 502, headers)
  answer.on('error', () => outgoing.destroy())
  answer.on('aborted', () => outgoing.destroy())
  answer.pipe(outgoing)
}
