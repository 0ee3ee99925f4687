// One figure of a benchmark as one line of JSON on stdout.
import { availableParallelism, cpus, totalmem } from 'node:os'

/**
 * `ratio` is ours divided by the limit's, so that 1 is the limit and more is better, whether `figure` is a cost or a
 * rate; absent where there is no limit to compare with.
 */
export type Figure = { name: string; figure: number; unit: string; limit?: number; ratio?: number; note?: string }

const machine = `${cpus()[0]?.model.trim() ?? 'unknown'}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`

export function printFigure(figure: Figure): void {
  console.log(JSON.stringify({ ...figure, machine }))
}

/** Three significant digits are more than these machines hold still for; four are kept. */
export function round(value: number): number {
  return Number(value.toPrecision(4))
}

/** The value below which `share` of the samples lie; the nearest rank, never an invented value. */
export function percentile(samples: number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN
}
