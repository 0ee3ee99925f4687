import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPainter } from './render.ts'
import { makeStreet, sceneAt } from './scene.ts'
import { boxesAt } from './truth.ts'

const size = { seed: 1, widthPx: 640, heightPx: 360 }

test('two painters of one scene paint the same pixels', () => {
  const [one, other] = [openPainter(makeStreet(size)), openPainter(makeStreet(size))]
  for (const atMs of [0, 5000]) assert.deepEqual(one.paint(atMs).data, other.paint(atMs).data)
})

test('an actor covers its box and nothing outside its box and shadow moves', () => {
  const scene = makeStreet(size)
  const empty = openPainter({ ...scene, actors: [] }).paint(0).data
  const atMs = 8000
  const full = openPainter(scene).paint(atMs).data
  const boxes = boxesAt(scene, atMs).map(({ box }) => box)
  assert.ok(boxes.length >= 3)
  const changed = (x: number, y: number) => full[y * size.widthPx + x] !== empty[y * size.widthPx + x]
  for (const { x, y, w, h } of boxes) {
    let count = 0
    for (let py = Math.ceil(y); py < y + h - 1; py++) {
      for (let px = Math.ceil(x); px < x + w - 1; px++) if (changed(px, py)) count++
    }
    assert.ok(count > w * h * 0.2, `${count} of ${w * h} pixels`)
  }
  const feet = sceneAt(scene, atMs)
  let stray = 0
  for (let py = 0; py < size.heightPx; py++) {
    for (let px = 0; px < size.widthPx; px++) {
      const isNear = feet.some(
        ({ box }) => px >= box.x - 60 && px <= box.x + box.w + 60 && py >= box.y - 2 && py <= box.y + box.h + 30,
      )
      if (!isNear && changed(px, py)) stray++
    }
  }
  assert.equal(stray, 0)
})
