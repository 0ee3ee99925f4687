// The still part of the street: a house front, a pavement, a road with its markings, and a paved plaza in front.
import type { Colour } from './figure.ts'
import { hashOf } from './random.ts'

/** Row-major, three floats a pixel: red, green, blue, 0 to 255. */
export type Background = { rgb: Float32Array; widthPx: number; heightPx: number }

// Edges of the parts as fractions of the frame height.
const houseFoot = 0.285
const roadFar = 0.33
const roadNear = 0.46
const plazaFar = 0.485

export function paintBackground(widthPx: number, heightPx: number, seed: number): Background {
  const rgb = new Float32Array(widthPx * heightPx * 3)
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const v = (y + 0.5) / heightPx
      const u = ((x + 0.5) / widthPx - 0.5) * (widthPx / heightPx)
      const colour = colourAt(u, v, seed)
      const grain = (hashOf(x, y, seed) - 0.5) * 9 + (hashOf(x >> 1, y >> 1, seed + 1) - 0.5) * 7
      // Lenses darken the corners.
      const vignette = 1 - 0.12 * (u * u * 0.6 + (v - 0.5) * (v - 0.5))
      const at = (y * widthPx + x) * 3
      rgb[at] = colour.r * vignette + grain
      rgb[at + 1] = colour.g * vignette + grain
      rgb[at + 2] = colour.b * vignette + grain
    }
  }
  return { rgb: softened(rgb, widthPx, heightPx), widthPx, heightPx }
}

/** `u` counts frame heights from the middle of the frame, `v` frame heights from its upper edge. */
function colourAt(u: number, v: number, seed: number): Colour {
  if (v < houseFoot) return houseAt(u, v, seed)
  if (v < roadFar) return pavementAt(u, v, seed)
  if (v < roadNear) return roadAt(u, v, seed)
  if (v < plazaFar) return grey(v < roadNear + 0.008 ? 92 : 158 + 14 * patches(u * 9, v * 30, seed))
  return plazaAt(u, v, seed)
}

function houseAt(u: number, v: number, seed: number): Colour {
  const bay = u / 0.24
  const inBay = bay - Math.floor(bay)
  const number = Math.floor(bay)
  const wall = 1 + 0.07 * patches(u * 7, v * 9, seed)
  if (v > 0.268) return grey(104 * wall)
  const isDoor = ((number % 4) + 4) % 4 === 1
  if (isDoor && v > 0.09 && inBay > 0.36 && inBay < 0.64) return doorAt(inBay, v)
  if (!isDoor && v > 0.1 && v < 0.215 && inBay > 0.18 && inBay < 0.82) return shopWindowAt(u, v, inBay, number, seed)
  if (v > 0.045 && v < 0.06) return { r: 142 * wall, g: 132 * wall, b: 120 * wall }
  const brick = v > 0.06 && (shareOf(v * 140) < 0.14 || shareOf(u * 60 + (Math.floor(v * 140) % 2) * 0.5) < 0.07)
  const shade = wall * (brick ? 0.9 : 1)
  return { r: 176 * shade, g: 152 * shade, b: 128 * shade }
}

function doorAt(inBay: number, v: number): Colour {
  if (inBay < 0.385 || inBay > 0.615 || v < 0.1) return { r: 206, g: 200, b: 188 }
  const panel = inBay > 0.43 && inBay < 0.57 && ((v > 0.115 && v < 0.175) || (v > 0.195 && v < 0.25))
  return panel ? { r: 66, g: 52, b: 42 } : { r: 86, g: 66, b: 50 }
}

function shopWindowAt(u: number, v: number, inBay: number, number: number, seed: number): Colour {
  if (inBay < 0.205 || inBay > 0.795 || v < 0.106 || v > 0.208 || Math.abs(inBay - 0.5) < 0.012) return grey(196)
  const sky =
    62 + 44 * patches(u * 5 + number, v * 6, seed + 3) + (inBay + v * 2 > 0.75 && inBay + v * 2 < 0.85 ? 26 : 0)
  return { r: sky, g: sky * 1.06, b: sky * 1.16 }
}

function pavementAt(u: number, v: number, seed: number): Colour {
  if (v > roadFar - 0.007) return grey(120)
  const joint = shareOf((u / (0.35 + v)) * 18) < 0.035
  return grey((joint ? 140 : 160) + 14 * patches(u * 11, v * 40, seed))
}

function roadAt(u: number, v: number, seed: number): Colour {
  const middle = (roadFar + roadNear) / 2
  const dash = shareOf(u / 0.36)
  if (Math.abs(v - middle) < 0.0035 && dash < 0.5) return grey(196)
  return grey(88 + 16 * patches(u * 4, v * 22, seed) - (Math.abs(v - 0.43) < 0.006 ? 6 : 0))
}

function plazaAt(u: number, v: number, seed: number): Colour {
  // Slabs in perspective: rows get taller and columns wider towards the viewer.
  const near = 1 / (v - 0.02)
  const row = near * 9
  const column = u * near * 3.2 + (Math.floor(row) % 2) * 0.5
  const isJoint = shareOf(row) < 0.035 || shareOf(column) < 0.018
  const slab = hashOf(Math.floor(column), Math.floor(row), seed) - 0.5
  const level = (isJoint ? 112 : 136) + slab * 10 + 12 * patches(u * 3, v * 5, seed)
  return { r: level * 1.02, g: level, b: level * 0.96 }
}

/** Smooth light and dark spots, -1 to 1. */
function patches(x: number, y: number, seed: number): number {
  const smooth = (t: number) => t * t * (3 - 2 * t)
  const cellX = Math.floor(x)
  const cellY = Math.floor(y)
  const tx = smooth(x - cellX)
  const ty = smooth(y - cellY)
  const upper = hashOf(cellX, cellY, seed) * (1 - tx) + hashOf(cellX + 1, cellY, seed) * tx
  const lower = hashOf(cellX, cellY + 1, seed) * (1 - tx) + hashOf(cellX + 1, cellY + 1, seed) * tx
  return (upper * (1 - ty) + lower * ty) * 2 - 1
}

/** What lies behind the point; of numbers below 0, too. */
function shareOf(value: number): number {
  return value - Math.floor(value)
}

function grey(level: number): Colour {
  return { r: level, g: level, b: level * 1.01 }
}

// Edges one pixel wide look drawn: a small blur makes them look filmed.
function softened(rgb: Float32Array, widthPx: number, heightPx: number): Float32Array {
  const soft = new Float32Array(rgb.length)
  for (let y = 0; y < heightPx; y++) {
    const above = Math.max(0, y - 1) * widthPx
    const below = Math.min(heightPx - 1, y + 1) * widthPx
    for (let x = 0; x < widthPx; x++) {
      const left = Math.max(0, x - 1)
      const right = Math.min(widthPx - 1, x + 1)
      for (let i = 0; i < 3; i++) {
        const here = rgb[(y * widthPx + x) * 3 + i] ?? 0
        const beside = (rgb[(y * widthPx + left) * 3 + i] ?? 0) + (rgb[(y * widthPx + right) * 3 + i] ?? 0)
        const over = (rgb[(above + x) * 3 + i] ?? 0) + (rgb[(below + x) * 3 + i] ?? 0)
        soft[(y * widthPx + x) * 3 + i] = here * 0.5 + (beside + over) * 0.125
      }
    }
  }
  return soft
}
