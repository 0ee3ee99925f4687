// The rest of the Keystone subset: tokens looked at and revoked, projects, discovery. Source: auth page, section 2.
import { CreateProjectRequest } from '@sightline/contract/auth.ts'
import { makeProject, newId } from '../bootstrap.ts'
import { type Project, selectProjectsOfAccount } from '../store/projects.ts'
import { revokeToken, type Token } from '../store/tokens.ts'
import type { Answer, Call, Door } from './call.ts'
import { apiError } from './errors.ts'
import { findToken } from './gate.ts'
import { parseJsonObject } from './json.ts'
import { parse } from './parse.ts'
import { baseUrl, describeToken } from './token-description.ts'

export async function showToken(door: Door, caller: Token, call: Call): Promise<Answer> {
  const { text, token } = await findSubject(door, caller, call)
  return { status: 200, json: describeToken(door, call, token), headers: { 'x-subject-token': text } }
}

export async function deleteToken(door: Door, caller: Token, call: Call): Promise<Answer> {
  const { text } = await findSubject(door, caller, call)
  await revokeToken(door.database, text, call.nowMs)
  return { status: 204 }
}

/** The token that the call is about: the caller's own account's, or anybody's for an admin of every project. */
async function findSubject(door: Door, caller: Token, call: Call): Promise<{ text: string; token: Token }> {
  const text = call.headers['x-subject-token']
  if (typeof text !== 'string') throw apiError('subject_token_not_found')
  const token = await findToken(door, text, call.nowMs).catch((error: unknown) => {
    throw error instanceof Error && error.name === 'ApiError' ? apiError('subject_token_not_found') : error
  })
  const isOwn = token.account.id === caller.account.id
  if (!isOwn && !caller.isDeploymentAdmin) throw apiError('subject_token_not_found')
  return { text, token }
}

export async function listProjects(door: Door, caller: Token, call: Call): Promise<Answer> {
  const name = call.query.get('name')
  const projects = await selectProjectsOfAccount(door.database, caller.account.id)
  const self = `${baseUrl(door, call)}/v3/projects`
  const shown = projects
    .filter((project) => name === undefined || project.name === name)
    .map((project) => toItem(project, self))
  return { status: 200, json: { projects: shown, links: { self, next: null, previous: null } } }
}

function toItem({ id, name, domainId }: Project, self: string) {
  const links = { self: `${self}/${id}` }
  return { id, name, domain_id: domainId, parent_id: domainId, is_domain: false, enabled: true, description: '', links }
}

/** Makes a project with the services that every project has; for an admin of every project. */
export async function createProject(door: Door, caller: Token, call: Call): Promise<Answer> {
  if (!caller.isDeploymentAdmin) throw apiError('not_authorized', { action: 'identity:project:create' })
  const { project } = parse(CreateProjectRequest, parseJsonObject(call.body))
  const { domain } = caller.account
  if (project.domain_id !== undefined && project.domain_id !== domain.id) {
    throw apiError('invalid_argument', { detail: 'The field [project.domain_id] is not your domain.' })
  }
  const made = { id: newId(), name: project.name, domainId: domain.id }
  const { secretBox } = door
  const isMade = await door.database.transaction((tx) =>
    makeProject(tx, { ...made, secretBox, nowMs: call.nowMs, owner: caller.account.name }),
  )
  if (!isMade) throw apiError('project_exists', { name: project.name })
  return { status: 201, json: { project: toItem(made, `${baseUrl(door, call)}/v3/projects`) } }
}

export async function listDomains(door: Door, caller: Token, call: Call): Promise<Answer> {
  const self = `${baseUrl(door, call)}/v3/auth/domains`
  const { id, name } = caller.account.domain
  const domain = { id, name, enabled: true, description: '', links: { self: `${self}/${id}` } }
  return { status: 200, json: { domains: [domain], links: { self, next: null, previous: null } } }
}

export async function listRegions(door: Door, _: Token, call: Call): Promise<Answer> {
  const self = `${baseUrl(door, call)}/v3/regions`
  const region = {
    id: 'default',
    type: 'public',
    description: '',
    parent_region_id: null,
    links: { self: `${self}/default` },
  }
  return { status: 200, json: { regions: [region], links: { self, next: null, previous: null } } }
}

export async function showVersion(door: Door, call: Call): Promise<Answer> {
  const version = {
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${baseUrl(door, call)}/v3/` }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  }
  return { status: 200, json: { version } }
}
