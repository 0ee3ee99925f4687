// Requests with faults of every kind against a running platform: no 5xx, no hang, no crash, no memory that grows.
import { readFileSync } from 'node:fs'
import { type Platform, pidOf, startPlatform } from '@sightline/test/platform.ts'
import { percentile, printFigure, round } from './figure.ts'
import { type FuzzRequest, fuzzRequest, type Target } from './fuzz-request.ts'
import { type FuzzAnswer, FuzzLane } from './fuzz-socket.ts'
import { tokenOf } from './watch.ts'

const laneCount = 16
const endAfterMs = 9 * 60_000
const memoryEvery = 1_000
/** What a process takes at first says nothing about what it keeps. */
const warmUpShare = 0.1
const taskIdsMax = 50

export type Fault = {
  number: number
  kind: 'server_error' | 'hang' | 'no_error_body'
  status: number
  request: string
  answer: string
}
export type FuzzStory = {
  seed: number
  sent: number
  statuses: Record<string, number>
  faults: Fault[]
  closedCount: number
  crashCount: number
  elapsedMs: number
  latenciesMs: number[]
  /** Resident memory of the server process every `memoryEvery` requests, KiB. */
  memoryKib: number[]
}

/** Sends `count` requests, fewer when nine minutes are over. */
export async function fuzz({ count, seed }: { count: number; seed: number }): Promise<FuzzStory> {
  await using platform = await startPlatform({ args: ['--no-worker', '--log-level', 'error'] })
  const target = await findTarget(platform)
  const pid = pidOf(platform, 'server')
  const story: FuzzStory = {
    ...{ seed, sent: 0, statuses: {}, faults: [], closedCount: 0, crashCount: 0, elapsedMs: 0, latenciesMs: [] },
    memoryKib: [residentKib(pid)],
  }
  const startedAtMs = performance.now()
  const isOver = () => story.sent >= count || performance.now() - startedAtMs > endAfterMs
  const lane = async () => {
    using connection = new FuzzLane(Number(new URL(platform.endpoint).port))
    while (!isOver()) {
      const number = story.sent++
      const request = fuzzRequest(seed, number, target)
      const sentAtMs = performance.now()
      record(story, number, request, await connection.ask(request))
      story.latenciesMs.push(performance.now() - sentAtMs)
      if (number % memoryEvery === memoryEvery - 1) story.memoryKib.push(residentKib(pid))
    }
  }
  await Promise.all(Array.from({ length: laneCount }, lane))
  story.memoryKib.push(residentKib(pid))
  story.crashCount = platform.child.stderr().match(/ended unexpectedly|has ended|uncaught/gi)?.length ?? 0
  if (pidOf(platform, 'server') !== pid) story.crashCount = Math.max(1, story.crashCount)
  story.elapsedMs = performance.now() - startedAtMs
  return story
}

/** Tasks in a service of their own, so that nothing else is in the way. */
async function findTarget(platform: Platform): Promise<Target> {
  const token = await tokenOf(platform)
  const headers = { 'x-auth-token': token, 'content-type': 'application/json' }
  const { projects } = (await (await fetch(`${platform.endpoint}/v3/projects`, { headers })).json()) as {
    projects: { id: string }[]
  }
  const projectId = projects[0]?.id ?? ''
  const path = `${platform.endpoint}/v1/${projectId}/services`
  const found = (await (await fetch(`${path}?service_name=c-flowcount`, { headers })).json()) as {
    services: { service_id: string }[]
  }
  const serviceId = found.services[0]?.service_id ?? ''
  const data = Array.from({ length: taskIdsMax }, (_, at) => ({ url: `rtsp://192.168.1.${at}/live` }))
  const body = JSON.stringify({ name: 'fuzz', input: { type: 'url', data }, output: { dis: { stream_name: 'out' } } })
  const made = (await (await fetch(`${path}/${serviceId}/tasks`, { method: 'POST', headers, body })).json()) as {
    tasks: { id: string }[]
  }
  const [first = '', ...others] = made.tasks.map(({ id }) => id)
  return { projectId, serviceId, taskIds: [first, ...others], token, host: new URL(platform.endpoint).host }
}

