// Counts where people were: a grid of square cells over the frame.
import type { FrameSize } from './algorithm.ts'
import type { Point } from './geometry.ts'

/** Cells along the longer side of the frame. */
const cellsAlong = 32

export type HeatMap = {
  add(foot: Point): void
  /** The points since the last call as the heat-map payload without its interval; undefined when there were none. */
  take(): HeatMapPayload | undefined
}

/**
 * `cell_size` is the side of a cell and x, y the upper-left corner of one, in pixels of the source frame; cells without a
 * point are left out, the others come row by row.
 */
export type HeatMapPayload = { cell_size: number; event_set: { x: number; y: number; count: number }[] }

export function openHeatMap({ widthPx, heightPx }: FrameSize): HeatMap {
  const cellPx = Math.max(1, Math.ceil(Math.max(widthPx, heightPx) / cellsAlong))
  const columns = Math.ceil(widthPx / cellPx)
  const rows = Math.ceil(heightPx / cellPx)
  const counts = new Uint32Array(columns * rows)
  return {
    add([x, y]) {
      const column = Math.min(columns - 1, Math.floor(x / cellPx))
      const cell = Math.min(rows - 1, Math.floor(y / cellPx)) * columns + column
      counts[cell] = (counts[cell] ?? 0) + 1
    },
    take() {
      const event_set = [...counts].flatMap((count, cell) => {
        const at = { x: (cell % columns) * cellPx, y: Math.floor(cell / columns) * cellPx }
        return count === 0 ? [] : [{ ...at, count }]
      })
      counts.fill(0)
      return event_set.length === 0 ? undefined : { cell_size: cellPx, event_set }
    },
  }
}
