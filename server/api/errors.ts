// The only place where an error becomes a response.
import { type ApiErrorName, apiErrors } from '@sightline/contract/errors.ts'
import { DatabaseUnavailableError } from '../store/database.ts'

/** A refusal that the API knows; thrown by handlers and the gate, turned into a response here. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly api: ApiErrorName
  readonly headers: Record<string, string>

  constructor(api: ApiErrorName, message: string, headers: Record<string, string>) {
    super(message)
    this.api = api
    this.headers = headers
  }
}

/** Builds an error of the contract's table; `params` fill its template, `headers` go with the response. */
export function apiError(
  name: ApiErrorName,
  params: Record<string, string | number> = {},
  headers: Record<string, string> = {},
): ApiError {
  const message = apiErrors[name].message.replace(/\{(\w+)\}/g, (_, key: string) => String(params[key] ?? ''))
  return new ApiError(name, message, headers)
}

export type ErrorResponse = { status: number; headers: Record<string, string>; body: string; isBug: boolean }

const retryAfterSeconds = '1'

/** Shape: Keystone's error body below /v3, that of ModelArts elsewhere. */
export function toResponse(error: unknown, path: string): ErrorResponse {
  const known = toApiError(error, path)
  const { status, code } = apiErrors[known.api]
  const body = path.startsWith('/v3') ? keystoneBody(status, known.message) : modelArtsBody(code, known.message)
  return { status, headers: known.headers, body: JSON.stringify(body), isBug: known.api === 'internal' }
}

/** What the record of calls says of a refusal. */
export function outcomeOf(error: unknown, path: string): { status: number; code: string } {
  const { status, code } = apiErrors[toApiError(error, path).api]
  return { status, code }
}

const modelArtsBody = (code: string, message: string) => ({ error_code: code, error_msg: message })

const titles: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Request Entity Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

const keystoneBody = (status: number, message: string) => ({
  error: { code: status, message, title: titles[status] ?? 'Error' },
})

function toApiError(error: unknown, path: string): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof DatabaseUnavailableError) return apiError('not_ready', {}, { 'retry-after': retryAfterSeconds })
  return fromFramework(error, path) ?? apiError('internal')
}

/** What the HTTP framework throws before a handler runs. */
function fromFramework(error: unknown, path: string): ApiError | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return apiError('not_json')
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return apiError('incorrect_json')
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_ASYNC_CONSTRAINT':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return apiError('no_such_api', { path })
    default:
      return undefined
  }
}
