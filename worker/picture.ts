// The picture of a result: the decoded frame as JPEG, with boxes and the ROI drawn by our own code.
import type { BoundingBox } from '@sightline/contract/result.ts'
import type { RoiShapes } from './algorithm/algorithm.ts'
import { encodeJpeg, type Frame, Scaler } from './decode/ffmpeg.ts'

/** Planar 4:2:0 in full range: the luma plane, then two planes of half width and height. Even width and height. */
export type Canvas = { yuv: Uint8Array; widthPx: number; heightPx: number }
type Colour = { y: number; u: number; v: number }
type Point = [number, number]

const red: Colour = { y: 76, u: 85, v: 255 }
const yellow: Colour = { y: 226, u: 1, v: 149 }

export type PictureOrder = { quality: number; boxes: readonly BoundingBox[]; roi: RoiShapes | undefined }

/** Shape: a JPEG in the size of the frame, less one row or column where that is odd. */
export async function takePicture(frame: Frame, order: PictureOrder): Promise<Uint8Array> {
  const widthPx = frame.widthPx & ~1
  const heightPx = frame.heightPx & ~1
  using scaler = new Scaler(widthPx, heightPx, 'yuvj420p')
  const canvas = { yuv: await frame.scale(scaler), widthPx, heightPx }
  if (order.roi) drawRoi(canvas, order.roi)
  for (const box of order.boxes) drawBox(canvas, box)
  return encodeJpeg(canvas.yuv, canvas, order.quality)
}

/** Lines are 2 px wide in small frames and keep their look in large ones. */
const penPx = (canvas: Canvas) => Math.max(2, Math.round(canvas.heightPx / 360))

export function drawBox(canvas: Canvas, box: BoundingBox): void {
  const [left, top, right, bottom] = [box.x, box.y, box.x + box.w, box.y + box.h]
  drawPath(
    canvas,
    [
      [left, top],
      [right, top],
      [right, bottom],
      [left, bottom],
      [left, top],
    ],
    red,
  )
}

export function drawRoi(canvas: Canvas, roi: RoiShapes): void {
  for (const { points } of roi.polygons) drawPath(canvas, [...points, ...points.slice(0, 1)], yellow)
  for (const { from, to } of roi.lines) drawPath(canvas, [from, to], yellow)
}

function drawPath(canvas: Canvas, points: readonly Point[], colour: Colour): void {
  for (const [index, to] of points.entries()) {
    const from = points[index - 1]
    if (from) drawLine(canvas, from, to, colour)
  }
}

/** Walks the longer axis pixel by pixel and sets a square pen at each step. */
function drawLine(canvas: Canvas, from: Point, to: Point, colour: Colour): void {
  const stepCount = Math.min(20_000, Math.ceil(Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]), 1)))
  const half = penPx(canvas) / 2
  for (let step = 0; step <= stepCount; step++) {
    const x = from[0] + ((to[0] - from[0]) * step) / stepCount
    const y = from[1] + ((to[1] - from[1]) * step) / stepCount
    fill(canvas, { left: x - half, top: y - half, right: x + half, bottom: y + half }, colour)
  }
}

function fill(
  canvas: Canvas,
  area: { left: number; top: number; right: number; bottom: number },
  colour: Colour,
): void {
  const { yuv, widthPx, heightPx } = canvas
  const chromaWidthPx = widthPx / 2
  const uStart = widthPx * heightPx
  const vStart = uStart + (uStart >> 2)
  const left = Math.max(0, Math.round(area.left))
  const right = Math.min(widthPx, Math.round(area.right))
  const bottom = Math.min(heightPx, Math.round(area.bottom))
  for (let y = Math.max(0, Math.round(area.top)); y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const chroma = (y >> 1) * chromaWidthPx + (x >> 1)
      yuv[y * widthPx + x] = colour.y
      yuv[uStart + chroma] = colour.u
      yuv[vStart + chroma] = colour.v
    }
  }
}
