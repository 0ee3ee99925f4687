import type { TokenDescription } from '@sightline/contract/auth.ts'
import type { Token } from '../store/tokens.ts'
import type { Call, Door } from './call.ts'

/** Where clients reach this platform: as it was told, else as this very request did. */
export function baseUrl(door: Door, call: Call): string {
  return door.publicUrl ?? `http://${call.headers.host ?? 'localhost'}`
}

/** What a token says of itself. Source: auth page, section 2. */
export function describeToken(door: Door, call: Call, token: Token): TokenDescription {
  const { account, project, roles } = token
  return {
    token: {
      expires_at: toIsoMicroseconds(token.expiresAtMs),
      issued_at: toIsoMicroseconds(token.issuedAtMs),
      methods: token.methods,
      user: account,
      ...(project && { project }),
      roles: roles.flatMap((role) => (role === 'admin' ? [named(role), named('te_admin')] : [named(role)])),
      ...(!call.flags.has('nocatalog') && { catalog: catalog(baseUrl(door, call), project?.id) }),
    },
  }
}

const named = (name: string) => ({ id: name, name })

/** `2019-02-13T06:52:13.855000Z` */
function toIsoMicroseconds(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z')
}

const region = 'default'

function catalog(base: string, projectId: string | undefined): Record<string, unknown>[] {
  const entry = (name: string, url: string) => ({
    id: name,
    name,
    type: name,
    endpoints: [{ id: name, interface: 'public', region, region_id: region, url }],
  })
  const identity = entry('identity', `${base}/v3`)
  if (projectId === undefined) return [identity]
  return [identity, entry('modelarts', `${base}/v1/${projectId}`), entry('dis', `${base}/v2/${projectId}`)]
}
