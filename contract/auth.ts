// Tokens, a subset of Keystone v3. Source: auth page, section 2.
import { z } from 'zod'

const Domain = z.object({ id: z.string().max(64).optional(), name: z.string().max(64).optional() })

export const CreateTokenRequest = z.object({
  auth: z.object({
    identity: z.object({
      methods: z.array(z.string()).min(1),
      password: z
        .object({
          user: z.object({
            id: z.string().max(64).optional(),
            name: z.string().max(64).optional(),
            password: z.string().min(1).max(1000),
            domain: Domain.optional(),
          }),
        })
        .optional(),
      hw_ak_sk: z
        .object({
          access: z.object({ key: z.string().min(1).max(64) }),
          secret: z.object({ key: z.string().min(1).max(1000) }),
          security_token: z.object({ key: z.string().min(1).max(4096) }).optional(),
        })
        .optional(),
      token: z.object({ id: z.string().min(1).max(1000) }).optional(),
    }),
    scope: z
      .object({
        project: z
          .object({ id: z.string().max(64).optional(), name: z.string().max(64).optional(), domain: Domain.optional() })
          .optional(),
        domain: Domain.optional(),
      })
      .optional(),
  }),
})
export type CreateTokenRequest = z.infer<typeof CreateTokenRequest>

const Named = z.object({ id: z.string(), name: z.string() })

export const TokenDescription = z.object({
  token: z.object({
    expires_at: z.string(),
    issued_at: z.string(),
    methods: z.array(z.string()),
    user: Named.extend({ domain: Named }),
    project: Named.extend({ domain: Named }).optional(),
    roles: z.array(Named),
    catalog: z.array(z.record(z.string(), z.unknown())).optional(),
  }),
})
export type TokenDescription = z.infer<typeof TokenDescription>

/** The IAM form of an access key. */
export const CreateCredentialRequest = z.object({
  credential: z.object({ user_id: z.string().min(1).max(64), description: z.string().max(255).optional() }),
})

/** A project, as Keystone makes one. What more of Keystone a caller says of it is not kept. */
export const CreateProjectRequest = z.object({
  project: z.object({
    name: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
    domain_id: z.string().max(64).optional(),
    parent_id: z.string().max(64).optional(),
    description: z.string().max(255).optional(),
  }),
})
