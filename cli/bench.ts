// Runs the benchmarks in a process of their own: they hold native media code and start platforms.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Command } from './command.ts'

const mainFile = fileURLToPath(new URL('../bench/main.ts', import.meta.url))

export const bench: Command = {
  name: 'bench',
  words: '[NAME…]',
  meaning: 'Measures this machine: one JSON line a figure, each beside its limit where there is one.',
  flags: {},
  run: async ({ words }) => {
    const child = spawn(process.execPath, [mainFile, ...words], { stdio: 'inherit' })
    const [code] = await once(child, 'exit')
    return typeof code === 'number' ? code : 1
  },
}
