import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeObjects } from './decode-objects.ts'
import { sizeFor } from './detector.ts'

for (const { name, frame, expected } of [
  { name: '16:9 is scaled to 512x288', frame: [1920, 1080], expected: [512, 288] },
  { name: '4:3 is stretched to the same', frame: [768, 576], expected: [512, 288] },
  { name: '5:4 keeps its aspect and the area', frame: [720, 576], expected: [416, 352] },
  { name: 'a frame that stands upright is scaled upright', frame: [1080, 1920], expected: [288, 512] },
  { name: 'a small frame is scaled up, as small objects are found better', frame: [320, 240], expected: [512, 288] },
  { name: 'a ribbon keeps sides that the model can halve', frame: [4000, 20], expected: [5440, 32] },
] as const)
  test(name, () => {
    const [widthPx, heightPx] = frame
    assert.deepEqual(sizeFor({ widthPx, heightPx }), { widthPx: expected[0], heightPx: expected[1] })
  })

const size = { widthPx: 320, heightPx: 160 }
// Extents go by edge, then by place: left, top, right, bottom.
function outputs(rows: { score: number; label: number; cell: number; extents: [number, number, number, number] }[]) {
  const extents = new Float32Array(400)
  rows.forEach((row, place) => {
    row.extents.forEach((px, edge) => {
      extents[edge * 100 + place] = px
    })
  })
  return {
    scores: Float32Array.from(rows, (row) => row.score),
    classes: Float32Array.from(rows, (row) => row.label),
    cells: Float32Array.from(rows, (row) => row.cell),
    extents,
  }
}

test('a cell and four extents become a box in fractions of the picture', () => {
  // Row 10 of 80 columns, column 40: the middle pixel is 160, 40.
  const found = decodeObjects(outputs([{ score: 0.5, label: 0, cell: 840, extents: [16, 8, 16, 40] }]), size)
  assert.deepEqual(found.map(rounded), [{ label: 'person', score: 0.5, box: { x: 0.45, y: 0.2, w: 0.1, h: 0.3 } }])
})

test('a box is cut at the edges of the picture, and one that is wholly outside is dropped', () => {
  const found = decodeObjects(
    outputs([
      { score: 0.5, label: 2, cell: 0, extents: [32, 32, 32, 16] },
      { score: 0.5, label: 2, cell: 0, extents: [32, 32, -8, -8] },
    ]),
    size,
  )
  assert.deepEqual(found.map(rounded), [{ label: 'car', score: 0.5, box: { x: 0, y: 0, w: 0.1, h: 0.1 } }])
})

test('a second peak on the same object gives no second box, another label does', () => {
  const extents: [number, number, number, number] = [16, 16, 16, 16]
  const found = decodeObjects(
    outputs([
      { score: 0.8, label: 0, cell: 840, extents },
      { score: 0.7, label: 0, cell: 841, extents },
      { score: 0.6, label: 2, cell: 840, extents },
    ]),
    size,
  )
  assert.deepEqual(
    found.map((one) => one.label),
    ['person', 'car'],
  )
})

test('objects below a score of 0.1 are not given', () => {
  assert.deepEqual(decodeObjects(outputs([{ score: 0.09, label: 0, cell: 0, extents: [0, 0, 9, 9] }]), size), [])
})

function rounded<Found extends { score: number; box: { x: number; y: number; w: number; h: number } }>(one: Found) {
  const to = (value: number) => Math.round(value * 1e4) / 1e4
  return {
    ...one,
    score: to(one.score),
    box: { x: to(one.box.x), y: to(one.box.y), w: to(one.box.w), h: to(one.box.h) },
  }
}
