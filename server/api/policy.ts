// Policy documents: what they allow. Source: auth page, section 5; decisions/0020 for what it leaves open.
import { adminAlias, type BuiltInRole, builtInRoles, type Policy } from '@sightline/contract/members.ts'

export type Permission = {
  action: string
  /** Decides where no statement speaks of the action. */
  fallback?: string
  /** Whoever has any role may; no policy is asked. */
  isForEveryRole?: true
}

const allow = (...actions: string[]): Policy => ({
  Version: '1.1',
  Statement: [{ Effect: 'Allow', Action: actions }],
})

const lookAtServices = ['modelarts:service:list', 'modelarts:service:get']
const lookAtTasks = ['modelarts:serviceTask:list', 'modelarts:serviceTask:get']

/** Actions below `iam:` are for admin alone: a project's own roles cannot name them. */
export const builtInPolicies: Record<BuiltInRole, Policy> = {
  admin: allow('modelarts:*', 'iam:*'),
  operator: allow(...lookAtServices, 'modelarts:serviceTask:*'),
  viewer: allow(...lookAtServices, ...lookAtTasks),
}

export function isBuiltIn(role: string): role is BuiltInRole {
  return builtInRoles.some((known) => known === role)
}

/** The name under which a role is kept. */
export function roleOf(name: string): string {
  return name === adminAlias ? 'admin' : name
}

/**
 * Whether policies allow an action on a resource. Deny wins; what no statement allows is denied.
 *
 * Shape: `resource` as `modelarts:{region}:{domain id}:service:{service id, or *}`.
 */
export function isAllowed(policies: readonly Policy[], { action, fallback }: Permission, resource: string): boolean {
  const effect = effectOf(policies, action, resource)
  if (effect !== undefined || fallback === undefined) return effect === 'Allow'
  return effectOf(policies, fallback, resource) === 'Allow'
}

function effectOf(policies: readonly Policy[], action: string, resource: string): 'Allow' | 'Deny' | undefined {
  const statements = policies
    .flatMap(({ Statement }) => Statement)
    .filter(
      (statement) =>
        statement.Action.some((pattern) => isLike(pattern, action)) &&
        (statement.Resource ?? ['*']).some((pattern) => isLike(pattern, resource)),
    )
  if (statements.some(({ Effect }) => Effect === 'Deny')) return 'Deny'
  return statements.length > 0 ? 'Allow' : undefined
}

/** `*` stands for any text; letter case is ignored, as it is in IAM. */
function isLike(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.toLowerCase().split('*')
  const last = rest.pop()
  const lower = text.toLowerCase()
  if (last === undefined) return lower === first
  if (!lower.startsWith(first)) return false
  let at = first.length
  for (const part of rest) {
    const found = lower.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return lower.length - last.length >= at && lower.endsWith(last)
}
