import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawStreet } from './picture.ts'

test('the street shows its line, its region and a mark, each where it lies', () => {
  const lines = drawStreet(
    {
      widthPx: 640,
      heightPx: 160,
      line: [
        [325, 0],
        [325, 160],
      ],
      region: [
        [0, 0],
        [100, 0],
        [100, 160],
        [0, 160],
      ],
    },
    [{ x: 635, y: 155, sign: '●' }],
  )
  assert.equal(lines.length, 18)
  assert.equal(lines[1], `│${'·'.repeat(10)}${' '.repeat(22)}│${' '.repeat(31)}│`)
  assert.equal(lines[16], `│${'·'.repeat(10)}${' '.repeat(22)}│${' '.repeat(30)}●│`)
})
