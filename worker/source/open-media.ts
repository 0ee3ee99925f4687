// Opens a media address under the address policy: the one way from an address to packets.
import { taskErrorCodes } from '@sightline/contract/errors.ts'
import { MediaInput } from '../decode/ffmpeg.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { isMediaScheme, type MediaScheme, mediaOptions, transportTimeoutMs } from './media-options.ts'
import { type Route, routes, type SourceContext } from './routes.ts'
import { faultOf, SourceError, sourceError } from './source-error.ts'

/** An open source. Reading throws `MediaError`; `explain` makes a `SourceError` of it. */
export type Source = AsyncDisposable & {
  media: MediaInput
  isLive: boolean
  /** Whether the end of the data is the end of the input: of a file, and of a playlist that got its end list. */
  canEnd: boolean
  explain(error: unknown): SourceError
}

const redirectsMax = 5
const openWithinMs = 15_000
const readWithinMs = 10_000
// A live playlist gives nothing new until its next segment is complete; segments of 10 s are common.
const readPlaylistWithinMs = 30_000

/**
 * Opens `address` and reads enough of it to know codec and size.
 *
 * Errors: throws `SourceError`; the signal's reason when it is aborted.
 */
export async function openMedia(address: string, context: SourceContext, redirectCount = 0): Promise<Source> {
  const url = URL.parse(address)
  if (!url || !isMediaScheme(url.protocol)) {
    throw new SourceError('the address has a scheme that is not supported', taskErrorCodes.urlAddress, {
      isPermanent: true,
    })
  }
  await using opened = new AsyncDisposableStack()
  try {
    const route = opened.use(await abortable(routes[url.protocol](url, context), context.signal))
    const explain = (error: unknown) => explained(error, url, route)
    const input = await openInput(url.protocol, route, context.signal).catch((error) => {
      if (route.redirect?.() === undefined || redirectCount >= redirectsMax) throw explain(error)
    })
    // Files are for the task to name, never for a server.
    const elsewhere = { ...context, isFileAllowed: false }
    if (!input) return await openMedia(route.redirect?.() ?? '', elsewhere, redirectCount + 1)
    const media = opened.use(input)
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
