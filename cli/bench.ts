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
  flags: {
    tasks: {
      expected: 'a number from 1000',
      isValid: (text) => /^[1-9]\d{3,6}$/.test(text),
      meaning: 'how many tasks `bench list` measures on, and as many again in 200 services; 1000000 when absent',
    },
    minutes: {
      expected: 'a number of minutes',
      isValid: (text) => Number(text) > 0 && Number(text) <= 60,
      meaning: 'how long `bench list` watches memory under load; 0.5 when absent',
    },
    requests: {
      expected: 'a number from 100',
      isValid: (text) => /^[1-9]\d{2,6}$/.test(text),
      meaning: 'how many requests `bench fuzz` sends, for nine minutes at most; 100000 when absent',
    },
    seed: {
      expected: 'a number from 0 to 2147483647',
      isValid: (text) => /^\d{1,10}$/.test(text) && Number(text) < 2 ** 31,
      meaning: 'which requests `bench fuzz` sends; another one each time when absent',
    },
  },
  run: async ({ words, text }) => {
    const flags = ['tasks', 'minutes', 'requests', 'seed'].flatMap((name) =>
      text(name) === undefined ? [] : [`--${name}`, text(name) ?? ''],
    )
    const child = spawn(process.execPath, [mainFile, ...words, ...flags], { stdio: 'inherit' })
    const [code] = await once(child, 'exit')
    return typeof code === 'number' ? code : 1
  },
}
