// Compares what the receiver got with what the synthetic camera knows to have happened. Pure.

/** One thing that happened or was reported. `what` tells kinds apart: `side1`, `side2`, `intrusion`. */
export type Happening = { what: string; atMs: number }

export type Stretch = { fromMs: number; toMs: number }

export type Comparison = {
  expectedCount: number
  matchedCount: number
  missed: Happening[]
  /** Reported, but nothing like it happened. */
  invented: Happening[]
}

/**
 * Pairs each happening with the nearest unused report of its kind and says how it went inside `watched`.
 * What lies outside takes part in the pairing, so that a report at the edge is not called invented.
 *
 * Units: a pair is at most `toleranceMs` apart.
 */
export function compare(
  happened: Happening[],
  reported: Happening[],
  toleranceMs: number,
  watched: Stretch,
): Comparison {
  const unused = [...reported].sort((a, b) => a.atMs - b.atMs)
  const missed: Happening[] = []
  for (const happening of [...happened].sort((a, b) => a.atMs - b.atMs)) {
    const nearest = nearestOf(happening, unused, toleranceMs)
    if (nearest === undefined) missed.push(happening)
    else unused.splice(nearest, 1)
  }
  const expectedCount = within(happened, watched).length
  const missedWithin = within(missed, watched)
  return {
    expectedCount,
    matchedCount: expectedCount - missedWithin.length,
    missed: missedWithin,
    invented: within(unused, watched),
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

const within = (happenings: Happening[], { fromMs, toMs }: Stretch) =>
  happenings.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
