/** The platform answered, and the answer was a refusal or a fault. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly status: number
  /** As in the API document, `ModelArts.3502`; of `/v3`, the number as text; empty where the body named none. */
  readonly errorCode: string
  /** The `X-Request-Id` of the answer, to be quoted to whoever runs the platform. */
  readonly requestId: string | undefined

  constructor(fault: { status: number; errorCode: string; message: string; requestId: string | undefined }) {
    super(fault.message)
    this.status = fault.status
    this.errorCode = fault.errorCode
    this.requestId = fault.requestId
  }
}

/** No answer came: nobody listens there, the name is unknown, the connection broke, or time ran out. */
export class NoAnswerError extends Error {
  override name = 'NoAnswerError'
}

/** Reads the two shapes of an error body: that of the services and, on `/v3`, that of Keystone. */
export function toApiError(response: Response, body: string): ApiError {
  const { errorCode, message } = readErrorBody(body)
  return new ApiError({
    status: response.status,
    errorCode,
    message: message || `the answer was ${response.status} ${response.statusText}`.trim(),
    requestId: response.headers.get('x-request-id') ?? undefined,
  })
}

function readErrorBody(body: string): { errorCode: string; message: string } {
  const parsed = parseObject(body)
  const keystone = parsed.error
  if (typeof keystone === 'object' && keystone !== null && 'code' in keystone && 'message' in keystone) {
    return { errorCode: String(keystone.code), message: String(keystone.message) }
  }
  return { errorCode: textOf(parsed.error_code), message: textOf(parsed.error_msg) }
}

function parseObject(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    // A proxy in between answers with a page of its own.
    return {}
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
