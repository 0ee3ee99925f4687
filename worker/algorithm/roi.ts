// Reads `target_roi`: where an algorithm looks. Source: algorithm catalogue, section 3.
import { Roi } from '@sightline/contract/algorithms.ts'
import { ConfigError, type FrameSize, type RoiShapes } from './algorithm.ts'
import { crossesItself } from './geometry.ts'

type XY = [x: number, y: number]

export type RoiPolygon = { points: XY[]; name: string }

/** The names of the sides only where the ROI gives them. */
export type RoiLine = { from: XY; to: XY; side1Name: string | undefined; side2Name: string | undefined }

/** Whole pixels of the source frame, inside it. */
export type TargetRoi = { polygons: RoiPolygon[]; lines: RoiLine[] }

/**
 * The ROI of a task in pixels of its source. Absent, or without polygon and line: one polygon without name, which is the
 * whole frame. Numbers all within 0…1 and not all whole are fractions of the frame. Points outside are moved to its edge.
 *
 * Errors: throws `ConfigError` when the text is not JSON or not of the shape, for more than ten polygons or lines, a
 * polygon that crosses itself or a line without length.
 */
export function readRoi(targetRoi: string | Record<string, unknown> | undefined, frame: FrameSize): TargetRoi {
  const roi = parse(targetRoi)
  const toPixels = scaleFor(roi, frame)
  if (roi.polygons.length === 0 && roi.lines.length === 0)
    return { polygons: [{ points: cornersOf(frame), name: '' }], lines: [] }
  for (const [place, { data }] of roi.polygons.entries())
    if (crossesItself(data)) throw new ConfigError(`target_roi: polygon ${place} crosses itself`)
  for (const [place, { data }] of roi.lines.entries())
    if (data[0][0] === data[1][0] && data[0][1] === data[1][1])
      throw new ConfigError(`target_roi: line ${place} has no length`)
  return {
    polygons: roi.polygons.map(({ data, name }) => ({ points: data.map(toPixels), name })),
    lines: roi.lines.map(({ data, properties }) => ({
      from: toPixels(data[0]),
      to: toPixels(data[1]),
      side1Name: properties?.side1_name,
      side2Name: properties?.side2_name,
    })),
  }
}

/** The ROI as it is drawn on pictures. */
export function shapesOf(roi: TargetRoi): RoiShapes {
  return { polygons: roi.polygons, lines: roi.lines.map(({ from, to }) => ({ from, to })) }
}

function parse(targetRoi: string | Record<string, unknown> | undefined): Roi {
  if (targetRoi === undefined || targetRoi === '') return { polygons: [], lines: [] }
  const read = Roi.safeParse(typeof targetRoi === 'string' ? fromJson(targetRoi) : targetRoi)
  if (read.success) return read.data
  const [fault] = read.error.issues
  throw new ConfigError(`target_roi: ${fault?.path.join('.') || 'value'}: ${fault?.message}`)
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ConfigError('target_roi: not JSON', { cause })
  }
}

function scaleFor(roi: Roi, { widthPx, heightPx }: FrameSize): (point: readonly number[]) => XY {
  const values = [...roi.polygons, ...roi.lines].flatMap(({ data }) => data.flat())
  const isFraction =
    values.every((value) => value >= 0 && value <= 1) && values.some((value) => !Number.isInteger(value))
  return ([x = 0, y = 0]) => [
    clamp(isFraction ? x * widthPx : x, widthPx),
    clamp(isFraction ? y * heightPx : y, heightPx),
  ]
}

const clamp = (value: number, most: number) => Math.min(most, Math.max(0, Math.round(value)))

function cornersOf({ widthPx, heightPx }: FrameSize): XY[] {
  return [
    [0, 0],
    [widthPx, 0],
    [widthPx, heightPx],
    [0, heightPx],
  ]
}
