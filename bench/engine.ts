// An engine process as the worker starts it, driven by hand and measured from outside.
import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Assignment } from '@sightline/contract/fleet.ts'
import type { FromEngine, ToEngine } from '@sightline/worker/engine/messages.ts'
import { engineArguments, engineEnvironment, engineFile } from '@sightline/worker/engine/spawn-options.ts'

export type Engine = {
  pid: number
  send(message: ToEngine): void
  /** Every message that is not a result; results are stored at once, as far as the engine can tell. */
  onMessage(listener: (message: FromEngine) => void): void
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * The start of a command that stays on one processor. Two threads that share one core's caches cost each other up to a
 * fifth in CPU time; a cost that is compared with the sum of two costs measured alone must be measured on one too.
 */
export const onOneProcessor = ['taskset', '-c', '0', process.execPath] as const

export async function startEngine(modelPath: string, streamsMax: number): Promise<Engine> {
  const child = fork(
    fileURLToPath(engineFile),
    engineArguments({ modelPath, detectorThreadCount: 1, isFileAllowed: true }),
    {
      env: { ...process.env, ...engineEnvironment(streamsMax) },
      execPath: onOneProcessor[0],
      execArgv: onOneProcessor.slice(1),
      serialization: 'advanced',
    },
  )
  const listeners: ((message: FromEngine) => void)[] = []
  const ready = Promise.withResolvers<void>()
  child.on('message', (message: FromEngine) => {
    if (message.kind === 'ready') ready.resolve()
    if (message.kind === 'result')
      child.send({ kind: 'stored', pipelineId: message.pipelineId, resultId: message.resultId })
    else for (const listener of listeners) listener(message)
  })
  const exited = new Promise<string | number>((resolve) =>
    child.once('exit', (code, signal) => resolve(signal ?? code ?? 1)),
  )
  exited.then((how) => ready.reject(new Error(`the engine ended with ${how}`)))
  await ready.promise
  return {
    pid: child.pid ?? -1,
    send: (message) => void child.send(message),
    onMessage: (listener) => void listeners.push(listener),
    [Symbol.asyncDispose]: () => close(child, exited),
  }
}

/** Errors: throws when the engine did not end by itself and in order: a crash must not look like a figure. */
async function close(child: ChildProcess, exited: Promise<string | number>): Promise<void> {
  if (child.connected) child.send({ kind: 'close' })
  const how = await exited
  if (how !== 0) throw new Error(`the engine ended with ${how}`)
}
/** User and system time of a process, ms; a tick is 10 ms. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** People flow over one line at a sampling distance in seconds; 0.2 s is the algorithm's own. */
export function peopleFlowOf(
  url: string,
  line: unknown,
  everySeconds: number | undefined,
  taskId = 'a'.repeat(32),
): Assignment {
  return {
    task_id: taskId,
    project_id: 'bench',
    generation: 1,
    input: { type: 'url', data: [{ url }] },
    output: {},
    algorithm: { name: 'c-flowcount', version: '1.0' },
    config: {
      target_roi: JSON.stringify({ lines: [{ data: line }] }),
      region_detection_sw: 0,
      ...(everySeconds === undefined ? {} : { sampling_time_interval: everySeconds }),
    },
    signing_secrets: [],
    address_policy: { preset: 'lan', allow: ['127.0.0.1/32'], deny: [], own: [] },
    last_sequence: 0,
  }
}
