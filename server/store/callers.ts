// Who a request speaks for, and what they may do where it goes.
import type { Connection } from './database.ts'

export type Principal = {
  account: { id: string; name: string; domain: { id: string; name: string } }
  /** Absent for who speaks for no project. */
  project?: { id: string; name: string; domain: { id: string; name: string } }
  /** In that project, or in every project where there is none; may be empty when they were taken away since. */
  roles: string[]
  /** Documents of those roles that the project has made, as JSON. */
  policies: string[]
  /** Those that a task must carry for this caller to see it; absent for no limit. */
  labels?: Record<string, string>
  /** Has the role admin in every project. */
  isDeploymentAdmin: boolean
}

export type PrincipalRow = {
  account_id: string
  account_name: string
  account_domain_id: string
  account_domain_name: string
  project_id: string | null
  project_name: string
  project_domain_id: string
  project_domain_name: string
  roles: string[] | null
  policies: string[] | null
  labels: string | null
  is_deployment_admin: boolean
}

/** Of account `a` in domain `ad`, and of project `p` in domain `pd`, where there is one. */
export const principalColumns = `
  a.id as account_id, a.name as account_name, ad.id as account_domain_id, ad.name as account_domain_name,
  p.id as project_id, p.name as project_name, pd.id as project_domain_id, pd.name as project_domain_name,
  (select array_agg(distinct r.role order by r.role) from account_role r
    where r.account_id = a.id and (r.project_id is null or r.project_id = p.id)) as roles,
  (select array_agg(c.policy order by c.name) from account_role r join role c using (project_id)
    where r.account_id = a.id and r.project_id = p.id and c.name = r.role) as policies,
  (select max(r.labels) from account_role r where r.account_id = a.id and r.project_id = p.id
      and not exists (select 1 from account_role g where g.account_id = a.id and g.project_id is null)) as labels,
  exists (select 1 from account_role r
           where r.account_id = a.id and r.project_id is null and r.role = 'admin') as is_deployment_admin`

export function toPrincipal(row: PrincipalRow): Principal {
  return {
    account: {
      id: row.account_id,
      name: row.account_name,
      domain: { id: row.account_domain_id, name: row.account_domain_name },
    },
    ...(row.project_id !== null && {
      project: {
        id: row.project_id,
        name: row.project_name,
        domain: { id: row.project_domain_id, name: row.project_domain_name },
      },
    }),
    roles: row.roles ?? [],
    policies: row.policies ?? [],
    ...(row.labels !== null && { labels: JSON.parse(row.labels) }),
    isDeploymentAdmin: row.is_deployment_admin,
  }
}

/** Who an access key speaks for, in a project if one is asked for and its account has a role there; and its secret. */
export async function selectKeyHolder(
  db: Connection,
  key: { access: string; projectId?: string },
): Promise<{ holder: Principal; secret: Buffer } | undefined> {
  const { rows } = await db.query<PrincipalRow & { secret: Buffer }>(
    `select ${principalColumns}, k.secret
       from access_key k
       join account a on a.id = k.account_id and a.is_enabled
       join domain ad on ad.id = a.domain_id
       left join project p on p.id = $2 and exists (
         select 1 from account_role r where r.account_id = a.id and (r.project_id is null or r.project_id = p.id))
       left join domain pd on pd.id = p.domain_id
      where k.access = $1`,
    [key.access, key.projectId ?? null],
    'select-key-holder',
  )
  return rows[0] && { holder: toPrincipal(rows[0]), secret: rows[0].secret }
}
