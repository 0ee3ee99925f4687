// Runs one benchmark, or all of them, one JSON line a figure: node bench/main.ts [NAME...]
import { benchKills } from './kills.ts'
import { benchLatency } from './latency.ts'
import { benchPipeline } from './pipeline.ts'

const benchmarks: Record<string, () => Promise<void>> = {
  pipeline: benchPipeline,
  latency: benchLatency,
  kills: benchKills,
}

const names = process.argv.slice(2)
const unknown = names.find((name) => !Object.hasOwn(benchmarks, name))
if (unknown !== undefined) {
  console.error(
    `sightline: bench: expected one of ${Object.keys(benchmarks).join(', ')}, given ${JSON.stringify(unknown)}`,
  )
  process.exitCode = 2
} else {
  for (const name of names.length > 0 ? names : Object.keys(benchmarks)) await benchmarks[name]?.()
}
