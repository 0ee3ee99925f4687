// From the outputs of the detector model to labelled boxes.
import { type Box, overlap } from '../box.ts'
import { cocoLabels } from './coco-labels.ts'
import { cellPx, objectsMax } from './convert-graph.ts'

/** One object in a picture. `box` is in fractions of the picture, inside it; x, y is the upper-left corner. */
export type DetectedObject = {
  label: string
  score: number
  box: Box
}

/** What the model says of one picture, best score first; see `convertGraph`. */
export type ModelOutputs = { scores: Float32Array; classes: Float32Array; cells: Float32Array; extents: Float32Array }

export type PictureSize = { widthPx: number; heightPx: number }

/** Objects below this score are noise even for a tracker that follows weak detections. */
const scoreMin = 0.1

// Two peaks of one label that overlap more than this are one object: the model gives a second peak on large objects.
const sameObjectOverlap = 0.6

/** The objects from `scoreMin` up, best first, without second boxes of the same object. */
export function decodeObjects(outputs: ModelOutputs, size: PictureSize): DetectedObject[] {
  const kept: DetectedObject[] = []
  for (let place = 0; place < outputs.scores.length; place++) {
    if ((outputs.scores[place] ?? 0) < scoreMin) break
    const found = objectAt(outputs, place, size)
    if (
      found &&
      !kept.some((other) => other.label === found.label && overlap(other.box, found.box) > sameObjectOverlap)
    )
      kept.push(found)
  }
  return kept
}

function objectAt(outputs: ModelOutputs, place: number, size: PictureSize): DetectedObject | undefined {
  const columns = size.widthPx / cellPx
  const cell = outputs.cells[place] ?? 0
  const x = (cell % columns) * cellPx
  const y = Math.floor(cell / columns) * cellPx
  const extent = (edge: number) => outputs.extents[edge * objectsMax + place] ?? 0
  const left = fraction(x - extent(0), size.widthPx)
  const top = fraction(y - extent(1), size.heightPx)
  const box = {
    x: left,
    y: top,
    w: fraction(x + extent(2), size.widthPx) - left,
    h: fraction(y + extent(3), size.heightPx) - top,
  }
  const label = cocoLabels[outputs.classes[place] ?? -1]
  if (label === undefined || !(box.w > 0) || !(box.h > 0)) return undefined
  return { label, score: outputs.scores[place] ?? 0, box }
}

const fraction = (px: number, ofPx: number) => Math.min(1, Math.max(0, px / ofPx))
