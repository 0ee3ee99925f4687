// The engine child process: started at the first need, killed when it hangs, and forgotten with all its pipelines when
// it ends. Whether a pipeline runs again is not decided here.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Assignment } from '@sightline/contract/fleet.ts'
import type { Logger } from 'pino'
import type { FromEngine, PipelineId, ToEngine } from './engine/messages.ts'

// An engine answers `stop` of a pipeline that it does not know at once: that is how it is asked whether it hangs.
const pingId: PipelineId = 'ping'
// Loading a model and a machine under load take seconds; a hang lasts.
export const engineLimits = { pingEveryMs: 5_000, hangAfterMs: 30_000 }
const killAfterMs = 2_000

export type EngineCommand = {
  file: URL | string
  arguments: string[]
  /** Variables beside those of this process. */
  environment: Record<string, string>
}

export type EngineOptions = {
  /** Asked for before each start. */
  command: () => Promise<EngineCommand>
  logger: Logger
  onMessage: (message: FromEngine) => void
  /** The engine is gone, and every pipeline with it. */
  onLost: () => void
  limits?: typeof engineLimits
}

export class EngineProcess {
  readonly #options: EngineOptions
  #child: ChildProcess | undefined
  #starting: Promise<void> | undefined
  #pinging: NodeJS.Timeout | undefined
  #isClosing = false

  constructor(options: EngineOptions) {
    this.#options = options
  }

  startPipeline(pipelineId: PipelineId, assignment: Assignment): void {
    void this.#send({ kind: 'start', pipelineId, assignment })
  }

  stopPipeline(pipelineId: PipelineId): void {
    void this.#send({ kind: 'stop', pipelineId })
  }

  stored(pipelineId: PipelineId, resultId: number): void {
    if (this.#child?.connected) this.#child.send({ kind: 'stored', pipelineId, resultId }, ignore)
  }

  /** Ends the engine without a word; `onLost` follows. */
  kill(): void {
    this.#child?.kill('SIGKILL')
  }

  async #send(message: ToEngine): Promise<void> {
    if (this.#isClosing) return
    try {
      if (!this.#child) {
        this.#starting ??= this.#spawn()
        await this.#starting
      }
    } catch (error) {
      this.#options.logger.error({ err: error }, 'the engine cannot be started')
      this.#options.onLost()
      return
    }
    if (this.#child?.connected) this.#child.send(message, ignore)
  }

  async #spawn(): Promise<void> {
    try {
      const command = await this.#options.command()
      if (this.#isClosing) return
      const child = fork(command.file, command.arguments, {
        serialization: 'advanced',
        // Logs are lines on standard error; the engine's standard output is no result of ours.
        stdio: ['ignore', 2, 2, 'ipc'],
        env: { ...withoutSettings(), ...command.environment },
      })
      this.#watch(child)
      this.#child = child
    } finally {
      this.#starting = undefined
    }
  }

  #watch(child: ChildProcess): void {
    const { logger, limits = engineLimits } = this.#options
    let answeredAtMs = performance.now()
    child.on('message', (message: FromEngine) => {
      answeredAtMs = performance.now()
      if (message.kind === 'stopped' && message.pipelineId === pingId) return
      this.#options.onMessage(message)
    })
    child.on('error', (error) => logger.error({ err: error }, 'the engine cannot be reached'))
    // A process that could not be made has an error and no exit.
    if (child.pid === undefined) throw new Error('no process could be made for the engine')
    this.#pinging = setInterval(() => {
      if (performance.now() - answeredAtMs > limits.hangAfterMs) {
        logger.error('the engine hangs and is killed')
        child.kill('SIGKILL')
      } else if (child.connected) child.send({ kind: 'stop', pipelineId: pingId }, ignore)
    }, limits.pingEveryMs)
    child.on('exit', (code, signal) => {
      clearInterval(this.#pinging)
      this.#child = undefined
      if (this.#isClosing) return
      logger.error({ code, signal }, 'the engine ended')
      this.#options.onLost()
    })
  }

  /** Asks the engine to end, kills it when it takes too long, and starts it no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true
    await this.#starting?.catch(ignore)
    const child = this.#child
    if (!child) return
    const exited = once(child, 'exit')
    if (child.connected) child.send({ kind: 'close' }, ignore)
    const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs)
    await exited
    clearTimeout(timer)
  }
}

/** A child that is gone is noticed by its exit; what was said to it is lost either way. */
const ignore = () => undefined

/** The join token and the other settings are none of the engine's business. */
function withoutSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SIGHTLINE_')))
}
