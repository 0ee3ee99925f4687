// The whole platform as a user starts it: `serve` with its PostgreSQL, server, worker and engine as real processes.
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Child, startNode } from './child.ts'

export const adminPassword = 'correct horse battery staple 1'

const serveFile = fileURLToPath(new URL('../server/serve.ts', import.meta.url))

export type Platform = {
  endpoint: string
  dataDir: string
  child: Child
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts `serve` on a free port with loopback opened to cameras and receivers, and waits for its `ready` line. */
export async function startPlatform(
  options: { args?: string[]; dataDir?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Platform> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'sightline-')))
  const child = startNode(
    [
      serveFile,
      '--port',
      '0',
      '--data-dir',
      dataDir,
      '--admin-password',
      adminPassword,
      '--address-allow',
      '127.0.0.1/32',
      '--rate-limit',
      'off',
      ...(options.args ?? []),
    ],
    { env: { ...process.env, ...options.env } },
  )
  const ready = await child.line((line) => line.startsWith('ready '), 60_000)
  return {
    endpoint: ready.slice('ready '.length).trim(),
    dataDir,
    child,
    [Symbol.asyncDispose]: async () => {
      await child[Symbol.asyncDispose]()
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true })
    },
  }
}

export const parts = ['server', 'worker', 'engine', 'postgres'] as const
export type Part = (typeof parts)[number]

export const isPart: Record<Part, (command: string) => boolean> = {
  server: (command) => command.includes('server/main.ts'),
  worker: (command) => command.includes('worker/main.ts'),
  engine: (command) => command.includes('worker/engine/main.ts'),
  // The postmaster alone carries its data directory in its arguments; its children have titles of their own, and the
  // shell that guards it names it as an argument only.
  postgres: (command) => /^[^\0]*\/postgres\0(.*\0)?-D\0/s.test(command),
}

/** The process of a running platform that does the named part; undefined while it is between two lives. */
export function pidOf(platform: Platform, part: Part): number | undefined {
  const processes = readProcesses()
  const below = descendants(processes, platform.child.pid)
  return below.find((pid) => isPart[part](processes.get(pid)?.command ?? ''))
}

/** Resident memory of the platform and all its children, in KiB, shared pages counted once per process as PSS. */
export function memoryKib(platform: Platform): number {
  const processes = readProcesses()
  return [platform.child.pid, ...descendants(processes, platform.child.pid)]
    .map(pssKib)
    .reduce((sum, kib) => sum + kib, 0)
}

export function pssKib(pid: number): number {
  try {
    const line = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').match(/^Pss:\s+(\d+) kB/m)
    return Number(line?.[1] ?? 0)
  } catch {
    return 0
  }
}

type Process = { parent: number; command: string }

function readProcesses(): Map<number, Process> {
  const processes = new Map<number, Process>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      processes.set(Number(name), { parent, command: readFileSync(`/proc/${name}/cmdline`, 'utf8') })
    } catch {
      // It ended between the listing and the look.
    }
  }
  return processes
}

function descendants(processes: Map<number, Process>, root: number): number[] {
  const children = [...processes].filter(([, { parent }]) => parent === root).map(([pid]) => pid)
  return children.flatMap((pid) => [pid, ...descendants(processes, pid)])
}
