// How FFmpeg reaches an address: through the checking proxy, through a relay, at a pinned address, or as a file.
import type { LookupAddress } from 'node:dns'
import type { OnReadOpts, Socket } from 'node:net'
import type { AddressPolicy } from '@sightline/contract/fleet.ts'
import { checkedAddresses } from '../checked-connect.ts'
import { openCheckingProxy } from './checking-proxy.ts'
import { connectAny, secure } from './connect-any.ts'
import type { MediaScheme } from './media-options.ts'
import { proxiedUrl } from './proxied-url.ts'
import { createRedirectGuard } from './redirect-guard.ts'
import { openRelay } from './relay.ts'
import { sourceError } from './source-error.ts'

export type SourceContext = {
  signal: AbortSignal
  policy: AddressPolicy
  /** Whether `file:` addresses are opened: when the task itself names one. The server admits those of administrators only. */
  isFileAllowed: boolean
}

/** What FFmpeg opens instead of the address, with which options, and what failed outside FFmpeg. */
export type Route = AsyncDisposable & {
  url: string
  options: Record<string, string>
  failure(): unknown
  /** Where the server wants FFmpeg to go instead; followed by `openMedia`, which judges it. */
  redirect?(): string | undefined
}

type OpenRoute = (url: URL, context: SourceContext) => Promise<Route>

const defaultPorts: Record<string, number> = { 'rtsp:': 554, 'rtsps:': 322, 'rtmp:': 1935, 'rtmps:': 443 }

async function openProxied(url: URL, context: SourceContext): Promise<Route> {
  const proxy = await openCheckingProxy(context.policy)
  return {
    url: proxiedUrl(url),
    options: { http_proxy: proxy.url },
    failure: () => proxy.lastFailure(),
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  }
}

async function openPinned(url: URL, context: SourceContext): Promise<Route> {
  const { address } = await pin(url, context)
  const pinned = withHost(url, address.includes(':') ? `[${address}]` : address, url.port)
  return { url: pinned, options: {}, failure: () => undefined, async [Symbol.asyncDispose]() {} }
}

async function openRelayed(url: URL, context: SourceContext): Promise<Route> {
  const target = await checkedTarget(url, context)
  let redirect: string | undefined
  const createGuard = () =>
    createRedirectGuard((location) => {
      redirect = location
    })
  const isRtsp = url.protocol.startsWith('rtsp')
  const relay = await openRelay((onread) => connectServer(target, onread), isRtsp ? createGuard : undefined)
  return {
    url: withHost(url, '127.0.0.1', String(relay.port)).replace(/^(rtsp|rtmp)s:/, '$1:'),
    options: url.protocol === 'rtsps:' ? { rtsp_transport: 'tcp' } : {},
    failure: () => relay.lastFailure(),
    redirect: () => redirect,
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  }
}

type Target = { addresses: LookupAddress[]; port: number; name: string; isTls: boolean }

async function checkedTarget(url: URL, { policy }: SourceContext): Promise<Target> {
  const port = Number(url.port) || (defaultPorts[url.protocol] ?? 0)
  const addresses = await checkedAddresses(url.hostname, port, policy)
  return { addresses, port, name: url.hostname, isTls: /s:$/.test(url.protocol) }
}

async function connectServer({ addresses, port, name, isTls }: Target, onread: OnReadOpts): Promise<Socket> {
  return isTls ? secure(await connectAny(addresses, port), name) : connectAny(addresses, port, { onread })
}

async function openFile(url: URL, context: SourceContext): Promise<Route> {
  if (!context.isFileAllowed) throw sourceError('address', url)
  return { url: url.href, options: {}, failure: () => undefined, async [Symbol.asyncDispose]() {} }
}

export const routes = {
  'http:': openProxied,
  'https:': openProxied,
  'rtsp:': openRelayed,
  'rtmp:': openPinned,
  'rtsps:': openRelayed,
  'rtmps:': openRelayed,
  'file:': openFile,
} satisfies Record<MediaScheme, OpenRoute>

/** A name with several addresses is pinned to the one that answers. */
async function pin(url: URL, context: SourceContext): Promise<{ address: string }> {
  const { addresses, port } = await checkedTarget(url, context)
  const [only] = addresses
  if (only && addresses.length === 1) return { address: only.address }
  const socket = await connectAny(addresses, port)
  const address = socket.remoteAddress ?? ''
  socket.destroy()
  return { address }
}

/** By text, because `URL` has no setter that keeps the rest of a camera's address as it was written. */
function withHost(url: URL, host: string, port: string): string {
  const user = url.username === '' ? '' : `${url.username}${url.password === '' ? '' : `:${url.password}`}@`
  return `${url.protocol}//${user}${host}${port === '' ? '' : `:${port}`}${url.pathname}${url.search}`
}
