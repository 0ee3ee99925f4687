// For tests: a database that holds one of everything that an export writes, every column with a value of its own.
import { bootstrap } from '../bootstrap.ts'
import { openSecretBox } from '../store/data-keys.ts'
import type { Connection, Database } from '../store/database.ts'
import { testNowMs } from '../store/open-test-database.ts'
import type { SecretBox } from '../store/secrets.ts'

export const contentProject = '0123456789abcdef0123456789abcdef'

/** Fills a database; `admin` has the password `given`. */
export async function fillContent(database: Database, dataDir: string): Promise<void> {
  const box = await openSecretBox(database, { dataDir }, testNowMs)
  await bootstrap(database, { secretBox: box, nowMs: testNowMs, adminPassword: 'given', projectId: contentProject })
  await database.transaction(async (tx) => {
    await fillUsers(tx, box)
    await fillTasks(tx, box)
  })
}

async function fillUsers(tx: Connection, box: SecretBox): Promise<void> {
  const at = new Date(testNowMs + 1)
  await tx.query(`insert into domain (id, name) values ('d2', 'other 域')`)
  await tx.query(
    `insert into project (id, domain_id, name, created_at, signing_secrets) values ('p2', 'd2', 'second', $1, $2)`,
    [at, ['whsec_bmV3', 'whsec_b2xk'].map((one) => box.seal(one, { table: 'project', id: 'p2', projectId: 'p2' }))],
  )
  await tx.query(
    `insert into role (project_id, name, description, policy, created_at) values ('p2', 'watcher', 'looks', $2, $1)`,
    [at, '{"Version":"1.1",\n"Statement":[]}'],
  )
  await tx.query(
    `insert into account (id, domain_id, name, password_hash, is_enabled, created_at)
     values ('u2', 'd2', 'mia', '$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA', false, $1)`,
    [at],
  )
  await tx.query(
    `insert into account_role (account_id, project_id, role, labels)
     values ('u2', 'p2', 'watcher', '{"site":"north"}'), ('u2', null, 'viewer', null), ('u2', $1, 'operator', null)`,
    [contentProject],
  )
  await tx.query(
    `insert into access_key (access, account_id, secret, description, created_at) values ('AK1', 'u2', $2, 'ci', $1)`,
    [at, box.seal('sk-hush', { table: 'access_key', id: 'AK1', projectId: '' })],
  )
  await tx.query(
    `insert into service (project_id, id, service_name, description, algorithm, version, task_profile, infer_type,
                          status, owner, workspace_id, config, additional_properties, created_at, transition_at)
     values ('p2', 's-2', 'gates', 'all of them', 'c-flowcount', '9.9', 'edge', 'cloud', 'stopped', 'mia', '7',
             '[{"model_id":1.5}]', '{"a":null}', $1, $2)`,
    [at, new Date(testNowMs + 2)],
  )
}

const spec = {
  input: {
    type: 'restful',
    data: [
      {
        url: 'https://user:hush-1@cameras.example/list?token=hush-2&floor=3',
        headers: { 'X-Auth-Token': 'hush-3', Accept: '*/*', '10': 'kept' },
        certificate_check: true,
        rtsp_path_in_response: '/input/url',
      },
    ],
  },
  output: {
    webhook: { url: 'https://receiver.example/', headers: { Authorization: 'hush-4' }, data_category: ['all'] },
  },
}
const masked = {
  input: {
    type: 'restful',
    data: [
      {
        url: 'https://user:****@cameras.example/list?token=****&floor=3',
        headers: { '10': 'kept', 'X-Auth-Token': '****', Accept: '*/*' },
        certificate_check: true,
        rtsp_path_in_response: '/input/url',
      },
    ],
  },
  output: { webhook: { url: 'https://receiver.example/', headers: { Authorization: '****' }, data_category: ['all'] } },
}
const schedule = { type: 'daily', timezone: 'Asia/Shanghai', periods: [{ begin_at: '08:00:00', end_at: '18:00' }] }

