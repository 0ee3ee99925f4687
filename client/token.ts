import { TokenDescription } from '@sightline/contract/auth.ts'
import { operations } from '@sightline/contract/operations.ts'
import { send, type Transport } from './transport.ts'

export type Credentials = {
  user: string
  password: string
  /** `sightline` when absent. */
  domain?: string
  /** By name or by id; the project `default` when both are absent. */
  project?: string
  projectId?: string
}

export type Token = { value: string; projectId: string; expiresAtMs: number }

/** A token this near to its end is not used any more; a request may take a while and clocks differ. */
const renewBeforeMs = 5 * 60_000

/** Errors: `ApiError` with status 401 for a wrong name or password. */
export async function createToken(transport: Transport, credentials: Credentials): Promise<Token> {
  const { method, path } = operations.CreateToken
  const { headers, body } = await send(transport, { method, path: `${path}?nocatalog`, body: toRequest(credentials) })
  const { token } = TokenDescription.parse(JSON.parse(body))
  const value = headers.get('x-subject-token')
  if (!value) throw new Error(`the answer of ${transport.endpoint} holds no X-Subject-Token`)
  if (!token.project) throw new Error(`the token of ${transport.endpoint} belongs to no project`)
  return { value, projectId: token.project.id, expiresAtMs: Date.parse(token.expires_at) }
}

function toRequest({ user, password, domain = 'sightline', project, projectId }: Credentials) {
  return {
    auth: {
      identity: { methods: ['password'], password: { user: { name: user, password, domain: { name: domain } } } },
      scope: { project: projectId ? { id: projectId } : { name: project ?? 'default' } },
    },
  }
}

/** Holds one token and renews it in time. However many ask at once, one request is made. */
export class TokenCache {
  readonly #create: () => Promise<Token>
  #token: Promise<Token> | undefined

  constructor(create: () => Promise<Token>) {
    this.#create = create
  }

  async get(): Promise<Token> {
    const held = this.#token
    if (held && (await held).expiresAtMs - renewBeforeMs > Date.now()) return held
    // Another caller may have begun to renew it while this one waited.
    if (this.#token === held) this.#token = this.#begin()
    return this.#token ?? this.#begin()
  }

  /** Forgets a token that the platform refused, unless a newer one is held already. */
  async drop(refused: Token): Promise<void> {
    const held = this.#token
    if (held && (await held) === refused && this.#token === held) this.#token = undefined
  }

  #begin(): Promise<Token> {
    const token = this.#create()
    // A failed try is not kept.
    token.catch(() => {
      if (this.#token === token) this.#token = undefined
    })
    return token
  }
}
