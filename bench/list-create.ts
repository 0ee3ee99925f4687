// What creating a task takes, durably, beside the two inserts alone.
import { randomBytes } from 'node:crypto'
import type { Database } from '@sightline/server/store/database.ts'
import { percentile, printFigure, round } from './figure.ts'
import { ask, rateOf } from './list-limit.ts'

const turns = 100
const manyTurns = 10

type Creates = { database: Database; port: number; token: string; path: string }

export async function benchCreates(bench: Creates): Promise<void> {
  const ours: number[] = []
  const limits: number[] = []
  for (let turn = 0; turn < turns; turn++) {
    ours.push(await timeOf(() => create(bench, 1)))
    limits.push(await timeOf(() => insert(bench)))
  }
  for (const [label, share] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const) {
    const [figure, limit] = [percentile(ours, share), percentile(limits, share)]
    printFigure({
      name: `create.${label}`,
      figure: round(figure),
      unit: 'ms',
      limit: round(limit),
      ratio: round(limit / figure),
    })
  }
  const [rate, limit] = [await rateOf(() => create(bench, 1)), await rateOf(() => insert(bench))]
  printFigure({
    name: 'create.rate',
    figure: round(rate),
    unit: '1/s',
    limit: round(limit),
    ratio: round(rate / limit),
    note: 'durable; the limit is the two inserts in one transaction',
  })
  const many: number[] = []
  for (let turn = 0; turn < manyTurns; turn++) many.push(await timeOf(() => create(bench, 100)))
  printFigure({
    name: 'create.100_inputs.p50',
    figure: round(percentile(many, 0.5)),
    unit: 'ms',
    note: 'one call, 100 tasks',
  })
}

async function timeOf(act: () => Promise<unknown>): Promise<number> {
  const before = performance.now()
  await act()
  return performance.now() - before
}

async function create({ port, token, path }: Creates, count: number): Promise<void> {
  const data = Array.from({ length: count }, (_, at) => ({ url: `rtsp://camera-${at}.example.com/1` }))
  const body = JSON.stringify({
    name: 'made',
    input: { type: 'url', data },
    output: { webhook: { url: 'https://receiver.example.com/' } },
  })
  const headers = {
    'x-auth-token': token,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
  }
  const { status, body: answer } = await ask({ port, path, method: 'POST', headers, body })
  if (status !== 201) throw new Error(`a create was answered ${status}: ${answer.slice(0, 200)}`)
}

async function insert({ database, path }: Creates): Promise<void> {
  const [, , projectId, , serviceId] = path.split('/')
  const id = randomBytes(16).toString('hex')
  const now = new Date()
  await database.transaction(async (tx) => {
    await tx.query(
      `insert into task (id, project_id, service_id, name, creator, input, output, cores, memory_mib, desired, state,
                         state_since, created_at, updated_at)
       values ($1, $2, $3, 'made', 'admin', '{"type":"url","data":[{"url":"rtsp://camera.example.com/1"}]}',
               '{"webhook":{"url":"https://receiver.example.com/"}}', 0.1, 32, 'stop', 'STOPPED', $4, $4, $4)`,
      [id, projectId, serviceId, now],
      'limit-insert',
    )
    await tx.query(
      `insert into task_history (task_id, seq, at, to_state, cause, generation) values ($1, 1, $2, 'STOPPED', 'created', 0)`,
      [id, now],
      'limit-insert-history',
    )
  })
}
