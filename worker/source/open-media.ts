// Opens a media address under the address policy: the one way from an address to packets.
import type { AddressPolicy } from '@sightline/contract/fleet.ts'
import { checkedAddresses } from '../checked-connect.ts'
import { MediaInput } from '../decode/ffmpeg.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { openCheckingProxy } from './checking-proxy.ts'
import { connectAny } from './connect-any.ts'
import { isMediaScheme, type MediaScheme, mediaOptions, transportTimeoutMs } from './media-options.ts'
import { proxiedUrl } from './proxied-url.ts'
import { faultOf, SourceError, sourceError } from './source-error.ts'
import { openTlsRelay } from './tls-relay.ts'

export type SourceContext = {
  signal: AbortSignal
  policy: AddressPolicy
  /** Whether `file:` addresses are opened: for administrators and tests. */
  isFileAllowed: boolean
}

/** An open source. Reading throws `MediaError`; `explain` makes a `SourceError` of it. */
export type Source = AsyncDisposable & {
  media: MediaInput
  isLive: boolean
  /** Whether the end of the data is the end of the input: of a file, and of a playlist that got its end list. */
  canEnd: boolean
  explain(error: unknown): SourceError
}

const openWithinMs = 15_000
const readWithinMs = 10_000
// A live playlist gives nothing new until its next segment is complete; segments of 10 s are common.
const readPlaylistWithinMs = 30_000

/** How FFmpeg reaches an address: what it opens instead, with which options, and what failed outside FFmpeg. */
type Route = AsyncDisposable & {
  url: string
  options: Record<string, string>
  failure(): unknown
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
  const { address, port } = await pin(url, context)
  const relay = await openTlsRelay({ address, port, host: url.hostname.replace(/^\[|\]$/g, '') })
  return {
    url: withHost(url, '127.0.0.1', String(relay.port)).replace(/^(rtsp|rtmp)s:/, '$1:'),
    options: url.protocol === 'rtsps:' ? { rtsp_transport: 'tcp' } : {},
    failure: () => relay.lastFailure(),
    [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
  }
}

async function openFile(url: URL, context: SourceContext): Promise<Route> {
  if (!context.isFileAllowed) throw sourceError('address', url)
  return { url: url.href, options: {}, failure: () => undefined, async [Symbol.asyncDispose]() {} }
}

const routes = {
  'http:': openProxied,
  'https:': openProxied,
  'rtsp:': openPinned,
  'rtmp:': openPinned,
  'rtsps:': openRelayed,
  'rtmps:': openRelayed,
  'file:': openFile,
} satisfies Record<MediaScheme, OpenRoute>

/** A name with several addresses is pinned to the one that answers. */
async function pin(url: URL, { policy }: SourceContext): Promise<{ address: string; port: number }> {
  const port = Number(url.port) || (defaultPorts[url.protocol] ?? 0)
  const addresses = await checkedAddresses(url.hostname, port, policy)
  const [only] = addresses
  if (only && addresses.length === 1) return { address: only.address, port }
  const socket = await connectAny(addresses, port)
  const address = socket.remoteAddress ?? ''
  socket.destroy()
  return { address, port }
}

/** By text, because `URL` has no setter that keeps the rest of a camera's address as it was written. */
function withHost(url: URL, host: string, port: string): string {
  const user = url.username === '' ? '' : `${url.username}${url.password === '' ? '' : `:${url.password}`}@`
  return `${url.protocol}//${user}${host}${port === '' ? '' : `:${port}`}${url.pathname}${url.search}`
}

/**
 * Opens `address` and reads enough of it to know codec and size.
 *
 * Errors: throws `SourceError`; the signal's reason when it is aborted.
 */
export async function openMedia(address: string, context: SourceContext): Promise<Source> {
  const url = URL.parse(address)
  if (!url || !isMediaScheme(url.protocol)) {
    throw new SourceError('the address has a scheme that is not supported', 'VIN.209', { isPermanent: true })
  }
  await using opened = new AsyncDisposableStack()
  try {
    const route = opened.use(await abortable(routes[url.protocol](url, context), context.signal))
    const explain = (error: unknown) => explained(error, url, route)
    const media = opened.use(
      await openInput(url.protocol, route, context.signal).catch((error) => {
        throw explain(error)
      }),
    )
    await checkRedirect(url, media, context)
    const live = isLive(url, media)
    const canEnd = !live || media.facts.formatName === 'hls'
    const rest = opened.move()
    return { media, isLive: live, canEnd, explain, [Symbol.asyncDispose]: () => rest[Symbol.asyncDispose]() }
  } catch (error) {
    context.signal.throwIfAborted()
    throw error instanceof SourceError ? error : explained(error, url, undefined)
  }
}

function openInput(scheme: MediaScheme, route: Route, signal: AbortSignal): Promise<MediaInput> {
  return MediaInput.open(route.url, {
    options: { ...mediaOptions[scheme], ...route.options },
    signal,
    openWithinMs,
    silentAfterMs: transportTimeoutMs,
    readWithinMs: scheme.startsWith('http') ? readPlaylistWithinMs : readWithinMs,
  })
}

function explained(error: unknown, url: URL, route: Route | undefined): SourceError {
  if (error instanceof SourceError) return error
  const cause = route?.failure() ?? error
  const fault = faultOf(cause)
  return sourceError(fault === 'interrupted' ? 'broken' : fault, url, cause)
}

/** RTSP servers may send FFmpeg elsewhere. It has been there by then, but nothing of it is analysed. */
async function checkRedirect(url: URL, media: MediaInput, context: SourceContext): Promise<void> {
  const opened = URL.parse(media.facts.openedUrl)
  if (!url.protocol.startsWith('rtsp') || url.protocol === 'rtsps:' || !opened) return
  await pin(opened, context)
}

/** RTSP and RTMP are live; of HTTP what has neither a length nor an end list. */
function isLive(url: URL, { facts }: MediaInput): boolean {
  if (/^rt[ms]/.test(url.protocol)) return true
  return url.protocol !== 'file:' && !facts.hasEnd
}

/** Names are resolved by the system, which cannot be interrupted; the wait for it can. */
function abortable<Value extends AsyncDisposable>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return unlessAborted(promise, signal).catch((error: unknown) => {
    promise.then(
      (late) => late[Symbol.asyncDispose](),
      () => undefined,
    )
    throw error
  })
}
