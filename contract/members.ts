// Members of a project: users, access keys, roles, and the record of what they did. Source: auth page, section 5.
import { z } from 'zod'

/** The roles that every project has. `te_admin` is the name of admin among OpenStack's. */
export const builtInRoles = ['admin', 'operator', 'viewer'] as const
export type BuiltInRole = (typeof builtInRoles)[number]
export const adminAlias = 'te_admin'

export const roleNamePattern = /^[a-z][a-z0-9_-]{0,63}$/
export const userNamePattern = /^[A-Za-z0-9_.@-]{1,64}$/

const RoleName = z.string().regex(roleNamePattern)
const UserName = z.string().regex(userNamePattern)
const RoleNames = z.array(RoleName).min(1).max(20)
// Its rules beside the length are told in words of their own.
const Password = z.string().min(8).max(128)
const Description = z.string().max(255).optional()

export const CreateKeyRequest = z.object({ description: Description })
export type CreateKeyRequest = z.infer<typeof CreateKeyRequest>
export const KeyItem = z.object({ access: z.string(), description: z.string(), created_at: z.string() })
export type KeyItem = z.infer<typeof KeyItem>
/** The secret is shown this once. */
export const CreateKeyResponse = KeyItem.extend({ secret: z.string() })
export const ListKeysResponse = z.object({ keys: z.array(KeyItem) })

/** The user sees and acts on those tasks only that carry all of them; none is no limit. */
const Labels = z
  .record(z.string().regex(/^[^=]{1,64}$/), z.string().max(128))
  .refine((labels) => Object.keys(labels).length <= 20, { params: { range: '[0, 20]' } })

export const CreateUserRequest = z.object({
  name: UserName,
  password: Password,
  roles: RoleNames,
  labels: Labels.optional(),
})
export type CreateUserRequest = z.infer<typeof CreateUserRequest>
/** What is absent stays. */
export const UpdateUserRequest = z.object({
  password: Password.optional(),
  roles: RoleNames.optional(),
  enabled: z.boolean().optional(),
  labels: Labels.optional(),
})
export type UpdateUserRequest = z.infer<typeof UpdateUserRequest>
export const UserItem = z.object({
  id: z.string(),
  name: z.string(),
  roles: z.array(z.string()),
  labels: z.record(z.string(), z.string()).optional(),
  enabled: z.boolean(),
  created_at: z.string(),
})
export type UserItem = z.infer<typeof UserItem>
export const ListUsersResponse = z.object({ users: z.array(UserItem) })

const Action = z.string().regex(/^modelarts:[A-Za-z*]+(:[A-Za-z*]+)?$/)
const Resource = z.string().min(1).max(256)

/** Conditions are not offered: a statement that has one is refused rather than read without it. */
export const Policy = z.object({
  Version: z.literal('1.1'),
  Statement: z
    .array(
      z.object({
        Effect: z.enum(['Allow', 'Deny']),
        Action: z.array(Action).min(1).max(100),
        Resource: z.array(Resource).min(1).max(20).optional(),
        Condition: z.never().optional(),
      }),
    )
    .min(1)
    .max(8),
})
export type Policy = z.infer<typeof Policy>

export const CreateRoleRequest = z.object({ name: RoleName, description: Description, policy: Policy })
export type CreateRoleRequest = z.infer<typeof CreateRoleRequest>
export const UpdateRoleRequest = z.object({ description: Description, policy: Policy.optional() })
export type UpdateRoleRequest = z.infer<typeof UpdateRoleRequest>
export const RoleItem = z.object({
  name: z.string(),
  description: z.string(),
  policy: z.record(z.string(), z.unknown()),
  built_in: z.boolean(),
})
export type RoleItem = z.infer<typeof RoleItem>
export const ListRolesResponse = z.object({ roles: z.array(RoleItem) })

export const AuditItem = z.object({
  id: z.int(),
  time: z.string(),
  user_id: z.string(),
  user_name: z.string(),
  method: z.string(),
  operation: z.string(),
  target: z.string(),
  status: z.int(),
  error_code: z.string().optional(),
  request_id: z.string(),
  address: z.string(),
})
export type AuditItem = z.infer<typeof AuditItem>
export const ListAuditResponse = z.object({ audit: z.array(AuditItem), next_cursor: z.string().optional() })
