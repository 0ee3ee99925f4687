// For tests of isolation: a project with something of everything, and users of every kind.
import assert from 'node:assert/strict'
import { type TestApi, testPassword } from '@sightline/server/api/test-api.ts'
import type { TestKey } from '@sightline/server/api/test-sign.ts'

/** What a tenant has; the ids of the first are real, those of nobody have the same form. */
export type Ids = Record<string, string>
export type Tenant = { ids: Ids; tokens: Record<string, string>; key: TestKey }

export const task = {
  name: 'task-of-a-tenant',
  input: { type: 'url', data: [{ url: 'rtsp://192.168.0.8/a' }] },
  output: { webhook: { url: 'http://192.168.0.9/' } },
}
export const policy = { Version: '1.1', Statement: [{ Effect: 'Allow', Action: ['modelarts:*'] }] }
export const password = 'Correct horse 1'

async function must<Body>(api: TestApi, status: number, request: Parameters<TestApi['ask']>[0]): Promise<Body> {
  const answer = await api.ask(request)
  assert.equal(answer.status, status, `${request.path}: ${JSON.stringify(answer.body)}`)
  return answer.body as Body
}

/** A project with a service, a task, a role, and users of every kind. */
export async function makeTenant(api: TestApi, name: string): Promise<Tenant> {
  const { project } = await must<{ project: { id: string } }>(api, 201, {
    ...{ method: 'POST', path: '/v3/projects', body: { project: { name } } },
  })
  const root = `/v1/${project.id}`
  const scoped = { 'x-auth-token': await tokenOf(api, 'admin', testPassword, project.id) }
  const { services } = await must<{ services: { service_id: string }[] }>(api, 200, {
    ...{ path: `${root}/services`, headers: scoped },
  })
  const service_id = services[0]?.service_id ?? ''
  const tasks = `${root}/services/${service_id}/tasks`
  const made = await must<{ tasks: { id: string }[] }>(api, 201, {
    method: 'POST',
    path: tasks,
    body: task,
    headers: scoped,
  })
  const role_name = `${name}-role`
  const denied = { Version: '1.1', Statement: [{ Effect: 'Deny', Action: ['modelarts:*'] }] }
  const roleBody = { name: role_name, policy: denied }
  await must(api, 201, { method: 'POST', path: `${root}/roles`, body: roleBody, headers: scoped })
  const tokens: Record<string, string> = {}
  let user_id = ''
  for (const role of ['admin', 'operator', 'viewer', role_name, 'nobody', 'locked', 'revoked']) {
    const roles = [['admin', 'operator', 'viewer', role_name].includes(role) ? role : 'admin']
    const body = { name: `${name}-${role}`, password, roles }
    const user = await must<{ id: string }>(api, 201, { method: 'POST', path: `${root}/users`, body, headers: scoped })
    if (role === 'viewer') user_id = user.id
    tokens[role === role_name ? 'denied' : role] = await tokenOf(api, `${name}-${role}`, password, project.id)
    if (role === 'admin') tokens.unscoped = await tokenOf(api, `${name}-${role}`, password)
    if (role === 'locked') {
      await must(api, 200, {
        method: 'PUT',
        path: `${root}/users/${user.id}`,
        body: { enabled: false },
        headers: scoped,
      })
    }
    if (role === 'nobody') await must(api, 204, { method: 'DELETE', path: `${root}/users/${user.id}`, headers: scoped })
  }
  const subject = tokens.revoked ?? ''
  const revoke = { 'x-auth-token': subject, 'x-subject-token': subject }
  await must(api, 204, { method: 'DELETE', path: '/v3/auth/tokens', headers: revoke })
  const headers = { 'x-auth-token': tokens.admin ?? '' }
  const key = await must<TestKey>(api, 201, { method: 'POST', path: `${root}/keys`, body: {}, headers })
  const ids = {
    project_id: project.id,
    service_id,
    task_id: made.tasks[0]?.id ?? '',
    access: key.access,
    user_id,
    role_name,
  }
  return { ids, tokens, key }
}

async function tokenOf(api: TestApi, name: string, given: string, projectId?: string): Promise<string> {
  const signIn = { name, password: given, ...(projectId !== undefined && { projectId }) }
  return String((await api.signIn(signIn)).headers['x-subject-token'])
}
