// The demo's processes: the platform and the camera, as children that end with the demo.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { CommandError } from '../command.ts'

export type Part = { child: ChildProcess; firstLine: string; [Symbol.asyncDispose](): Promise<void> }

// `serve` promises to stop within 10 s.
const stopWithinMs = 12_000
const startWithinMs = 60_000
const logTailChars = 2_000

export type PartOptions = {
  /** From the root of the checkout. */
  file: string
  args: string[]
  /** Variables beside those of this process: what other users of the machine must not read in a list of processes. */
  environment?: Record<string, string>
  /** Where its stderr goes. */
  logFile: string
  /** Begins the stdout line that says that it is ready. */
  readyPrefix: string
}

/** Errors: `CommandError` with the end of its log when it ends, or says nothing for a minute. */
export async function startPart(options: PartOptions): Promise<Part> {
  const main = fileURLToPath(new URL(`../../${options.file}`, import.meta.url))
  // The channel and the standard input close with this process, however it ends, and the child ends with them.
  const child = spawn(process.execPath, [main, ...options.args], {
    env: { ...process.env, ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
  })
  const log = createWriteStream(options.logFile)
  child.stderr?.pipe(log)
  const firstLine = await lineOf(child, options.readyPrefix).catch(async (cause: unknown) => {
    child.kill('SIGKILL')
    const tail = (await readFile(options.logFile, 'utf8').catch(() => '')).slice(-logTailChars)
    throw new CommandError(`${options.file} did not start; its log ends:\n${tail}`, { cause })
  })
  return {
    child,
    firstLine,
    [Symbol.asyncDispose]: () => stop(child),
  }
}

async function lineOf(child: ChildProcess, prefix: string): Promise<string> {
  if (!child.stdout) throw new Error('the child has no stdout')
  const reader = createInterface({ input: child.stdout })
  const timer = setTimeout(() => reader.close(), startWithinMs)
  try {
    for await (const line of reader) if (line.startsWith(prefix)) return line
  } finally {
    clearTimeout(timer)
    // What it says later is not read; without a reader the pipe would fill.
    child.stdout.resume()
  }
  throw new Error(`no line that begins with ${prefix}`)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs)
  await exited
  clearTimeout(timer)
}

/** 8080, or a free port when something listens there already. */
export async function freePort(): Promise<number> {
  for (const port of [8080, 0]) {
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) =>
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true)),
    )
    const address = server.address()
    if (!isFree || address === null || typeof address === 'string') continue
    await new Promise((resolve) => server.close(resolve))
    return address.port
  }
  throw new CommandError('no port is free on 127.0.0.1')
}
