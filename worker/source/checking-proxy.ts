// A proxy on loopback through which FFmpeg fetches http and https: playlists, segments and redirect targets are each
// judged by the address policy and pinned when they are connected, which the demuxer cannot do. TLS is spoken here.
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { AddressPolicy } from '@sightline/contract/fleet.ts'
import { checkedAddresses } from '../checked-connect.ts'
import { connectAny, secure } from './connect-any.ts'
import { originalUrl, withProxiedUrls } from './proxied-url.ts'

export type CheckingProxy = AsyncDisposable & {
  /** For FFmpeg's `http_proxy`; addresses are given as `proxiedUrl` writes them. */
  url: string
  /** Why the last request failed before an answer; absent when it was answered. */
  lastFailure(): unknown
}

type ProxyState = { policy: AddressPolicy; failure: unknown; sockets: Set<Socket> }

/** Opens a proxy for one source. It serves only connections from this machine, under the policy of that source. */
export async function openCheckingProxy(policy: AddressPolicy): Promise<CheckingProxy> {
  const state: ProxyState = { policy, failure: undefined, sockets: new Set() }
  const server = createServer((incoming, outgoing) => void forward(state, incoming, outgoing))
  server.on('connection', (socket) => track(state, socket))
  server.on('connect', (_incoming, socket) => socket.destroy())
  server.on('clientError', (_error, socket) => socket.destroy())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lastFailure: () => state.failure,
    [Symbol.asyncDispose]: () => close(server, state),
  }
}

function track(state: ProxyState, socket: Socket): void {
  state.sockets.add(socket)
  socket.once('close', () => state.sockets.delete(socket))
  // A cut connection is FFmpeg's to report; here it only ends.
  socket.on('error', () => socket.destroy())
}

async function close(server: Server, state: ProxyState): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  for (const socket of state.sockets) socket.destroy()
  await closed
}

const hopByHop = ['proxy-connection', 'proxy-authorization', 'connection', 'keep-alive', 'te', 'upgrade']
const withoutHops = (headers: IncomingMessage['headers']) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.includes(name)))

const ignore = () => undefined

async function forward(state: ProxyState, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  outgoing.on('error', ignore)
  try {
    const target = originalUrl(incoming.url ?? '')
    if (!target) throw new Error('a request names no http address')
    const socket = await connectChecked(state, target)
    outgoing.once('close', () => socket.destroy())
    const upstream = request({
      method: incoming.method ?? 'GET',
      path: target.pathname + target.search,
      headers: { ...withoutHops(incoming.headers), host: target.host, connection: 'close' },
      createConnection: () => socket,
    })
    // A connection that breaks later is told to the answer as well, which cuts FFmpeg's half.
    upstream.on('error', ignore)
    upstream.end()
    const [answer] = (await once(upstream, 'response')) as [IncomingMessage]
    state.failure = undefined
    await relay(answer, outgoing)
  } catch (error) {
    state.failure = error
    if (outgoing.headersSent) outgoing.destroy()
    else outgoing.writeHead(502, { 'content-length': 0 }).end()
  }
}

/** Connects to an allowed address of the host; the certificate of https must be valid for the host's name. */
async function connectChecked(state: ProxyState, target: URL): Promise<Socket> {
  const isTls = target.protocol === 'https:'
  const port = Number(target.port) || (isTls ? 443 : 80)
  const tcp = await connectAny(await checkedAddresses(target.hostname, port, state.policy), port)
  track(state, tcp)
  if (!isTls) return tcp
  const tls = await secure(tcp, target.hostname)
  track(state, tls)
  return tls
}

/** Passes the answer on; one that is cut short cuts the other half too, so that FFmpeg sees that it is not whole. */
async function relay(answer: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const headers = withoutHops(answer.headers)
  delete headers['transfer-encoding']
  if (typeof headers.location === 'string') headers.location = withProxiedUrls(headers.location)
  if (await isPlaylist(answer)) {
    const text = withProxiedUrls(await readPlaylist(answer))
    outgoing.writeHead(answer.statusCode ?? 502, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text)
    return
  }
  outgoing.writeHead(answer.statusCode ?? 502, headers)
  answer.on('error', () => outgoing.destroy())
  answer.pipe(outgoing)
}

/** By its first line, which servers get right more often than the type. The body can still be read from its start. */
async function isPlaylist(answer: IncomingMessage): Promise<boolean> {
  await once(answer, 'readable')
  const start = answer.read() as Buffer | null
  if (start === null) return false
  answer.unshift(start)
  return /^(\uFEFF)?#EXTM3U/.test(start.subarray(0, 16).toString())
}

const playlistMaxBytes = 4 * 1024 * 1024

async function readPlaylist(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let byteCount = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    byteCount += chunk.length
    if (byteCount > playlistMaxBytes) throw new Error('a playlist is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
