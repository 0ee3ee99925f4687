// The list of tasks at a million of them, beside what the database and HTTP alone would take for the same answers.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger } from '@sightline/server/logger.ts'
import { holdDataDir } from '@sightline/server/store/data-dir.ts'
import { type Database, openDatabase } from '@sightline/server/store/database.ts'
import { startEmbedded } from '@sightline/server/store/embedded.ts'
import { type Platform, pidOf, pssKib, startPlatform } from '@sightline/test/platform.ts'
import { percentile, printFigure, round } from './figure.ts'
import { type Case, listCases } from './list-cases.ts'
import { benchCreates } from './list-create.ts'
import { ask, type BytesServer, closeConnections, parallel, rateOf, startBytesServer } from './list-limit.ts'
import { type Loaded, loadTasks } from './list-load.ts'
import { tokenOf } from './watch.ts'

export type ListBench = { taskCount: number; minutes: number }

const projectId = '0123456789abcdef0123456789abcdef'
const turns = 150
const warmTurns = 15

type Bench = { database: Database; bytes: BytesServer; port: number; token: string; platform: Platform }

/** Prints a figure for every question; the last line is the worst ratio. */
export async function benchList({ taskCount, minutes }: ListBench): Promise<void> {
  const log = createLogger('error', 'bench')
  const dataDir = await mkdtemp(join(tmpdir(), 'sightline-bench-'))
  try {
    await holdDataDir(dataDir)
    await using embedded = await startEmbedded({ dataDir, log })
    await using database = openDatabase({ url: embedded.url, poolMax: parallel, log })
    await using platform = await startPlatform({
      args: ['--no-worker', '--database-url', embedded.url, '--project-id', projectId],
    })
    const startedMs = performance.now()
    const loaded = await loadTasks(database, projectId, taskCount)
    const seconds = (performance.now() - startedMs) / 1_000
    printFigure({
      name: 'list.load',
      figure: round(seconds),
      unit: 's',
      note: `${2 * taskCount} tasks, indexes included`,
    })
    await using bytes = await startBytesServer()
    const bench = {
      database,
      bytes,
      platform,
      port: Number(new URL(platform.endpoint).port),
      token: await tokenOf(platform),
    }
    await measure(bench, loaded, minutes)
  } finally {
    closeConnections()
    await rm(dataDir, { recursive: true, force: true })
  }
}

async function measure(bench: Bench, loaded: Loaded, minutes: number): Promise<void> {
  const ratios: { name: string; ratio: number }[] = []
  const firstPages: number[] = []
  for (const one of listCases(loaded, await deepCursor(bench, loaded))) {
    const { p50, p99 } = await measureCase(bench, one)
    ratios.push({ name: one.name, ratio: p50.ratio })
    if (one.name.startsWith('first_page')) firstPages.push(p99)
  }
  for (const name of ['first_page_10', 'first_page_100', 'show']) {
    const one = listCases(loaded, await deepCursor(bench, loaded)).find((candidate) => candidate.name === name)
    if (one) await measureRate(bench, one)
  }
  const path = await makeOtherProject(bench.database)
  await benchCreates({ ...bench, token: await tokenOf(bench.platform, otherProject), path })
  await measureMemory(bench, loaded, minutes)
  const worst = ratios.reduce((least, one) => (one.ratio < least.ratio ? one : least))
  const note = `least ratio of ${ratios.length} questions at ${loaded.taskCount} tasks (${worst.name}); goal 0.7. p99 of a first page: ${round(Math.max(...firstPages))} ms, goal 10`
  printFigure({ name: 'list', figure: worst.ratio, unit: 'ratio', limit: 1, ratio: worst.ratio, note })
}

const otherProject = 'bench-create'

/** The loaded project has more tasks than its quota; creations go beside it, into the same table. Gives their path. */
async function makeOtherProject(database: Database): Promise<string> {
  await database.query(
    `with made as (
       insert into project (id, domain_id, name, created_at)
       select $1, domain_id, $1, created_at from project where id = $2
       returning id, created_at
     )
     insert into service (project_id, id, service_name, algorithm, version, task_profile, infer_type, status, owner,
                          created_at, transition_at)
     select id, $1, $1, 'c-flowcount', '1.0', 'ief', 'edge', 'running', 'admin', created_at, created_at from made`,
    [otherProject, projectId],
  )
  return `/v1/${otherProject}/services/${otherProject}/tasks`
}

