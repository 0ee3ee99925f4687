import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeJpeg } from './decode/ffmpeg.ts'
import { type Canvas, drawBox, drawRoi } from './picture.ts'

const aCanvas = (): Canvas => ({ yuv: new Uint8Array(16 * 12 * 1.5).fill(128), widthPx: 16, heightPx: 12 })

/** The luma plane as text: `#` where something was drawn. */
function drawn({ yuv, widthPx, heightPx }: Canvas): string[] {
  const rows = Array.from({ length: heightPx }, (_, y) => yuv.subarray(y * widthPx, (y + 1) * widthPx))
  return rows.map((row) => Array.from(row, (luma) => (luma === 128 ? '.' : '#')).join(''))
}

test('a box is a red frame on its edges', () => {
  const canvas = aCanvas()
  drawBox(canvas, { x: 4, y: 3, w: 8, h: 6 })
  assert.deepEqual(drawn(canvas), [
    '................',
    '................',
    '...##########...',
    '...##########...',
    '...##......##...',
    '...##......##...',
    '...##......##...',
    '...##......##...',
    '...##########...',
    '...##########...',
    '................',
    '................',
  ])
  const chroma = 16 * 12 + 1 * 8 + 2
  assert.deepEqual([canvas.yuv[3 * 16 + 4], canvas.yuv[chroma], canvas.yuv[chroma + 48]], [76, 85, 255])
})

test('what lies outside the picture is cut off', () => {
  const canvas = aCanvas()
  drawBox(canvas, { x: -5, y: -5, w: 40, h: 40 })
  drawRoi(canvas, { polygons: [], lines: [{ from: [-100, 6], to: [1000, 6] }] })
  assert.deepEqual(drawn(canvas).slice(4, 8), [
    '................',
    '################',
    '################',
    '................',
  ])
})

test('a polygon of the ROI is closed', () => {
  const canvas = aCanvas()
  drawRoi(canvas, {
    polygons: [
      {
        name: '',
        points: [
          [2, 2],
          [13, 2],
          [2, 9],
        ],
      },
    ],
    lines: [],
  })
  assert.equal(drawn(canvas).filter((row) => row[2] === '#').length, 9)
})

for (const { quality, atMostBytes } of [
  { quality: 20, atMostBytes: 2000 },
  { quality: 90, atMostBytes: 20_000 },
]) {
  test(`a picture of quality ${quality} is a JPEG`, async () => {
    const yuv = Uint8Array.from({ length: 64 * 48 * 1.5 }, (_, i) => (i * 7919) % 251)
    const jpeg = await encodeJpeg(yuv, { widthPx: 64, heightPx: 48 }, quality)
    assert.deepEqual([...jpeg.subarray(0, 2), ...jpeg.subarray(-2)], [0xff, 0xd8, 0xff, 0xd9])
    assert.ok(jpeg.length < atMostBytes, String(jpeg.length))
  })
}
