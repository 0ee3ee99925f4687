// Roles: the built-in ones, and those that a project makes. Source: auth page, section 5.
import { builtInRoles, CreateRoleRequest, type RoleItem, UpdateRoleRequest } from '@sightline/contract/members.ts'
import { deleteRole, insertRole, type ProjectRole, selectRoles, updateRole } from '../store/roles.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { apiError } from './errors.ts'
import { parseJsonObject } from './json.ts'
import { parse } from './parse.ts'
import { builtInPolicies, isBuiltIn, roleOf } from './policy.ts'

const builtInItems: RoleItem[] = builtInRoles.map((name) => ({
  name,
  description: 'built in',
  policy: builtInPolicies[name],
  built_in: true,
}))

export async function listRoles(door: Door, caller: Caller, _: Call): Promise<Answer> {
  const own = await selectRoles(door.database, caller.project.id)
  return { status: 200, json: { roles: [...builtInItems, ...own.map(toItem)] } }
}

export async function createRole(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const { name, description = '', policy } = parse(CreateRoleRequest, parseJsonObject(call.body))
  const role = { projectId: caller.project.id, name, description, policy: JSON.stringify(policy) }
  const isMade = !isBuiltIn(roleOf(name)) && (await insertRole(door.database, { ...role, createdAtMs: call.nowMs }))
  if (!isMade) throw apiError('role_exists', { name })
  return { status: 201, json: toItem(role) }
}

export async function updateRoleCall(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const { description, policy } = parse(UpdateRoleRequest, parseJsonObject(call.body))
  const name = call.params.role_name ?? ''
  const role = await updateRole(door.database, {
    ...{ projectId: caller.project.id, name },
    ...(description !== undefined && { description }),
    ...(policy && { policy: JSON.stringify(policy) }),
  })
  if (!role) throw apiError('role_not_found', { name })
  return { status: 200, json: toItem(role) }
}

/** Takes it from those who have it, too; the built-in ones are not there to be deleted. */
export async function deleteRoleCall(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const name = call.params.role_name ?? ''
  if (!(await deleteRole(door.database, { projectId: caller.project.id, name }))) {
    throw apiError('role_not_found', { name })
  }
  return { status: 204 }
}

function toItem({ name, description, policy }: ProjectRole): RoleItem {
  return { name, description, policy: JSON.parse(policy), built_in: false }
}
