import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bootstrap } from '../bootstrap.ts'
import { openSecretBox } from '../store/data-keys.ts'
import type { Database } from '../store/database.ts'
import { openTestDatabase, testNowMs } from '../store/open-test-database.ts'
import type { SecretBox } from '../store/secrets.ts'
import { exportToFile } from './export.ts'
import { importFile } from './import.ts'
import { createLineSecrets, openLineSecrets } from './passphrase.ts'
import { rotateSecrets } from './rotate.ts'
import { contentProject, dumpContent, fillContent } from './test-content.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-transfer-'))
})
after(() => rm(folder, { recursive: true, force: true }))

type Deployment = AsyncDisposable & { database: Database; box: SecretBox; dataDir: string }

async function openDeployment(): Promise<Deployment> {
  const opened = await openTestDatabase()
  const dataDir = await mkdtemp(join(folder, 'keys-'))
  const box = await openSecretBox(opened.database, { dataDir }, testNowMs)
  return { database: opened.database, box, dataDir, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() }
}

async function openFilled(): Promise<Deployment> {
  const deployment = await openDeployment()
  await fillContent(deployment.database, deployment.dataDir)
  return deployment
}

const passphrase = 'a long enough one'
const importInto = ({ database, box }: Deployment, file: string) =>
  importFile(database, {
    ...{ file, box, nowMs: testNowMs },
    openSecrets: (header) => openLineSecrets(passphrase, header),
    onProgress: () => undefined,
  })
const write = async (name: string, lines: (object | string)[]) => {
  const path = join(folder, name)
  await writeFile(path, lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''))
  return path
}

const header = { kind: 'sightline', version: 1 }
const project = { kind: 'project', id: 'p1', name: 'first' }
const service = {
  ...{ kind: 'service', id: 's1', project_id: 'p1', service_name: 'gates', algorithm: 'c-flowcount' },
  ...{ task_profile: 'ief', status: 'running', owner: 'mia', created_at: 1_700_000_000_001 },
}
const taskOf = (id: number) => ({
  ...{ kind: 'task', id: id.toString(16).padStart(32, '0'), project_id: 'p1', service_id: 's1', name: `t${id}` },
  ...{ creator: 'mia', state: 'RUNNING', input: { type: 'url', data: [{ url: 'rtsp://camera.example/1' }] } },
  ...{ output: { dis: { stream_name: 's' } }, created_at: 1_700_000_000_123, updated_at: 1_700_000_000_456 },
})

test('what is exported with its secrets comes back equal to the byte, and exports the same again', async () => {
  await using from = await openFilled()
  await using to = await openDeployment()
  const path = join(folder, 'all.jsonl')
  const encryption = await createLineSecrets(passphrase)
  const exported = await exportToFile(from.database, path, { box: from.box, encryption })
  assert.deepEqual(exported, { project: 2, role: 1, user: 2, key: 1, service: 3, task: 2, history: 3 })
  assert.deepEqual(await importInto(to, path), exported)
  assert.deepEqual(await dumpContent(to.database, to.box), await dumpContent(from.database, from.box))
  const again = join(folder, 'again.jsonl')
  await exportToFile(to.database, again, { box: to.box, encryption })
  const plain = async (file: string) => (await readFile(file, 'utf8')).replace(/,"secrets":"[^"]+"/g, '')
  assert.equal(await plain(again), await plain(path))
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.doesNotMatch(await readFile(path, 'utf8'), /hush|whsec_|argon2id/)
})

test('secrets are masked unless they are asked for', async () => {
  await using from = await openFilled()
  const path = join(folder, 'masked.jsonl')
  await exportToFile(from.database, path, undefined)
  const text = await readFile(path, 'utf8')
  assert.equal(text.split('\n')[0], '{"kind":"sightline","version":1}')
  assert.doesNotMatch(text, /hush|whsec_|argon2id|"secrets"/)
  assert.match(text, /"X-Auth-Token":"\*\*\*\*"/)
  const before = await dumpContent(from.database, from.box)
  await importInto(from, path)
  assert.deepEqual(await dumpContent(from.database, from.box), before)
})

test('users without a secret get a new password only where none is known', async () => {
  await using from = await openFilled()
  await using to = await openDeployment()
  const path = join(folder, 'masked-elsewhere.jsonl')
  await exportToFile(from.database, path, undefined)
  const { key } = await importInto(to, path)
  assert.equal(key, 0)
  const first = await bootstrap(to.database, { secretBox: to.box, nowMs: testNowMs })
  assert.match(first.adminPassword ?? '', /^\S{20}$/)
  assert.deepEqual(await bootstrap(to.database, { secretBox: to.box, nowMs: testNowMs }), {})
})

