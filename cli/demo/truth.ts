// What the synthetic camera prints of itself, read as happenings by the clock.
import { z } from 'zod'
import type { Happening, Stretch } from './compare.ts'

const Point = z.tuple([z.number(), z.number()])

/** The one line that the camera prints. Times are ms since the start of the scene and repeat every `periodMs`. */
export const CameraLine = z.object({
  url: z.string(),
  startedAtMs: z.number(),
  truth: z.object({
    widthPx: z.number(),
    heightPx: z.number(),
    periodMs: z.number(),
    line: z.object({ from: Point, to: Point }),
    region: z.object({ name: z.string(), points: z.array(Point) }),
    crossings: z.array(z.object({ atMs: z.number(), kind: z.string(), towards: z.string() })),
    visits: z.array(z.object({ enterAtMs: z.number(), exitAtMs: z.number(), kind: z.string() })),
  }),
})
export type CameraLine = z.infer<typeof CameraLine>

/** When people crossed the line or entered the region, epoch ms, over the stretch. */
export function happeningsBetween({ startedAtMs, truth }: CameraLine, { fromMs, toMs }: Stretch): Happening[] {
  const once = [
    ...truth.crossings.filter(isPerson).map(({ atMs, towards }) => ({ what: towards, atMs })),
    ...truth.visits.filter(isPerson).map(({ enterAtMs }) => ({ what: 'intrusion', atMs: enterAtMs })),
  ]
  const first = Math.floor((fromMs - startedAtMs) / truth.periodMs) - 1
  const last = Math.floor((toMs - startedAtMs) / truth.periodMs)
  const all: Happening[] = []
  for (let turn = Math.max(0, first); turn <= last; turn++)
    for (const { what, atMs } of once) all.push({ what, atMs: startedAtMs + turn * truth.periodMs + atMs })
  return all.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs).sort((a, b) => a.atMs - b.atMs)
}

const isPerson = ({ kind }: { kind: string }) => kind === 'person'
