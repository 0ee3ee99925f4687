import { NoAnswerError, toApiError } from './api-error.ts'

export type Transport = {
  /** Without a slash at its end. */
  endpoint: string
  fetch: typeof fetch
  /** Of one try, answer body included. */
  timeoutMs: number
  pause: (ms: number, signal: AbortSignal | undefined) => Promise<void>
}

export type HttpRequest = {
  method: string
  /** With its query. */
  path: string
  headers?: Record<string, string>
  body?: unknown
  signal?: AbortSignal | undefined
}

export type HttpAnswer = { headers: Headers; body: string }

const triesMax = 4
const firstPauseMs = 200
const longestPauseMs = 5_000
/** A server that asks for a longer rest than this is not waited for. */
const retryAfterMaxMs = 30_000

/**
 * Sends a request and gives the answer of the first try that got a 2xx.
 *
 * A GET is tried again when no answer came or the server is out of order; anything else only when the server said that
 * it did not look at it (429, 503).
 * Errors: `ApiError` for another answer, `NoAnswerError` for none, the signal's own reason when aborted.
 */
export async function send(transport: Transport, request: HttpRequest): Promise<HttpAnswer> {
  for (let tryCount = 1; ; tryCount++) {
    const outcome = await sendOnce(transport, request)
    if ('answer' in outcome) return outcome.answer
    const pauseMs = tryCount < triesMax ? pauseBeforeRetry(request.method, outcome, tryCount) : undefined
    if (pauseMs === undefined) throw outcome.error
    await transport.pause(pauseMs, request.signal)
  }
}

type Failure = { error: Error; status?: number; retryAfter?: string | null }

async function sendOnce(transport: Transport, request: HttpRequest): Promise<{ answer: HttpAnswer } | Failure> {
  const timeout = AbortSignal.timeout(transport.timeoutMs)
  const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout
  try {
    const response = await transport.fetch(transport.endpoint + request.path, {
      method: request.method,
      headers: { accept: 'application/json', ...bodyType(request.body), ...request.headers },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      signal,
    })
    const body = await response.text()
    if (response.ok) return { answer: { headers: response.headers, body } }
    const retryAfter = response.headers.get('retry-after')
    return { error: toApiError(response, body), status: response.status, retryAfter }
  } catch (cause) {
    request.signal?.throwIfAborted()
    const what = timeout.aborted ? `no answer within ${transport.timeoutMs} ms` : 'no answer'
    return { error: new NoAnswerError(`${what} from ${transport.endpoint}`, { cause }) }
  }
}

function bodyType(body: unknown): Record<string, string> {
  return body === undefined ? {} : { 'content-type': 'application/json' }
}

/** Undefined when another try is not safe or not wanted. */
function pauseBeforeRetry(method: string, failure: Failure, tryCount: number): number | undefined {
  const wasNotLookedAt = failure.status === 429 || failure.status === 503
  const isOutOfOrder = failure.status === undefined || failure.status === 502 || failure.status === 504
  if (!wasNotLookedAt && !(method === 'GET' && isOutOfOrder)) return undefined
  const asked = retryAfterMs(failure.retryAfter)
  if (asked !== undefined && asked > retryAfterMaxMs) return undefined
  // Full jitter: clients that were turned away together do not come back together.
  const jittered = Math.random() * Math.min(longestPauseMs, firstPauseMs * 2 ** tryCount)
  return asked === undefined ? jittered : asked + Math.random() * firstPauseMs
}

/** The header holds seconds or a date. */
function retryAfterMs(value: string | null | undefined): number | undefined {
  if (!value) return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const atMs = Date.parse(value)
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - Date.now())
}