async function fillTasks(tx: Connection, box: SecretBox): Promise<void> {
  const id = 'a'.repeat(32)
  await tx.query(
    `insert into task (id, project_id, service_id, name, description, creator, input, output, config, schedule, labels,
                       secrets, is_finite, cores, memory_mib, desired, armed, hold, state, state_since,
                       state_before_hold, status, error_code, error_message, generation, attempt, not_before,
                       last_sequence, created_at, updated_at, due_at, revision, outdated_generation, wished_by)
     values ($1, 'p2', 's-2', '任务-1', '', 'mia', $2, $3, '{"common":{"line_count_interval":5}}', $4, '{"floor":"2"}',
             $5, false, 1.5, 64, 'stop', true, 'quota', 'FROZEN', $6, 'FAILED', 'On hold: quota.', 'VIN.002',
             'the camera "x" is down' || chr(8232), 7, 3, $7, 99, $8, $9, null, 4, 6, 'noa')`,
    [
      id,
      JSON.stringify(masked.input),
      JSON.stringify(masked.output),
      JSON.stringify(schedule),
      box.seal(JSON.stringify(spec), { table: 'task', id, projectId: 'p2' }),
      ...[4, 5, 3, 6].map((ms) => new Date(testNowMs + ms)),
    ],
  )
  await tx.query(
    `insert into task (id, project_id, service_id, name, creator, input, output, cores, memory_mib, desired, state,
                       state_since, created_at, updated_at)
     values ($1, 'p2', 's-2', 'plain', 'mia', '{"type":"url","data":[{"url":"rtsp://camera.example/1"}]}',
             '{"dis":{"stream_name":"s"}}', 0.1, 32, 'stop', 'STOPPED', $2, $2, $2)`,
    ['b'.repeat(32), new Date(testNowMs)],
  )
  await tx.query(
    `insert into task_history (task_id, seq, at, from_state, to_state, cause, node_id, generation, project_id,
                               service_id, actor)
     values ($1, 1, $3, null, 'PENDING', 'created', null, 0, 'p2', 's-2', 'mia'),
            ($1, 2, $4, 'PENDING', 'FROZEN', 'a hold was set', 'n1', 1, 'p2', 's-2', null),
            ($2, 1, $3, 'STOPPED', 'DELETING', 'of a task that is gone', null, 5, null, null, null)`,
    [id, 'c'.repeat(32), new Date(testNowMs), new Date(testNowMs + 7)],
  )
}

const exported = ['account', 'account_role', 'domain', 'project', 'role', 'service', 'task_history'] as const
const dumps = {
  account: 'select row_to_json(t)::text as row from account t order by id',
  account_role: `select row_to_json(t)::text as row from account_role t order by account_id, project_id, role`,
  domain: 'select row_to_json(t)::text as row from domain t order by id',
  project: `select row_to_json(t)::text as row from (select id, domain_id, name, created_at from project) t order by id`,
  role: 'select row_to_json(t)::text as row from role t order by project_id, name',
  service: 'select row_to_json(t)::text as row from service t order by project_id, id',
  task_history: `select (to_jsonb(t) - 'written')::text as row from task_history t order by task_id, seq`,
} as const satisfies Record<(typeof exported)[number], string>

/** Every exported field as the database says it, secrets opened. */
export async function dumpContent(database: Database, box: SecretBox | undefined): Promise<Record<string, string[]>> {
  const dump: Record<string, string[]> = {}
  for (const table of exported) {
    const { rows } = await database.query<{ row: string }>(dumps[table])
    dump[table] = rows.map(({ row }) => row)
  }
  return { ...dump, task: await dumpTasks(database, box), ...(box && (await dumpSecrets(database, box))) }
}

/** All but what an import derives: `due_at`, and the sealed bytes themselves. */
async function dumpTasks(database: Database, box: SecretBox | undefined): Promise<string[]> {
  const { rows } = await database.query<{ id: string; project_id: string; row: string; secrets: Buffer | null }>(
    `select id, project_id, secrets,
            (to_jsonb(t) - '{secrets,due_at,input,output,config,schedule,labels}'::text[])::text
              || concat_ws(' ', input::text, output::text, config::text, schedule::text, labels::text) as row
       from task t
      order by id`,
  )
  const open = (id: string, projectId: string, sealed: Buffer | null) =>
    sealed && box ? box.open(sealed, { table: 'task', id, projectId }) : ''
  return rows.map(({ id, project_id, row, secrets }) => `${row} ${open(id, project_id, secrets)}`)
}

async function dumpSecrets(database: Database, box: SecretBox): Promise<Record<string, string[]>> {
  const projects = await database.query<{ id: string; sealed: Buffer[] }>(
    'select id, signing_secrets as sealed from project order by id',
  )
  const keys = await database.query<{ access: string; secret: Buffer; rest: string }>(
    `select access, secret, concat_ws(' ', account_id, description, created_at) as rest from access_key order by access`,
  )
  return {
    signing_secrets: projects.rows.flatMap(({ id, sealed }) =>
      sealed.map((one) => box.open(one, { table: 'project', id, projectId: id })),
    ),
    access_key: keys.rows.map(({ access, secret, rest }) => {
      return `${access} ${rest} ${box.open(secret, { table: 'access_key', id: access, projectId: '' })}`
    }),
  }
}
