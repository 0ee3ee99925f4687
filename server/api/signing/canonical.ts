// The canonical form of a request: what both sides hash. Source: auth page, section 3.
import { createHash } from 'node:crypto'

export type SignedRequest = {
  method: string
  /** Path and query, as received. */
  url: string
  /** By lower-case name. */
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: Uint8Array
}

/**
 * The canonical request, six parts in as many lines or more.
 *
 * Errors: undefined when the path or the query cannot be decoded, or a signed header is not there.
 */
export function canonicalRequest(request: SignedRequest, signedHeaders: readonly string[]): string | undefined {
  const [rawPath = '', ...query] = request.url.split('?')
  try {
    const lines = signedHeaders.map((name) => `${name}:${headerOf(request, name)}\n`)
    return [
      request.method.toUpperCase(),
      canonicalPath(rawPath),
      canonicalQuery(query.join('?')),
      lines.join(''),
      [...signedHeaders].sort().join(';'),
      payloadOf(request),
    ].join('\n')
  } catch (error) {
    if (error instanceof URIError || error instanceof MissingHeaderError) return undefined
    throw error
  }
}

class MissingHeaderError extends Error {
  override name = 'MissingHeaderError'
}

function headerOf({ headers }: SignedRequest, name: string): string {
  const value = headers[name]
  if (value === undefined) throw new MissingHeaderError(`the signed header ${name} was not sent`)
  return (Array.isArray(value) ? value.join(', ') : value).trim()
}

// Clients leave in the URL what they escape in the canonical form, so both parts are made anew from what they mean.
function canonicalPath(rawPath: string): string {
  const path = rawPath
    .split('/')
    .map((segment) => encode(decodeURIComponent(segment)))
    .join('/')
  return path.endsWith('/') ? path : `${path}/`
}

function canonicalQuery(query: string): string {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map(readPair)
    .sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value))
    .map(({ name, value }) => `${encode(name)}=${encode(value)}`)
    .join('&')
}

function readPair(pair: string): { name: string; value: string } {
  const equals = pair.indexOf('=')
  const decode = (text: string) => decodeURIComponent(text.replaceAll('+', ' '))
  return equals < 0
    ? { name: decode(pair), value: '' }
    : { name: decode(pair.slice(0, equals)), value: decode(pair.slice(equals + 1)) }
}

const compare = (a: string, b: string) => Number(a > b) - Number(a < b)

/** Leaves `A-Z a-z 0-9 - _ . ~` alone. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

const payloadHeader = 'x-sdk-content-sha256'

/** What stands for the body: what the caller says of it, or its hash. */
function payloadOf({ headers, body }: SignedRequest): string {
  const said = headers[payloadHeader]
  return typeof said === 'string' ? said : sha256(body)
}

/** Whether the body is the one that the caller's own hash of it names; a word such as UNSIGNED-PAYLOAD names none. */
export function isPayloadAsSaid({ headers, body }: SignedRequest): boolean {
  const said = headers[payloadHeader]
  return typeof said !== 'string' || !/^[0-9a-fA-F]{64}$/.test(said) || said.toLowerCase() === sha256(body)
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
