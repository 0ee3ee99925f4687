// From a canonical request to a signature, in the three forms. Source: auth page, section 3.
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import { type Authorization, algorithms, type Scope } from './authorization.ts'
import { sha256 } from './canonical.ts'

const derivedKeyBytes = 32

/** Lower-case hex. `date` is the text of X-Sdk-Date. */
export function signatureOf(
  authorization: Authorization,
  secret: string,
  signed: { date: string; canonicalRequest: string },
): string {
  const lines = [
    algorithms[authorization.form],
    signed.date,
    ...scopeLine(authorization),
    sha256(signed.canonicalRequest),
  ]
  return createHmac('sha256', keyOf(authorization, secret)).update(lines.join('\n')).digest('hex')
}

/** Takes the same time wherever two signatures differ. */
export function isSameSignature(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function scopeLine(authorization: Authorization): string[] {
  if (authorization.form === 'access') return []
  const { date, region, service } = authorization.scope
  return [[date, region, service, ...(authorization.form === 'chained' ? [terminator] : [])].join('/')]
}

const terminator = 'sdk_request'

function keyOf(authorization: Authorization, secret: string): string | Buffer {
  switch (authorization.form) {
    case 'access':
      return secret
    case 'derived':
      return derivedKey(authorization.accessKey, secret, authorization.scope)
    case 'chained':
      return chainedKey(secret, authorization.scope)
  }
}

/** The published signers use the hexadecimal text of the derived key as the key. */
function derivedKey(accessKey: string, secret: string, { date, region, service }: Scope): string {
  const info = [date, region, service].join('/')
  return Buffer.from(hkdfSync('sha256', secret, accessKey, info, derivedKeyBytes)).toString('hex')
}

function chainedKey(secret: string, { date, region, service }: Scope): Buffer {
  return [date, region, service, terminator].reduce(
    (key, step) => createHmac('sha256', key).update(step).digest(),
    Buffer.from(`SDK${secret}`),
  )
}
