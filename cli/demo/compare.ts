// Compares what the receiver got with what the synthetic camera knows to have happened. Pure.

/** One thing that happened or was reported. `what` tells kinds apart: `line side1`, `line side2`, `intrusion`. */
export type Happening = { what: string; atMs: number }

export type Comparison = {
  expectedCount: number
  matchedCount: number
  missed: Happening[]
  /** Reported, but nothing like it happened. */
  invented: Happening[]
}

/**
 * Pairs each expected happening with the nearest unused report of its kind.
 *
 * Units: a pair is at most `toleranceMs` apart.
 */
export function compare(expected: Happening[], reported: Happening[], toleranceMs: number): Comparison {
  const unused = [...reported].sort((a, b) => a.atMs - b.atMs)
  const missed: Happening[] = []
  for (const happening of [...expected].sort((a, b) => a.atMs - b.atMs)) {
    const nearest = nearestOf(happening, unused, toleranceMs)
    if (nearest === undefined) missed.push(happening)
    else unused.splice(nearest, 1)
  }
  return {
    expectedCount: expected.length,
    matchedCount: expected.length - missed.length,
    missed,
    invented: unused,
  }
}

function nearestOf(happening: Happening, reports: Happening[], toleranceMs: number): number | undefined {
  let best: number | undefined
  let bestMs = toleranceMs
  for (const [position, report] of reports.entries()) {
    const apartMs = Math.abs(report.atMs - happening.atMs)
    if (report.what !== happening.what || apartMs > bestMs) continue
    best = position
    bestMs = apartMs
  }
  return best
}

/** The happenings whose whole tolerance lies in the watched stretch: one at its edge can be seen or not. */
export function within(happenings: Happening[], fromMs: number, toMs: number): Happening[] {
  return happenings.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
}
