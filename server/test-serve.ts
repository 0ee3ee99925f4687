// For tests: `serve` as a user starts it, and the processes below it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const file = fileURLToPath(new URL('serve.ts', import.meta.url))

export type ServeProcess = AsyncDisposable & {
  child: ChildProcess
  /** What it printed on standard output so far. */
  lines: string[]
  /** `http://…`, once it is ready. */
  ready: Promise<string>
  /** Exit code, and what it printed on standard error. */
  ended: Promise<{ code: number | null; stderr: string }>
}

/** Starts `serve` without a worker on a free port. */
export function startServe(dataDir: string, args: string[] = [], env: Record<string, string> = {}): ServeProcess {
  const words = [file, '--data-dir', dataDir, '--port', '0', '--no-worker', '--log-level', 'warn', ...args]
  const child = spawn(process.execPath, words, {
    env: { ...plainEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const lines: string[] = []
  const ready = Promise.withResolvers<string>()
  createInterface({ input: child.stdout as Readable }).on('line', (line) => {
    lines.push(line)
    if (line.startsWith('ready ')) ready.resolve(line.slice('ready '.length))
  })
  const ended = Promise.all([once(child, 'exit'), text(child.stderr as Readable)]).then(([[code], stderr]) => ({
    code,
    stderr,
  }))
  void ended.then(({ stderr }) => ready.reject(new Error(`serve ended before it was ready: ${stderr}`)))
  ready.promise.catch(() => undefined)
  return {
    ...{ child, lines, ended, ready: ready.promise },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

function plainEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SIGHTLINE_')))
}

/** The processes that `part` of a command line and, for PostgreSQL, its data directory pick out. */
export function pidsOf(serve: ServeProcess, part: string): number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(readProcess)
  const below = (parent: number): Process[] =>
    all.filter((process) => process.parent === parent).flatMap((process) => [process, ...below(process.pid)])
  return below(serve.child.pid ?? 0)
    .filter(({ command }) => command.includes(part))
    .map(({ pid }) => pid)
}

type Process = { pid: number; parent: number; command: string }

function readProcess(name: string): Process[] {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')
    return [{ pid: Number(name), parent, command }]
  } catch {
    // It ended between the listing and the look.
    return []
  }
}