function record(story: FuzzStory, number: number, request: FuzzRequest, answer: FuzzAnswer): void {
  const status = answer.kind === 'answer' ? answer.status : 0
  const word = answer.kind === 'answer' ? String(status) : answer.kind
  story.statuses[word] = (story.statuses[word] ?? 0) + 1
  if (answer.kind === 'closed') story.closedCount++
  const kind = faultOf(request, answer)
  if (!kind) return
  const shown = answer.kind === 'answer' ? `${answer.head}\r\n\r\n${answer.body}`.slice(0, 600) : ''
  story.faults.push({
    number,
    kind,
    status,
    request: request.bytes.subarray(0, 3_000).toString('latin1'),
    answer: shown,
  })
}

function faultOf({ method }: FuzzRequest, answer: FuzzAnswer): Fault['kind'] | undefined {
  if (answer.kind === 'hang') return 'hang'
  if (answer.kind === 'closed') return undefined
  if (answer.status >= 500 || answer.status === 0) return 'server_error'
  return answer.status >= 400 && method !== 'HEAD' && !isErrorBody(answer.body) ? 'no_error_body' : undefined
}

/** ModelArts' form, or Keystone's. */
function isErrorBody(text: string): boolean {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null && ('error_code' in body || 'error' in body)
  } catch {
    return false
  }
}

function residentKib(pid: number | undefined): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** KiB by which memory grows with each thousand requests, by least squares over the second half of the run. */
export function memorySlope(memoryKib: readonly number[]): number {
  const half = memoryKib.slice(Math.floor(memoryKib.length / 2))
  const meanAt = (half.length - 1) / 2
  const mean = half.reduce((sum, kib) => sum + kib, 0) / half.length
  const spread = half.reduce((sum, _, at) => sum + (at - meanAt) ** 2, 0)
  return spread === 0 ? 0 : half.reduce((sum, kib, at) => sum + (at - meanAt) * (kib - mean), 0) / spread
}

export async function benchFuzz({ requestCount, seed }: { requestCount: number; seed: number }): Promise<void> {
  const story = await fuzz({ count: requestCount, seed })
  const note = `seed ${seed}`
  const figure = (name: string, value: number, unit: string, more = note) =>
    printFigure({ name: `fuzz.${name}`, figure: round(value), unit, note: more })
  for (const fault of story.faults.slice(0, 20)) console.log(JSON.stringify({ name: 'fuzz.fault', seed, ...fault }))
  figure('requests', story.sent, '1', `${note}; answers ${JSON.stringify(story.statuses)}`)
  figure('rate', story.sent / (story.elapsedMs / 1_000), '1/s', `${note}; ${laneCount} connections`)
  figure('server_errors', story.faults.filter(({ kind }) => kind === 'server_error').length, '1')
  figure('hangs', story.faults.filter(({ kind }) => kind === 'hang').length, '1', `${note}; no answer in 10 s`)
  figure('without_error_body', story.faults.filter(({ kind }) => kind === 'no_error_body').length, '1')
  figure(
    'closed_without_answer',
    story.closedCount,
    '1',
    `${note}; methods that HTTP has no answer for, ends before a request`,
  )
  figure('crashes', story.crashCount, '1')
  figure(
    'slowest',
    story.latenciesMs.reduce((most, ms) => Math.max(most, ms), 0),
    'ms',
  )
  figure('p99', percentile(story.latenciesMs, 0.99), 'ms')
  const warm = story.memoryKib[Math.floor(story.memoryKib.length * warmUpShare)] ?? 0
  figure('memory.before', warm / 1024, 'MiB', `${note}; resident memory of the server after a tenth of the requests`)
  figure('memory.after', (story.memoryKib.at(-1) ?? 0) / 1024, 'MiB')
  figure('memory.slope', memorySlope(story.memoryKib), 'KiB per 1000 requests', `${note}; over the second half`)
}
