// What works on this machine and what does not. Each check says what it found and, where that is bad, how to mend it.
import { availableParallelism, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type Check, checkDataDir, checkGlibc, checkNode, checkPackage, checkPort, checkPostgres } from './checks.ts'
import { type Command, type Flags, noWords, outputFlag, outputFormat } from './command.ts'
import { setting } from './connect.ts'
import { type Column, format } from './print.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const mebibyte = 1024 * 1024

const columns: Column<Check>[] = [
  { title: 'CHECK', text: ({ name }) => name },
  { title: '', text: ({ level }) => level },
  { title: 'FOUND', text: ({ found }) => found },
  { title: 'TO MEND IT', text: ({ mend }) => mend ?? '' },
]

const platformFlags: Flags = {
  'data-dir': { expected: 'a path', meaning: 'the data directory that serve would use' },
  port: {
    expected: 'an integer from 0 to 65535',
    isValid: (text) => /^\d{1,5}$/.test(text) && Number(text) <= 65535,
    meaning: 'the port that serve would listen on',
  },
}

export const doctor: Command = {
  name: 'doctor',
  words: '',
  meaning:
    'Says what works on this machine and what does not, and how to mend it. Exit 1 if something needed does not.',
  flags: {
    ...platformFlags,
    ...outputFlag,
  },
  run: async (given) => {
    noWords(given)
    const dataDir = setting(given, 'data-dir', process.env, platformFlags) ?? './data'
    const port = Number(setting(given, 'port', process.env, platformFlags) ?? 8080)
    const checks = await Promise.all([
      checkNode(root),
      checkGlibc(),
      checkPackage(root, { name: 'media library', module: 'node-av', says: 'node-av' }),
      checkPackage(root, { name: 'inference', module: 'onnxruntime-node', says: 'ONNX Runtime' }),
      checkPostgres(root),
      checkDataDir(dataDir),
      checkPort(port),
    ])
    const isGood = checks.every(({ level }) => level !== 'bad')
    const machine = { cores: availableParallelism(), memory_mib: Math.round(totalmem() / mebibyte) }
    const node = { path: process.execPath, version: process.versions.node }
    const platform = `${process.platform}-${process.arch}`
    const answer = { good: isGood, node, platform, machine, checks }
    process.stdout.write(
      format({
        format: outputFormat(given),
        answer,
        items: checks,
        columns,
        name: ({ name, level }) => `${level} ${name}`,
      }),
    )
    return isGood ? 0 : 1
  },
}
