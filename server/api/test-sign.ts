// For tests: signs a request as a client would.
import { type Authorization, algorithms } from './signing/authorization.ts'
import { canonicalRequest } from './signing/canonical.ts'
import { signatureOf } from './signing/signature.ts'
import type { TestRequest } from './test-api.ts'

export type TestKey = { access: string; secret: string }

/** The headers that a signed request carries, its host `h:1`. `body` is what will be sent. */
export function signedHeadersOf(
  key: TestKey,
  request: Pick<TestRequest, 'method' | 'path' | 'headers'> & { body?: string },
  nowMs: number,
): Record<string, string> {
  const date = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, '')
  const headers = { host: 'h:1', 'x-sdk-date': date, ...request.headers }
  const names = Object.keys(headers).sort()
  const form: Authorization = { form: 'access', accessKey: key.access, signedHeaders: names, signature: '' }
  const canonical = canonicalRequest(
    { method: request.method ?? 'GET', url: request.path, headers, body: Buffer.from(request.body ?? '') },
    names,
  )
  const signature = signatureOf(form, key.secret, { date, canonicalRequest: canonical ?? '' })
  const parts = [`Access=${key.access}`, `SignedHeaders=${names.join(';')}`, `Signature=${signature}`]
  return { ...headers, authorization: `${algorithms.access} ${parts.join(', ')}` }
}
