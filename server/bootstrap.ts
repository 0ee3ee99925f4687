// What the first start makes: a domain, a project with one service per algorithm, and the user admin.
import { randomBytes, randomUUID } from 'node:crypto'
import { algorithms } from '@sightline/contract/algorithms.ts'
import { hashPassword, isPassword } from './api/password.ts'
import { insertAccount, insertAccountRole, selectAccount, updatePasswordHash } from './store/accounts.ts'
import { type Connection, type Database, takeTurn } from './store/database.ts'
import { noPasswordHash } from './store/import-rows.ts'
import { insertDomain, insertProject, selectDomainByName, selectProjects } from './store/projects.ts'
import type { SecretBox } from './store/secrets.ts'
import { insertService } from './store/services.ts'

const domainName = 'sightline'
const projectName = 'default'
const adminName = 'admin'
const idBytes = 16
const passwordBytes = 15
const signingSecretBytes = 32

type FirstStart = {
  secretBox: SecretBox
  nowMs: number
  /** As given by the settings. */
  adminPassword?: string | undefined
  projectId?: string | undefined
}

/** Makes what is missing. Shape: `adminPassword` only when this call made one that the user has not given. */
export async function bootstrap(database: Database, first: FirstStart): Promise<{ adminPassword?: string }> {
  return database.transaction(async (tx) => {
    await takeTurn(tx, 'first start')
    const admin = await selectAccount(tx, { name: adminName, domainName })
    if (admin) {
      const isGiven = first.adminPassword !== undefined && !(await isPassword(first.adminPassword, admin.passwordHash))
      if (isGiven) await updatePasswordHash(tx, admin.id, await hashPassword(first.adminPassword ?? ''))
      // As one that an import has brought may not.
      await insertAccountRole(tx, { accountId: admin.id, role: 'admin' })
      if (isGiven || admin.passwordHash !== noPasswordHash) return {}
      const adminPassword = newPassword()
      await updatePasswordHash(tx, admin.id, await hashPassword(adminPassword))
      return { adminPassword }
    }
    return makeFirst(tx, first)
  })
}

async function makeFirst(tx: Connection, first: FirstStart): Promise<{ adminPassword?: string }> {
  await insertDomain(tx, { id: newId(), name: domainName })
  const domain = await selectDomainByName(tx, domainName)
  if (!domain) throw new Error('the first domain is not there after it was made')
  await makeFirstProject(tx, first, domain.id)
  const accountId = newId()
  const password = first.adminPassword ?? newPassword()
  await insertAccount(tx, {
    id: accountId,
    name: adminName,
    domainId: domain.id,
    passwordHash: await hashPassword(password),
    createdAtMs: first.nowMs,
  })
  await insertAccountRole(tx, { accountId, role: 'admin' })
  return first.adminPassword === undefined ? { adminPassword: password } : {}
}

/** Unless an import has brought a project of that name or id. */
async function makeFirstProject(tx: Connection, first: FirstStart, domainId: string): Promise<void> {
  const { secretBox, nowMs, projectId } = first
  const found = await selectProjects(tx)
  if (found.some(({ id, name }) => name === projectName || id === projectId)) return
  await makeProject(tx, { secretBox, nowMs, id: projectId ?? newId(), name: projectName, domainId, owner: adminName })
}

type ProjectToMake = {
  secretBox: SecretBox
  nowMs: number
  id: string
  name: string
  domainId: string
  /** Of its services. */
  owner: string
}

/** Makes a project with one running service per algorithm and says so, unless the domain has one of its name. */
export async function makeProject(tx: Connection, project: ProjectToMake): Promise<boolean> {
  const { secretBox, nowMs, id, name, domainId, owner } = project
  const signingSecrets = [secretBox.seal(newSigningSecret(), { table: 'project', id, projectId: id })]
  if (!(await insertProject(tx, { id, domainId, name, signingSecrets, createdAtMs: nowMs }))) return false
  for (const [algorithm, { title, version }] of Object.entries(algorithms)) {
    await insertService(tx, {
      projectId: id,
      id: randomUUID(),
      serviceName: algorithm,
      description: title,
      algorithm,
      version,
      profile: 'ief',
      inferType: 'edge',
      status: 'running',
      owner,
      workspaceId: '0',
      config: JSON.stringify([{ model_id: algorithm }]),
      createdAtMs: nowMs,
    })
  }
  return true
}

/** What the deliveries of a project are signed with. */
export const newSigningSecret = () => `whsec_${randomBytes(signingSecretBytes).toString('base64')}`

const newPassword = () => randomBytes(passwordBytes).toString('base64url')
/** Of a project or an account. */
export const newId = () => randomBytes(idBytes).toString('hex')
