// Runs one benchmark, or all of them, one JSON line a figure: node bench/main.ts [NAME...] [--tasks N] [--minutes N]
// [--requests N] [--seed N]
import { parseArgs } from 'node:util'
import { benchFuzz } from './fuzz.ts'
import { benchKills } from './kills.ts'
import { benchLatency } from './latency.ts'
import { benchList } from './list.ts'
import { benchPipeline } from './pipeline.ts'

const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    tasks: { type: 'string', default: '1000000' },
    minutes: { type: 'string', default: '0.5' },
    requests: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
})

const benchmarks: Record<string, () => Promise<void>> = {
  pipeline: benchPipeline,
  latency: benchLatency,
  kills: benchKills,
  fuzz: () => benchFuzz({ requestCount: Number(values.requests), seed: Number(values.seed) }),
  list: () => benchList({ taskCount: Number(values.tasks), minutes: Number(values.minutes) }),
}

const unknown = names.find((name) => !Object.hasOwn(benchmarks, name))
if (unknown !== undefined) {
  console.error(
    `sightline: bench: expected one of ${Object.keys(benchmarks).join(', ')}, given ${JSON.stringify(unknown)}`,
  )
  process.exitCode = 2
} else {
  for (const name of names.length > 0 ? names : Object.keys(benchmarks)) await benchmarks[name]?.()
}
