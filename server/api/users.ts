// Users of a project. Source: auth page, section 5; decisions/0021 for who may change whom.
import { randomBytes } from 'node:crypto'
import { CreateUserRequest, UpdateUserRequest, type UserItem } from '@sightline/contract/members.ts'
import { insertAccount } from '../store/accounts.ts'
import { deleteMember, type Member, replaceRoles, selectMember, selectMembers, updateMember } from '../store/members.ts'
import { selectRoles } from '../store/roles.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { apiError } from './errors.ts'
import { parseJsonObject } from './json.ts'
import { parse } from './parse.ts'
import { faultOfPassword, hashPassword } from './password.ts'
import { isBuiltIn, roleOf } from './policy.ts'
import { toIsoSeconds } from './task-details.ts'

const idBytes = 16

export async function listUsers(door: Door, caller: Caller, _: Call): Promise<Answer> {
  const members = await selectMembers(door.database, caller.project.id)
  return { status: 200, json: { users: members.map(toItem) } }
}

export async function showUser(door: Door, caller: Caller, call: Call): Promise<Answer> {
  return { status: 200, json: toItem(await findMember(door, caller, call)) }
}

export async function createUser(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const { name, password, roles, labels = {} } = parse(CreateUserRequest, parseJsonObject(call.body))
  checkPassword(password, name)
  const [projectId, accountId] = [caller.project.id, randomBytes(idBytes).toString('hex')]
  const granted = await checkRoles(door, projectId, roles)
  checkLabels(granted, labels)
  const { nowMs: createdAtMs } = call
  const made = { id: accountId, name, domainId: caller.project.domain.id, createdAtMs }
  const passwordHash = await hashPassword(password)
  await door.database.transaction(async (tx) => {
    if (!(await insertAccount(tx, { ...made, passwordHash }))) throw apiError('user_exists', { name })
    await replaceRoles(tx, { projectId, accountId, roles: granted, labels })
  })
  return { status: 201, json: toItem({ ...made, roles: granted, labels, isEnabled: true }) }
}

/** Roles are those in this project; the rest is the account's own, wherever it is used. */
export async function updateUser(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const { password, roles, labels, enabled } = parse(UpdateUserRequest, parseJsonObject(call.body))
  const whom = { isStrangerToo: caller.token.isDeploymentAdmin }
  const member = await findMember(door, caller, call, whom)
  if (password !== undefined || enabled !== undefined) checkMayChange(caller, member)
  if ([roles, labels, enabled].some((change) => change !== undefined)) checkIsAnother(caller, member)
  if (password !== undefined) checkPassword(password, member.name)
  const projectId = caller.project.id
  const granted = await grantsOf(door, projectId, member, { roles, labels })
  const passwordHash = password === undefined ? undefined : await hashPassword(password)
  await door.database.transaction(async (tx) => {
    if (granted) await replaceRoles(tx, { projectId, accountId: member.id, ...granted })
    await updateMember(tx, {
      ...{ accountId: member.id, nowMs: call.nowMs },
      ...(passwordHash !== undefined && { passwordHash }),
      ...(enabled !== undefined && { isEnabled: enabled }),
    })
  })
  return { status: 200, json: toItem(await findMember(door, caller, call, whom)) }
}

/** Out of the project; the account goes too when no project is left to it. */
export async function deleteUser(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const member = await findMember(door, caller, call)
  checkIsAnother(caller, member)
  await door.database.transaction((tx) => deleteMember(tx, { projectId: caller.project.id, accountId: member.id }))
  return { status: 204 }
}

/** Roles and labels after a change; absent when neither changes. A role in every project is none of these. */
async function grantsOf(
  door: Door,
  projectId: string,
  member: Member,
  { roles, labels }: Pick<UpdateUserRequest, 'roles' | 'labels'>,
): Promise<{ roles: string[]; labels: Record<string, string> } | undefined> {
  if (roles === undefined && labels === undefined) return undefined
  const granted = {
    roles: await checkRoles(door, projectId, roles ?? member.roles),
    labels: labels ?? member.labels ?? {},
  }
  checkLabels(granted.roles, granted.labels)
  return granted
}

/** Whoever administers a project could lift the limit again. */
function checkLabels(roles: readonly string[], labels: Readonly<Record<string, string>>): void {
  if (!roles.includes('admin') || Object.keys(labels).length === 0) return
  throw apiError('invalid_argument', { detail: 'The field [labels] cannot limit the role admin.' })
}

/** Errors: `user_not_found`, also for one without a role in the project. */
async function findMember(
  door: Door,
  caller: Caller,
  call: Call,
  { isStrangerToo } = { isStrangerToo: false },
): Promise<Member> {
  const id = call.params.user_id ?? ''
  const of = { projectId: caller.project.id, accountId: id, isStrangerToo }
  const member = await selectMember(door.database, of)
  if (!member) throw apiError('user_not_found', { id })
  return member
}

/** An account that has a role elsewhere is not one project's to lock or to take over. */
function checkMayChange(caller: Caller, member: Member): void {
  const isOwn = member.id === caller.accountId
  if (member.isElsewhere && !isOwn && !caller.token.isDeploymentAdmin) {
    throw apiError('not_authorized', { action: 'iam:users:update' })
  }
}

/** Nobody locks the door behind oneself by mistake. */
function checkIsAnother(caller: Caller, member: Member): void {
  if (member.id !== caller.accountId) return
  const detail = 'You cannot change your own roles, or disable or delete yourself.'
  throw apiError('invalid_argument', { detail })
}

function checkPassword(password: string, name: string): void {
  const fault = faultOfPassword(password, name)
  if (fault !== undefined) throw apiError('invalid_argument', { detail: `The field [password] ${fault}.` })
}

/** The names under which the roles are kept. */
async function checkRoles(door: Door, projectId: string, names: readonly string[]): Promise<string[]> {
  const own = new Set((await selectRoles(door.database, projectId)).map(({ name }) => name))
  const unknown = names.find((name) => !isBuiltIn(roleOf(name)) && !own.has(name))
  if (unknown !== undefined) throw apiError('role_not_found', { name: unknown })
  return [...new Set(names.map(roleOf))].sort()
}

function toItem({ id, name, roles, labels = {}, isEnabled, createdAtMs }: Omit<Member, 'isElsewhere'>): UserItem {
  const limit = Object.keys(labels).length > 0 ? { labels } : {}
  return { id, name, roles, ...limit, enabled: isEnabled, created_at: toIsoSeconds(createdAtMs) }
}