test('a wrong passphrase and secrets of another line open nothing', async () => {
  await using from = await openFilled()
  await using to = await openDeployment()
  const path = join(folder, 'sealed.jsonl')
  await exportToFile(from.database, path, { box: from.box, encryption: await createLineSecrets('another') })
  await assert.rejects(importInto(to, path), { message: 'the passphrase does not open the secrets of this export' })
  await exportToFile(from.database, path, { box: from.box, encryption: await createLineSecrets(passphrase) })
  const [first = '', one = '', two = '', ...rest] = (await readFile(path, 'utf8')).split('\n')
  const sealed = (line: string) => /"secrets":"([^"]+)"/.exec(line)?.[1] ?? ''
  await writeFile(path, [first, one, two.replace(sealed(two), sealed(one)), ...rest].join('\n'))
  await assert.rejects(importInto(to, path), { message: /^line 3: its secrets could not be opened/ })
})

test('members that are left out are derived, states and milliseconds are taken as given', async () => {
  await using to = await openDeployment()
  const path = await write('short.jsonl', [header, project, service, taskOf(1), { ...taskOf(2), state: 'STOPPED' }])
  assert.deepEqual(await importInto(to, path), {
    project: 1,
    role: 0,
    user: 0,
    key: 0,
    service: 1,
    task: 2,
    history: 0,
  })
  const { rows } = await to.database.query<Record<string, unknown>>(
    `select state, desired, hold, created_at, updated_at, state_since, due_at, cores, generation from task order by id`,
  )
  const times = { created_at: 1_700_000_000_123, updated_at: 1_700_000_000_456, state_since: 1_700_000_000_456 }
  const rest = { hold: 'none', cores: 0.1, generation: 0 }
  assert.deepEqual(rows, [
    { state: 'RUNNING', desired: 'run', due_at: testNowMs, ...times, ...rest },
    { state: 'STOPPED', desired: 'stop', due_at: null, ...times, ...rest },
  ])
  const { rows: services } = await to.database.query('select version, infer_type, config from service')
  assert.deepEqual(services, [{ version: '1.0', infer_type: 'edge', config: '[]' }])
})

test('a secret that is written in clear is masked and sealed', async () => {
  await using to = await openDeployment()
  const input = { type: 'url', data: [{ url: 'rtsp://user:hush@camera.example/1' }] }
  await importInto(to, await write('clear.jsonl', [header, project, service, { ...taskOf(1), input }]))
  const { rows } = await to.database.query<{ id: string; input: string; secrets: Buffer }>('select * from task')
  assert.equal(rows[0]?.input, '{"type":"url","data":[{"url":"rtsp://user:****@camera.example/1"}]}')
  const place = { table: 'task', id: rows[0]?.id ?? '', projectId: 'p1' } as const
  assert.match(to.box.open(rows[0]?.secrets ?? Buffer.of(), place), /user:hush@/)
})

test('existing ids are replaced, runs and history included, and others are kept', async () => {
  await using to = await openFilled()
  await to.database.query(
    `insert into node (id, name, credential_hash, cores, memory_mib, inputs, outputs, algorithms, version, registered_at)
     values ('n1', 'n1', '\\x00', 1, 1, '{}', '{}', '{}', '1', now())`,
  )
  const [replaced, kept] = ['a'.repeat(32), 'b'.repeat(32)]
  await to.database.query(
    `insert into run (task_id, generation, node_id, epoch, ordered_at) values ($1, 7, 'n1', 1, now())`,
    [replaced],
  )
  const task = { ...taskOf(1), id: replaced, project_id: 'p2', service_id: 's-2', name: 'other' }
  await importInto(to, await write('replace.jsonl', [header, task, task]))
  const tasks = await to.database.query('select id, name, schedule from task order by id')
  assert.deepEqual(tasks.rows, [
    { id: replaced, name: 'other', schedule: null },
    { id: kept, name: 'plain', schedule: null },
  ])
  assert.deepEqual((await to.database.query('select 1 from run')).rows, [])
  assert.deepEqual((await to.database.query('select 1 from task_history where task_id = $1', [replaced])).rows, [])
  const counts = await to.database.query(`select sum(change)::integer as sum from task_count where project_id = 'p2'`)
  assert.deepEqual(counts.rows, [{ sum: 2 }])
  const nodes = await to.database.query('select assignments_version from node')
  assert.deepEqual(nodes.rows, [{ assignments_version: 1 }])
})

