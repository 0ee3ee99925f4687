import type { Connection } from './database.ts'

export type Domain = { id: string; name: string }
export type Project = { id: string; name: string; domainId: string }
export type NewProject = Project & { signingSecrets: Buffer[]; createdAtMs: number }

type ProjectRow = { id: string; name: string; domain_id: string }

const toProject = (row: ProjectRow): Project => ({ id: row.id, name: row.name, domainId: row.domain_id })

/** Inserts a domain, unless there is one of its name. */
export async function insertDomain(db: Connection, domain: Domain): Promise<void> {
  await db.query('insert into domain (id, name) values ($1, $2) on conflict do nothing', [domain.id, domain.name])
}

export async function selectDomainByName(db: Connection, name: string): Promise<Domain | undefined> {
  const { rows } = await db.query<Domain>('select id, name from domain where name = $1', [name])
  return rows[0]
}

/** Inserts a project and says so, unless its domain has one of its name. */
export async function insertProject(db: Connection, project: NewProject): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into project (id, domain_id, name, signing_secrets, created_at)
     values ($1, $2, $3, $4, $5)
     on conflict (domain_id, name) do nothing`,
    [project.id, project.domainId, project.name, project.signingSecrets, new Date(project.createdAtMs)],
  )
  return rowCount > 0
}

/** The projects that an account has a role in, by name. */
export async function selectProjectsOfAccount(db: Connection, accountId: string): Promise<Project[]> {
  const { rows } = await db.query<ProjectRow>(
    `select p.id, p.name, p.domain_id
       from project p
      where exists (select 1 from account_role r
                     where r.account_id = $1 and (r.project_id = p.id or r.project_id is null))
      order by p.name, p.id`,
    [accountId],
  )
  return rows.map(toProject)
}

export async function selectProjects(db: Connection): Promise<Project[]> {
  const { rows } = await db.query<ProjectRow>('select id, name, domain_id from project order by name, id')
  return rows.map(toProject)
}
