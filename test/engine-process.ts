// An engine child process as its supervisor starts it, for tests.
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Assignment } from '@sightline/contract/fleet.ts'
import type { FromEngine, PipelineId, ToEngine } from '@sightline/worker/engine/messages.ts'
import { engineArguments, engineEnvironment, engineFile } from '@sightline/worker/engine/spawn-options.ts'

type Kind = FromEngine['kind']
type Message<Wanted extends Kind> = Extract<FromEngine, { kind: Wanted }>

export type EngineProcess = AsyncDisposable & {
  process: ChildProcess
  messages: FromEngine[]
  send(message: ToEngine): void
  /** The first message of a kind and pipeline, past ones included; throws when time is up. */
  next<Wanted extends Kind>(kind: Wanted, pipelineId?: PipelineId): Promise<Message<Wanted>>
  /** Whether each result is answered with `stored` at once. */
  storesResults: boolean
}

const nextWithinMs = 30_000

export function startEngine(options: { modelPath: string; streamsMax?: number }): EngineProcess {
  const child = fork(
    engineFile,
    engineArguments({ modelPath: options.modelPath, detectorThreadCount: 1, isFileAllowed: true }),
    { env: { ...process.env, ...engineEnvironment(options.streamsMax ?? 8) }, serialization: 'advanced' },
  )
  const messages: FromEngine[] = []
  const waiting = new Set<() => void>()
  const engine: EngineProcess = {
    process: child,
    messages,
    storesResults: true,
    send: (message) => void child.send(message),
    next: (kind, pipelineId) => nextMessage({ messages, waiting, kind, pipelineId }),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      if (child.connected) child.send({ kind: 'close' } satisfies ToEngine)
      const [exitCode, signal] = await once(child, 'exit')
      assert.deepEqual({ exitCode, signal }, { exitCode: 0, signal: null }, 'the engine does not end in order')
    },
  }
  child.on('message', (message: FromEngine) => {
    messages.push(message)
    if (message.kind === 'result' && engine.storesResults) {
      engine.send({ kind: 'stored', pipelineId: message.pipelineId, resultId: message.resultId })
    }
    for (const wake of waiting) wake()
  })
  return engine
}

function nextMessage<Wanted extends Kind>(of: {
  messages: FromEngine[]
  waiting: Set<() => void>
  kind: Wanted
  pipelineId: PipelineId | undefined
}): Promise<Message<Wanted>> {
  const { promise, resolve, reject } = Promise.withResolvers<Message<Wanted>>()
  const isWanted = (message: FromEngine): message is Message<Wanted> =>
    message.kind === of.kind &&
    (of.pipelineId === undefined || ('pipelineId' in message && message.pipelineId === of.pipelineId))
  const look = () => {
    const found = of.messages.find(isWanted)
    if (found) resolve(found)
  }
  const said = () => JSON.stringify(of.messages.filter(({ kind }) => kind !== 'result')).slice(0, 2000)
  const timer = setTimeout(
    () => reject(new Error(`no ${of.kind} within ${nextWithinMs} ms of ${said()}`)),
    nextWithinMs,
  )
  of.waiting.add(look)
  look()
  return promise.finally(() => {
    clearTimeout(timer)
    of.waiting.delete(look)
  })
}

/** An assignment of one address to people-flow counting, with loopback allowed. */
export function anAssignment(url: string, config: Record<string, unknown> = {}): Assignment {
  return {
    task_id: '0'.repeat(32),
    project_id: 'p',
    generation: 1,
    input: { type: 'url', data: [{ url }] },
    output: { webhook: { url: 'http://receiver.example/', headers: {} } },
    algorithm: { name: 'c-flowcount', version: '1.0' },
    config,
    signing_secrets: [],
    address_policy: { preset: 'lan', allow: ['127.0.0.0/8', '::1'], deny: [], own: [] },
    last_sequence: 0,
  }
}
