// One supervised child process: started again when it ends by itself, with a pause that grows while it keeps ending.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Logger } from 'pino'

type ChildOptions = {
  file: URL
  name: string
  log: Logger
  /** The environment of the next process; asked for before each start. */
  environment: () => Promise<NodeJS.ProcessEnv>
  onSpawn?: (child: ChildProcess) => void
  /** Says whether a process that ended is started again. */
  mayRestart: () => boolean
}

const pauseFirstMs = 100
const pauseLastMs = 5_000
// A process that lived this long was well; the next pause is the first again.
const wellAfterMs = 10_000

export class SupervisedChild {
  readonly #options: ChildOptions
  #child: ChildProcess | undefined
  #timer: NodeJS.Timeout | undefined
  #pauseMs = pauseFirstMs
  #isStopping = false

  constructor(options: ChildOptions) {
    this.#options = options
  }

  start(): void {
    void this.#spawn()
  }

  send(message: unknown): void {
    if (this.#child?.connected) this.#child.send(message as object, () => undefined)
  }

  /** Asks the process to end, and ends it after `withinMs`. */
  async stop(withinMs: number): Promise<void> {
    this.#isStopping = true
    clearTimeout(this.#timer)
    const child = this.#child
    if (!child || hasEnded(child)) return
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), withinMs)
    await exited
    clearTimeout(timer)
  }

  /** Ends the process without a word. */
  kill(): void {
    this.#isStopping = true
    clearTimeout(this.#timer)
    this.#child?.kill('SIGKILL')
  }

  async #spawn(): Promise<void> {
    const env = await this.#options.environment()
    if (this.#isStopping) return
    const startedMs = performance.now()
    // Standard output is the supervisor's alone: what a child prints goes where logs go.
    const child = fork(this.#options.file, [], { env, stdio: ['ignore', 2, 2, 'ipc'] })
    this.#child = child
    child.on('error', (error) => this.#options.log.error({ err: error, child: this.#options.name }, 'a process fails'))
    child.on('exit', (code, signal) => this.#restart({ code, signal, livedMs: performance.now() - startedMs }))
    this.#options.onSpawn?.(child)
  }

  #restart(end: { code: number | null; signal: string | null; livedMs: number }): void {
    if (this.#isStopping || !this.#options.mayRestart()) return
    if (end.livedMs > wellAfterMs) this.#pauseMs = pauseFirstMs
    const { code, signal } = end
    this.#options.log.warn(
      { child: this.#options.name, code, signal, pauseMs: this.#pauseMs },
      'a process ended and is started again',
    )
    this.#timer = setTimeout(() => this.#spawn(), this.#pauseMs)
    this.#pauseMs = Math.min(this.#pauseMs * 2, pauseLastMs)
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}
