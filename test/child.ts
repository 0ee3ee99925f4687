// Child processes of tests: started in their own group, read line by line, gone with the test.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

export type Child = {
  pid: number
  process: ChildProcess
  /** Everything it has written to stderr, the last 256 KiB. */
  stderr(): string
  /** The first stdout line that `wanted` accepts, past ones included; throws when the child ends or time is up. */
  line(wanted: (line: string) => boolean, withinMs: number): Promise<string>
  lines(): string[]
  exited: Promise<number | null>
  [Symbol.asyncDispose](): Promise<void>
}

const stderrKeptChars = 256 * 1024

/** Starts `node ARGS` with the Node that runs the tests. */
export function startNode(args: string[], options: { env?: NodeJS.ProcessEnv; cwd?: string } = {}): Child {
  return startChild(process.execPath, args, options)
}

export function startChild(
  file: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Child {
  const child = spawn(file, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] })
  const lines: string[] = []
  const waiting = new Set<(line: string | undefined) => void>()
  let stderr = ''
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    for (const wake of waiting) wake(line)
  })
  child.stderr.on('data', (chunk) => {
    stderr = (stderr + chunk).slice(-stderrKeptChars)
  })
  const exited = once(child, 'exit').then(([code]) => {
    for (const wake of waiting) wake(undefined)
    return code as number | null
  })
  return {
    pid: child.pid ?? -1,
    process: child,
    stderr: () => stderr,
    lines: () => lines,
    exited,
    line: (wanted, withinMs) => {
      const past = lines.find(wanted)
      if (past !== undefined) return Promise.resolve(past)
      return new Promise((resolve, reject) => {
        const done = (act: () => void) => {
          clearTimeout(timer)
          waiting.delete(wake)
          act()
        }
        const wake = (line: string | undefined) => {
          if (line === undefined) done(() => reject(new Error(`${args[0]} ended before the line came:\n${stderr}`)))
          else if (wanted(line)) done(() => resolve(line))
        }
        const timer = setTimeout(
          () => done(() => reject(new Error(`no such line in ${withinMs} ms:\n${stderr}`))),
          withinMs,
        )
        waiting.add(wake)
      })
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM')
        const timer = setTimeout(() => child.kill('SIGKILL'), 12_000)
        await exited
        clearTimeout(timer)
      }
    },
  }
}
