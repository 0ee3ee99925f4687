import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { writeClip } from '@sightline/camera/clip.ts'
import type { Assignment } from '@sightline/contract/fleet.ts'
import { FleetServer } from '@sightline/worker/test-fleet-server.ts'
import { startReceiver } from './receiver.ts'

const workerFile = new URL('../worker/main.ts', import.meta.url)
const exitWithinMs = 5_000

let folder = ''
let clip = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-worker-test-'))
  const file = join(folder, 'street.mp4')
  writeClip({ file, durationS: 6, widthPx: 640, heightPx: 360 })
  clip = pathToFileURL(file).href
})
after(() => rm(folder, { recursive: true }))

const openServer = async () => {
  const server = await new FleetServer({ leaseMs: 20_000, heartbeatEveryMs: 1_000 }).open()
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.close() })
}

/** As `serve` starts it: settings in the environment, a channel to its parent. */
function startWorker(server: FleetServer, over: Record<string, string> = {}) {
  const settings = {
    SIGHTLINE_SERVER: server.url,
    SIGHTLINE_JOIN: 'join-me',
    SIGHTLINE_DATA_DIR: join(folder, 'data'),
    SIGHTLINE_LOG_LEVEL: 'error',
  }
  const child = fork(workerFile, [], {
    env: { ...process.env, ...settings, ...over },
    stdio: ['ignore', 2, 'pipe', 'ipc'],
  })
  let stderr = ''
  child.stderr?.on('data', (chunk) => {
    stderr += chunk
  })
  const exited = once(child, 'exit')
  return {
    child,
    stderr: () => stderr,
    exited,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

function childrenOf({ pid }: ChildProcess): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
}

async function goneWithin(pids: number[], withinMs: number): Promise<boolean> {
  const endsAtMs = performance.now() + withinMs
  while (performance.now() < endsAtMs) {
    if (!pids.some(isAlive)) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return false
}

function isAlive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false
  // A process that ended and that nobody has waited for yet is a zombie.
  return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}

const anAssignment = (receiverUrl: string, url: string): Assignment => ({
  task_id: 't1',
  project_id: 'p1',
  generation: 1,
  input: { type: 'url', data: [{ url }] },
  output: { webhook: { url: receiverUrl, headers: { 'X-Key': 'k' } } },
  algorithm: { name: 'c-flowcount', version: '1.0' },
  config: {
    target_roi: JSON.stringify({
      lines: [
        {
          data: [
            [0.5, 0],
            [0.5, 1],
          ],
          name: 'middle',
        },
      ],
    }),
  },
  signing_secrets: [],
  address_policy: { preset: 'lan', allow: ['127.0.0.1/32'], deny: [], own: [] },
  last_sequence: 0,
})

test('a worker analyses a file with the real engine and delivers every result, then ends in order', async () => {
  await using receiver = await startReceiver()
  await using server = await openServer()
  await using worker = startWorker(server)
  server.assign(anAssignment(receiver.url, clip))
  const ended = await server.reported(({ phase }) => ['ended', 'failed'].includes(phase))
  assert.deepEqual([ended.phase, ended.error], ['ended', undefined], worker.stderr())
  assert.deepEqual(
    receiver.received.map(({ message }) => message.data.ext?.sequence),
    Array.from({ length: ended.last_sequence ?? 0 }, (_, index) => index + 1),
  )
  assert.ok(receiver.received.length > 0)
  const engines = childrenOf(worker.child)
  assert.equal(engines.length, 1)
  const askedAtMs = performance.now()
  worker.child.kill('SIGTERM')
  const [exitCode] = await worker.exited
  assert.equal(exitCode, 0)
  assert.ok(performance.now() - askedAtMs < exitWithinMs)
  assert.deepEqual(engines.filter(isAlive), [])
})

for (const { name, end } of [
  { name: 'the engine ends with a worker that is killed', end: (child: ChildProcess) => child.kill('SIGKILL') },
  {
    name: 'worker and engine end with the process that started them',
    end: (child: ChildProcess) => child.disconnect(),
  },
]) {
  test(name, async () => {
    await using receiver = await startReceiver()
    await using server = await openServer()
    server.options.joinTokens.push('again')
    await using worker = startWorker(server, { SIGHTLINE_JOIN: 'again' })
    server.assign(anAssignment(receiver.url, clip))
    await server.reported(({ phase }) => phase === 'running')
    const pids = [...childrenOf(worker.child), worker.child.pid ?? 0]
    assert.equal(pids.length, 2)
    end(worker.child)
    assert.ok(await goneWithin(pids, exitWithinMs))
  })
}

test('an unknown setting stops the start with one line', async () => {
  await using server = await openServer()
  await using worker = startWorker(server, { SIGHTLINE_SPEED: '1' })
  const [exitCode] = await worker.exited
  assert.deepEqual(
    { exitCode, stderr: worker.stderr() },
    { exitCode: 2, stderr: 'sightline: SIGHTLINE_SPEED: expected the twin of a flag, given an unknown variable\n' },
  )
})