function askList({ port, token }: Bench, path: string) {
  return ask({ port, path, headers: { 'x-auth-token': token } })
}

/** Walks a tenth of the service by cursor. */
async function deepCursor(bench: Bench, { bigServiceId, taskCount, firstAtMs }: Loaded) {
  const path = `/v1/${projectId}/services/${bigServiceId}/tasks?limit=1000&fields=id`
  let text = ''
  let id = ''
  let seen = 0
  while (seen < Math.min(taskCount / 2, 50_000)) {
    const { body } = await askList(bench, `${path}&cursor=${text}`)
    const page = JSON.parse(body) as { tasks: { id: string }[]; next_cursor?: string }
    if (page.next_cursor === undefined) break
    text = page.next_cursor
    seen += page.tasks.length
    id = page.tasks.at(-1)?.id ?? id
  }
  return { text, id, createdAtMs: firstAtMs + (taskCount - seen) * 1_000 }
}

/** Ours and the limit in turns, so that both meet the same moments of this machine. */
async function measureCase(bench: Bench, one: Case): Promise<{ p50: { ratio: number }; p99: number }> {
  const ours: number[] = []
  const limits: number[] = []
  for (let turn = -warmTurns; turn < turns; turn++) {
    const path = one.path()
    const before = performance.now()
    const { status, body } = await askList(bench, path)
    const mine = performance.now() - before
    if (status !== 200) throw new Error(`${path} was answered ${status}: ${body.slice(0, 200)}`)
    const sql = await timeOf(() => runLimit(bench.database, one))
    await bench.bytes.setBody(body)
    const http = await timeOf(() => ask({ port: bench.bytes.port, path: '/' }))
    if (turn < 0) continue
    ours.push(mine)
    limits.push(sql + http)
  }
  const report = (share: number, label: string) => {
    const [figure, limit] = [percentile(ours, share), percentile(limits, share)]
    printFigure({
      name: `list.${one.name}.${label}`,
      figure: round(figure),
      unit: 'ms',
      limit: round(limit),
      ratio: round(limit / figure),
    })
    return { figure, ratio: round(limit / figure) }
  }
  const p50 = report(0.5, 'p50')
  return { p50, p99: report(0.99, 'p99').figure }
}

async function runLimit(database: Database, one: Case): Promise<void> {
  for (const { text, values, name } of one.limit()) await database.query(text, values, name === '' ? undefined : name)
}

async function timeOf(act: () => Promise<unknown>): Promise<number> {
  const before = performance.now()
  await act()
  return performance.now() - before
}

async function measureRate(bench: Bench, one: Case): Promise<void> {
  const { body } = await askList(bench, one.path())
  await bench.bytes.setBody(body)
  const ours = await rateOf(() => askList(bench, one.path()))
  const sql = await rateOf(() => runLimit(bench.database, one))
  const http = await rateOf(() => ask({ port: bench.bytes.port, path: '/' }))
  const limit = 1 / (1 / sql + 1 / http)
  const note = `${parallel} at once; alone the statement makes ${round(sql)}, HTTP ${round(http)}; the asking side shares the cores`
  printFigure({
    name: `list.${one.name}.rate`,
    figure: round(ours),
    unit: '1/s',
    limit: round(limit),
    ratio: round(ours / limit),
    note,
  })
}

async function measureMemory(bench: Bench, loaded: Loaded, minutes: number): Promise<void> {
  const pid = pidOf(bench.platform, 'server')
  if (pid === undefined) throw new Error('the server is not running')
  const paths = listCases(loaded, await deepCursor(bench, loaded)).filter(({ name }) => !name.startsWith('name_'))
  const untilMs = performance.now() + minutes * 60_000
  const kib: number[] = []
  const worker = async () => {
    for (let turn = 0; performance.now() < untilMs; turn++)
      await askList(bench, paths[turn % paths.length]?.path() ?? '')
  }
  const sampler = setInterval(() => kib.push(pssKib(pid)), 1_000)
  await Promise.all(Array.from({ length: parallel }, worker))
  clearInterval(sampler)
  const mib = (value: number) => round(value / 1_024)
  const half = kib.slice(Math.floor(kib.length / 2))
  const note = `most in ${minutes} min of ${parallel} at once; in the second half ${mib(Math.min(...half))} to ${mib(Math.max(...half))} MiB; goal 250`
  printFigure({ name: 'list.server_memory', figure: mib(Math.max(...kib)), unit: 'MiB', note })
}
