// The rules of the house that a program can check: who may import whom, what a room may not name, how long a file may be.
import { posix } from 'node:path'
import { blank, importsOf, lineOf, type SourceFile } from './source.ts'

export type Fault = { path: string; line: number; text: string }

/** From the importer to the imported; `test`, `bench` and `scripts` may import every room. */
const allowedRooms: Record<string, readonly string[]> = {
  contract: [],
  address: ['contract'],
  task: ['contract', 'address'],
  server: ['task', 'contract', 'address'],
  worker: ['contract', 'address'],
  client: ['contract'],
  cli: ['client', 'contract'],
  console: ['client', 'contract'],
  camera: [],
}
const freeRooms = ['test', 'bench', 'scripts']

type Package = { dependencies?: Record<string, string>; devDependencies?: Record<string, string> }
export type Packages = { root: Package; rooms: Record<string, Package> }

type NameRule = {
  says: string
  names: RegExp
  appliesTo: (path: string) => boolean
}

/** `test-world.ts` beside the tests of a room belongs to them. */
const isTest = (path: string) => /(\.test|\/test-[\w-]+)\.ts$/.test(path)
const roomOf = (path: string) => path.split('/')[0] ?? ''
const isMain = (path: string) => /(^|\/)(main|serve)\.ts$/.test(path)

const nameRules: NameRule[] = [
  {
    says: 'the clock is read in main files only; take nowMs or a clock as a parameter',
    names: /\bDate\s*\.\s*now\b|\bnew\s+Date\s*\(\s*\)|\bTemporal\s*\.\s*Now\b/g,
    appliesTo: (path) =>
      !isTest(path) &&
      !isMain(path) &&
      !['client', 'cli', 'console', 'test', 'bench', 'scripts', 'camera'].includes(roomOf(path)),
  },
  {
    says: 'task decides from its arguments alone: no chance and no timer',
    names: /\bMath\s*\.\s*random\b|\bcrypto\b|\bperformance\b|\bset(Timeout|Interval|Immediate)\b|\bprocess\b/g,
    appliesTo: (path) => ['task', 'address'].includes(roomOf(path)) && !isTest(path),
  },
  {
    says: 'the client runs in a browser too: nothing of Node',
    names: /\bprocess\s*\.|\bBuffer\b|\b__dirname\b|\b__filename\b|\brequire\s*\(|\bimport\.meta\.dirname\b/g,
    appliesTo: (path) => ['client', 'console'].includes(roomOf(path)) && !isTest(path),
  },
  {
    says: 'SQL lives in server/store',
    names: /\.\s*query\s*[(<]/g,
    appliesTo: (path) => /^server\/(api|fleet|reconcile)\//.test(path) && !isTest(path),
  },
]

function faultsOfNames({ path, text }: SourceFile): Fault[] {
  const { code } = blank(text)
  return nameRules
    .filter((rule) => rule.appliesTo(path))
    .flatMap((rule) =>
      [...code.matchAll(rule.names)].map((match) => ({
        path,
        line: lineOf(code, match.index),
        text: `names ${match[0].trim()}: ${rule.says}`,
      })),
    )
}

/** The path of the imported file, when it is one of ours; undefined for a package and for `node:`. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier)
  const own = /^@sightline\/([^/]+)(?:\/(.+))?$/.exec(specifier)
  return own ? `${own[1]}/${own[2] ?? 'index.ts'}` : undefined
}

function packageName(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** Why a file of ours may not be imported from here, or undefined. */
function faultOfRoom(path: string, target: string, specifier: string): string | undefined {
  const [from, to] = [roomOf(path), roomOf(target)]
  if (isTest(path) && target.startsWith('test/fixtures/')) return undefined
  const isScript = from === 'scripts' || (to === 'scripts' && isTest(path))
  if (from === to || isScript) return undefined
  if (specifier.startsWith('.')) return `reaches into ${to} by a relative path; say @sightline/${to}`
  if (freeRooms.includes(from)) return undefined
  if (isTest(path) && to === 'test') return undefined
  if (allowedRooms[from]?.includes(to)) return undefined
  return `${from} may not import ${to}`
}

const mediaPlaces = ['worker/decode/', 'camera/', 'test/', 'bench/', 'scripts/']

function faultOfPackage(path: string, specifier: string, packages: Packages): string | undefined {
  const [room, name] = [roomOf(path), packageName(specifier)]
  if (name === 'node-av' && !mediaPlaces.some((place) => path.startsWith(place)) && !isTest(path)) {
    return 'node-av is named in worker/decode and camera only'
  }
  const declared = packages.rooms[room]
  const isDeclared = name in { ...declared?.dependencies, ...declared?.devDependencies }
  const isForTools = (isTest(path) || freeRooms.includes(room)) && name in (packages.root.devDependencies ?? {})
  if (isDeclared || isForTools || room === 'scripts') return undefined
  return `${name} is not a dependency of ${room}`
}

function faultOfNode(path: string, specifier: string): string | undefined {
  const isPure = ['contract', 'task', 'address', 'client', 'console'].includes(roomOf(path)) && !isTest(path)
  return isPure ? `${roomOf(path)} may not import ${specifier}` : undefined
}

function faultsOfImports({ path, text }: SourceFile, packages: Packages): Fault[] {
  return importsOf(text).flatMap(({ specifier, line }) => {
    const target = resolveImport(path, specifier)
    const fault = target
      ? faultOfRoom(path, target, specifier)
      : specifier.startsWith('node:')
        ? faultOfNode(path, specifier)
        : faultOfPackage(path, specifier, packages)
    return fault ? [{ path, line, text: fault }] : []
  })
}

const linesMax = 400

function faultsOfSize({ path, text }: SourceFile): Fault[] {
  const lineCount = text.split('\n').length - 1
  if (lineCount <= linesMax || /^\/\/.*\bLong because\b/m.test(text.split('\n').slice(0, 5).join('\n'))) return []
  return [{ path, line: 1, text: `${lineCount} lines; over ${linesMax} its first comment says "Long because …"` }]
}

/** Cycles of imports, each once, as the files in order. Type-only imports count. */
export function findCycles(files: readonly SourceFile[]): string[][] {
  const graph = new Map(
    files.map(({ path, text }) => [
      path,
      importsOf(text).flatMap(({ specifier }) => resolveImport(path, specifier) ?? []),
    ]),
  )
  const done = new Set<string>()
  const cycles: string[][] = []
  function visit(path: string, trail: string[]): void {
    const seenAt = trail.indexOf(path)
    if (seenAt >= 0) cycles.push(trail.slice(seenAt))
    if (seenAt >= 0 || done.has(path)) return
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) visit(path, [])
  return cycles
}

/** Every broken rule in these files, in the order of paths and lines. */
export function findFaults(files: readonly SourceFile[], packages: Packages): Fault[] {
  const ofFiles = files.flatMap((file) => [
    ...faultsOfImports(file, packages),
    ...faultsOfNames(file),
    ...faultsOfSize(file),
  ])
  const ofCycles = findCycles(files).map((cycle) => ({
    path: cycle[0] ?? '',
    line: 1,
    text: `imports itself through ${[...cycle.slice(1), cycle[0]].join(' → ')}`,
  }))
  return [...ofFiles, ...ofCycles].sort((a, b) => a.path.localeCompare(b.path) || a.line - b.line)
}