for (const { name, lines, message } of [
  { name: 'an empty file', lines: [], message: /^line 1: expected a first line/ },
  { name: 'another first line', lines: [project], message: /^line 1: expected \{"kind":"sightline","version":1\}/ },
  { name: 'another version', lines: [{ ...header, version: 2 }], message: /^line 1: the member version is malformed/ },
  {
    name: 'an unknown kind',
    lines: [header, project, { kind: 'camera' }],
    message: /^line 3: the kind "camera" is unk/,
  },
  { name: 'no JSON', lines: [header, '{"kind":'], message: /^line 2: expected one JSON object/ },
  { name: 'an unknown member', lines: [header, { ...project, x: 1 }], message: /^line 2: the member x is unknown$/ },
  {
    name: 'an unknown member of an input',
    lines: [header, project, service, { ...taskOf(1), input: { type: 'vis', data: [{ stream_name: 's', x: 1 }] } }],
    message: /^line 4: the member input\.data\.0\.x is unknown$/,
  },
  {
    name: 'a missing parent',
    lines: [header, project, taskOf(1)],
    message: /^line 3: what it belongs to is not there/,
  },
  {
    name: 'a name that is taken',
    lines: [header, { ...project, name: 'default' }],
    message: /^line 2: another one has/,
  },
  {
    name: 'a text that PostgreSQL cannot hold',
    lines: [header, project, service, { ...taskOf(1), name: 'a\u0000b' }],
    message: /^line 4: a rule of the database refuses it: 22021$/,
  },
]) {
  test(`${name} stops an import, and what stands before is stored`, async () => {
    await using to = await openFilled()
    const path = await write('wrong.jsonl', lines)
    await assert.rejects(importInto(to, path), { name: 'TransferError', message })
    const { rows } = await to.database.query<{ count: number }>(`select count(*) from project where id = 'p1'`)
    assert.equal(rows[0]?.count, lines[1] === project ? 1 : 0)
  })
}

test('an import that was cut short goes on where it was, and only with the same file', async () => {
  await using to = await openFilled()
  const good = [header, project, service, ...Array.from({ length: 4_500 }, (_, at) => taskOf(at + 1))]
  const path = await write('cut.jsonl', [...good.slice(0, 4_100), '{"kind":"camera"}'])
  await assert.rejects(importInto(to, path), { message: /^line 4101: / })
  const names = async () => {
    const { rows } = await to.database.query<{ names: number; marked: number }>(
      `select count(*) as names, count(*) filter (where name = 'mine') as marked from task where project_id = 'p1'`,
    )
    return rows[0]
  }
  assert.deepEqual(await names(), { names: 4_097, marked: 0 })
  await to.database.query(`update task set name = 'mine' where project_id = 'p1'`)
  await write('cut.jsonl', good)
  const rest = await importInto(to, path)
  // Two batches of 2,000 lines were marked; the rest is stored again.
  assert.equal(rest.task, good.length - 4_001)
  assert.deepEqual(await names(), { names: 4_500, marked: 3_998 })
  assert.equal((await importInto(to, path)).task, 4_500)
  assert.deepEqual(await names(), { names: 4_500, marked: 0 })
})

test('a rotation of all keys changes nothing that is sealed', async () => {
  await using from = await openFilled()
  const before = await dumpContent(from.database, from.box)
  const { resealed } = await rotateSecrets(from.database, from, testNowMs)
  assert.deepEqual(resealed, { project: 2, task: 1, access_key: 1 })
  const box = await openSecretBox(from.database, from, testNowMs)
  assert.deepEqual(await dumpContent(from.database, box), before)
})

test('an export that fails leaves no file behind', async () => {
  await using from = await openFilled()
  await from.database.query('update project set signing_secrets = array[$1::bytea] where id = $2', [
    Buffer.of(2, 0),
    contentProject,
  ])
  const place = join(folder, 'broken.jsonl')
  const encryption = await createLineSecrets(passphrase)
  await assert.rejects(exportToFile(from.database, place, { box: from.box, encryption }))
  await assert.rejects(exportToFile(from.database, join(folder, 'no', 'where'), undefined))
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('broken')),
    [],
  )
})
