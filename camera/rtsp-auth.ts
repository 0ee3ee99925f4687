// Who may watch: Basic and Digest as cameras speak them (RFC 7617; RFC 2069 and 7616 with MD5).
import { createHash, timingSafeEqual } from 'node:crypto'
import type { RtspRequest } from './rtsp-message.ts'

export type Credentials = { user: string; password: string; scheme: 'basic' | 'digest' }

const realm = 'Sightline camera'

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex')
}

function isSame(given: string, expected: string): boolean {
  return timingSafeEqual(Buffer.from(md5(given)), Buffer.from(md5(expected)))
}

/** The value of `WWW-Authenticate`. */
export function challenge(credentials: Credentials, nonce: string): string {
  return credentials.scheme === 'basic' ? `Basic realm="${realm}"` : `Digest realm="${realm}", nonce="${nonce}"`
}

/** Whether a request proves that it knows the credentials. */
export function isAuthorized(request: RtspRequest, credentials: Credentials, nonce: string): boolean {
  const header = request.headers.get('authorization')
  if (header === undefined) return false
  if (credentials.scheme === 'basic') return isSame(header, basicHeader(credentials))
  if (!/^digest /i.test(header)) return false
  const fields = new Map([...header.matchAll(/(\w+)="?([^",]*)"?/g)].map(([, name = '', value = '']) => [name, value]))
  if (fields.get('nonce') !== nonce || fields.get('username') !== credentials.user) return false
  const secret = md5(`${credentials.user}:${realm}:${credentials.password}`)
  const act = md5(`${request.method}:${fields.get('uri') ?? request.url}`)
  const quality = fields.get('qop')
  const middle = quality ? `${nonce}:${fields.get('nc')}:${fields.get('cnonce')}:${quality}` : nonce
  return isSame(fields.get('response') ?? '', md5(`${secret}:${middle}:${act}`))
}

function basicHeader({ user, password }: Credentials): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}
