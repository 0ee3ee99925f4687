// The Authorization header of a signed request, in its three forms. Source: auth page, section 3.

/** What a V11 or an old signature is bound to; `region` may be empty. */
export type Scope = { date: string; region: string; service: string }

export type Authorization = {
  accessKey: string
  /** Lower case, in the order of the header. */
  signedHeaders: string[]
  /** As sent. */
  signature: string
} & ({ form: 'access' } | { form: 'derived'; scope: Scope } | { form: 'chained'; scope: Scope })

/** `no_scheme`: nothing that signs; `missing_part`: a form of signing that lacks what it needs. */
export type AuthorizationFault = 'no_scheme' | 'missing_part'

export const algorithms = { access: 'SDK-HMAC-SHA256', derived: 'V11-HMAC-SHA256', chained: 'SDK-HMAC-SHA256' } as const

/** The parts of a header, or what it lacks. */
export function readAuthorization(header: string): Authorization | AuthorizationFault {
  const [, scheme, rest = ''] = /^\s*(SDK-HMAC-SHA256|V11-HMAC-SHA256)(?:\s+(.*))?$/s.exec(header) ?? []
  if (scheme === undefined) return 'no_scheme'
  const parts = readParts(rest)
  const [access, credential] = [parts.get('Access'), parts.get('Credential')]
  const [signedHeaders, signature] = [parts.get('SignedHeaders'), parts.get('Signature')]
  if (!signedHeaders || !signature) return 'missing_part'
  const common = { signature, signedHeaders: signedHeaders.toLowerCase().split(';') }
  if (scheme === algorithms.derived) {
    const found = readCredential(credential, /^([^/]+)\/(\d{8})\/([^/]*)\/([^/]+)$/)
    return found ? { form: 'derived', ...common, ...found } : 'missing_part'
  }
  if (access) return { form: 'access', ...common, accessKey: access }
  const found = readCredential(credential, /^([^/]+)\/(\d{8})\/([^/]*)\/([^/]+)\/sdk_request$/)
  return found ? { form: 'chained', ...common, ...found } : 'missing_part'
}

function readParts(text: string): Map<string, string> {
  return new Map(
    text.split(',').flatMap((part) => {
      const [, name, value] = /^\s*(\w+)=(.*?)\s*$/s.exec(part) ?? []
      return name !== undefined && value !== undefined ? [[name, value] as const] : []
    }),
  )
}

function readCredential(text: string | undefined, pattern: RegExp): { accessKey: string; scope: Scope } | undefined {
  const [, accessKey, date, region, service] = pattern.exec(text ?? '') ?? []
  if (accessKey === undefined || date === undefined || region === undefined || service === undefined) return undefined
  return { accessKey, scope: { date, region, service } }
}
