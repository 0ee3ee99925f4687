// The steps that `npm run check` and `npm test` are made of.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { type Fault, findFaults, type Packages } from './rules.ts'
import type { SourceFile } from './source.ts'

export const root = fileURLToPath(new URL('..', import.meta.url))

export type StepResult = { name: string; isGood: boolean; seconds: number; output: string }

/** The paths of all files that git tracks or would track, so that build output and data are never looked at. */
export async function listFiles(): Promise<string[]> {
  const git = spawn('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root })
  const [names] = await Promise.all([text(git.stdout), once(git, 'exit')])
  return [...new Set(names.split('\0'))].filter((name) => name !== '').sort()
}

export const isSystemTest = (path: string) => path.endsWith('.system.test.ts')
export const isUnitTest = (path: string) => path.endsWith('.test.ts') && !isSystemTest(path)

async function runTool(name: string, args: string[]): Promise<StepResult> {
  const startedAtMs = performance.now()
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { name, isGood: code === 0, seconds: secondsSince(startedAtMs), output: stdout + stderr }
}

const secondsSince = (startedAtMs: number) => (performance.now() - startedAtMs) / 1000

async function readPackages(files: readonly string[]): Promise<Packages> {
  const read = async (path: string) => JSON.parse(await readFile(join(root, path), 'utf8'))
  const ofRooms = files.filter((path) => /^[^/]+\/package\.json$/.test(path))
  const rooms = await Promise.all(ofRooms.map(async (path) => [path.split('/')[0], await read(path)] as const))
  return { root: await read('package.json'), rooms: Object.fromEntries(rooms) }
}

/** A file that git lists and the disk no longer has is skipped: it is being removed. */
async function readSource(path: string): Promise<SourceFile[]> {
  try {
    return [{ path, text: await readFile(join(root, path), 'utf8') }]
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}

async function checkRules(): Promise<StepResult> {
  const startedAtMs = performance.now()
  const files = await listFiles()
  const sources = await Promise.all(files.filter((path) => path.endsWith('.ts')).map(readSource))
  const faults = findFaults(sources.flat(), await readPackages(files))
  const output = faults.map(({ path, line, text }: Fault) => `${path}:${line} ${text}\n`).join('')
  return { name: 'rules of the rooms', isGood: faults.length === 0, seconds: secondsSince(startedAtMs), output }
}

/** Format, lint, types and the rules of the rooms, side by side. */
export async function runStaticSteps(): Promise<StepResult[]> {
  return Promise.all([
    runTool('format and lint', ['node_modules/@biomejs/biome/bin/biome', 'ci', '--error-on-warnings', '.']),
    runTool('types', ['node_modules/typescript/bin/tsc', '-p', '.']),
    checkRules(),
  ])
}

/** Prints each step in a line, the output of the failed ones before it. */
export function printSteps(steps: readonly StepResult[]): void {
  for (const { name, isGood, seconds, output } of steps) {
    if (!isGood) console.log(output.trimEnd())
    console.log(`${isGood ? 'ok    ' : 'FAILED'} ${name} (${seconds.toFixed(1)} s)`)
  }
}

/** Runs test files in one go, so that one summary closes them all. Gives the exit code. */
export async function runTests(files: readonly string[], concurrency: number): Promise<number> {
  const args = [
    '--test',
    '--test-reporter=spec',
    `--test-concurrency=${concurrency}`,
    '--disable-warning=ExperimentalWarning',
  ]
  const child = spawn(process.execPath, [...args, ...files], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = await once(child, 'exit')
  return code ?? 1
}
