// A car seen from the side and a little from above, as a colour for every point in metres.
// Axes: x forwards from the middle of the car, y up from the ground.
import type { Colour } from './figure.ts'
import type { Extent, PaintedFigure, Picture } from './raster.ts'

const halfLengthM = 2.18
// The far side of roof and bonnet appears this much higher than the near one.
const topDepthM = 0.3
const wheelXsM = [-1.33, 1.36]
const wheelRadiusM = 0.33
const beltM = 0.93
const seamXsM = [-1.12, -0.28, 0.84]
const samplesPerPx = 3

// Height of the near side's outline along the car.
const outline: readonly [number, number][] = [
  [-2.18, 0.62],
  [-2.1, 0.9],
  [-1.62, 0.98],
  [-1.05, 1.38],
  [-0.3, 1.45],
  [0.35, 1.41],
  [1.08, 0.96],
  [1.9, 0.8],
  [2.12, 0.66],
  [2.18, 0.45],
]

const paints: readonly Colour[] = [
  { r: 176, g: 40, b: 38 },
  { r: 208, g: 210, b: 212 },
  { r: 48, g: 82, b: 140 },
]

/** The box of a car about the middle of its lower edge. */
export function extentOfVehicle(pxPerM: number): Extent {
  return { left: -halfLengthM * pxPerM, right: halfLengthM * pxPerM, top: -(1.45 + topDepthM) * pxPerM, bottom: 0 }
}

export function paintVehicle(pxPerM: number, isMirrored: boolean, colour: number): PaintedFigure {
  const extent = extentOfVehicle(pxPerM)
  const leftPx = Math.floor(extent.left) - 1
  const topPx = Math.floor(extent.top) - 1
  const widthPx = 1 - 2 * leftPx
  const heightPx = 1 - topPx
  const paint = paints[colour % paints.length]
  if (!paint) throw new Error('there is no car paint')
  const pixels = new Float32Array(widthPx * heightPx * 4)
  const share = 1 / samplesPerPx ** 2
  for (let row = 0; row < heightPx * samplesPerPx; row++) {
    for (let column = 0; column < widthPx * samplesPerPx; column++) {
      const across = (leftPx + (column + 0.5) / samplesPerPx) / pxPerM
      const up = -(topPx + (row + 0.5) / samplesPerPx) / pxPerM
      const spot = colourAt(isMirrored ? -across : across, up, paint)
      if (!spot) continue
      const to = (Math.floor(row / samplesPerPx) * widthPx + Math.floor(column / samplesPerPx)) * 4
      addTo(pixels, to, spot, share)
    }
  }
  const picture: Picture = { pixels, widthPx, heightPx }
  return { picture, leftPx, topPx }
}

function addTo(pixels: Float32Array, at: number, colour: Colour, share: number): void {
  pixels[at] = (pixels[at] ?? 0) + colour.r * share
  pixels[at + 1] = (pixels[at + 1] ?? 0) + colour.g * share
  pixels[at + 2] = (pixels[at + 2] ?? 0) + colour.b * share
  pixels[at + 3] = (pixels[at + 3] ?? 0) + share
}

function topAt(x: number): number {
  for (let i = 1; i < outline.length; i++) {
    const [fromX, fromY] = outline[i - 1] ?? [0, 0]
    const [toX, toY] = outline[i] ?? [0, 0]
    if (x >= fromX && x <= toX) return fromY + ((toY - fromY) * (x - fromX)) / (toX - fromX)
  }
  return 0
}

function colourAt(x: number, y: number, paint: Colour): Colour | undefined {
  const wheel = wheelAt(x, y)
  if (wheel) return wheel
  const top = topAt(x)
  if (top === 0 || y < 0.2) return undefined
  if (y <= top) return sideAt(x, y, top, paint)
  return y <= top + topDepthM ? topSideAt(x, (y - top) / topDepthM, paint) : undefined
}

function wheelAt(x: number, y: number): Colour | undefined {
  for (const wheelX of wheelXsM) {
    const away = Math.hypot(x - wheelX, y - wheelRadiusM)
    if (away < 0.05) return grey(70)
    if (away < 0.2) return grey(Math.abs(Math.sin(Math.atan2(y - wheelRadiusM, x - wheelX) * 2.5)) > 0.45 ? 168 : 92)
    if (away < wheelRadiusM) return grey(30)
    if (away < wheelRadiusM + 0.055 && y > 0.2) return grey(16)
  }
  return undefined
}

function sideAt(x: number, y: number, top: number, paint: Colour): Colour {
  const fitting = windowAt(x, y, top) ?? lampAt(x, y)
  if (fitting) return fitting
  if (y < 0.31) return grey(34)
  const isHandle = y > 0.74 && y < 0.775 && (Math.abs(x + 0.42) < 0.09 || Math.abs(x - 0.62) < 0.09)
  if (isHandle) return grey(50)
  const isSeam = y > 0.36 && seamXsM.some((seam) => Math.abs(x - seam) < 0.012)
  // Sky on the shoulder, the dark of the road towards the sill.
  const bright = 0.6 + 0.42 * Math.exp(-(((y - 0.84) / 0.09) ** 2)) + 0.12 * (y - 0.5) - (y < 0.5 ? 0.18 : 0)
  return tinted(paint, isSeam ? bright * 0.55 : bright)
}

function windowAt(x: number, y: number, top: number): Colour | undefined {
  if (y < beltM - 0.03 || y > top - 0.085 || x < -1.35 || x > 0.92) return undefined
  const isFrame = y < beltM || Math.abs(x + 0.28) < 0.045
  const isGleam = x + y > 0.4 && x + y < 0.7
  return isFrame ? grey(24) : glass(0.25 + (y - beltM) * 0.9 + (isGleam ? 0.2 : 0))
}

function lampAt(x: number, y: number): Colour | undefined {
  if (x > 1.93 && y > 0.56 && y < 0.72) return { r: 236, g: 236, b: 222 }
  return x < -1.98 && y > 0.66 && y < 0.84 ? { r: 150, g: 20, b: 22 } : undefined
}

function topSideAt(x: number, depth: number, paint: Colour): Colour {
  const inWindscreen = x > 0.38 && x < 1.02
  const inRearWindow = x > -1.56 && x < -1.1
  if ((inWindscreen || inRearWindow) && depth > 0.08 && depth < 0.92) return glass(0.55 + 0.25 * depth)
  return tinted(paint, 1.08 - 0.1 * depth)
}

function grey(level: number): Colour {
  return { r: level, g: level, b: level + 3 }
}

function glass(level: number): Colour {
  return { r: 30 + 80 * level, g: 38 + 88 * level, b: 48 + 96 * level }
}

function tinted(paint: Colour, bright: number): Colour {
  const shine = Math.max(0, bright - 0.9) * 120
  return { r: paint.r * bright + shine, g: paint.g * bright + shine, b: paint.b * bright + shine }
}
