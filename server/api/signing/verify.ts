// Whether a request was signed by who it says, now and for this platform. Source: auth page, sections 3 and 4.
import { type Authorization, type AuthorizationFault, readAuthorization } from './authorization.ts'
import { canonicalRequest, isPayloadAsSaid, type SignedRequest } from './canonical.ts'
import { isSameSignature, signatureOf } from './signature.ts'

/** What the head of a signed request claims, before its secret is known. */
export type Claim = { authorization: Authorization; date: string; dateMs: number }
export type ClaimFault = AuthorizationFault | 'clock_skew'

/** A clock may be this wrong, either way. */
export const skewMaxMs = 15 * 60_000

/** Reads what can be judged without the secret and the body. */
export function readClaim(request: Pick<SignedRequest, 'headers'>, header: string, nowMs: number): Claim | ClaimFault {
  const authorization = readAuthorization(header)
  if (typeof authorization === 'string') return authorization
  const date = request.headers['x-sdk-date']
  const dateMs = typeof date === 'string' ? readDate(date) : undefined
  if (typeof date !== 'string' || dateMs === undefined) return 'missing_part'
  const { signedHeaders } = authorization
  if (requiredHeaders.some((name) => !signedHeaders.includes(name))) return 'missing_part'
  if (signedHeaders.some((name) => request.headers[name] === undefined)) return 'missing_part'
  if (new Set(signedHeaders).size !== signedHeaders.length) return 'missing_part'
  if (Math.abs(nowMs - dateMs) > skewMaxMs) return 'clock_skew'
  return { authorization, date, dateMs }
}

const requiredHeaders = ['x-sdk-date', 'host']

/** `20270102T030405Z` */
function readDate(text: string): number | undefined {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? []
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(ms) ? undefined : ms
}

/** Whether the secret signed this very request. A scope of another day than the date signs nothing. */
export function isSignedWith(claim: Claim, secret: string, request: SignedRequest): boolean {
  const { authorization, date } = claim
  if (authorization.form !== 'access' && authorization.scope.date !== date.slice(0, 8)) return false
  const canonical = canonicalRequest(request, authorization.signedHeaders)
  if (canonical === undefined || !isPayloadAsSaid(request)) return false
  return isSameSignature(
    signatureOf(authorization, secret, { date, canonicalRequest: canonical }),
    authorization.signature,
  )
}
