// Paints solid figures into small pictures: each capsule gives depth and normal by closed formula, a depth buffer
// decides who is in front, and the light comes from above, the left and the viewer's side.
import type { Colour, Limb, Vector } from './figure.ts'

/** Row-major, four floats a pixel: red, green, blue (0 to 255, multiplied by cover) and cover (0 to 1). */
export type Picture = { pixels: Float32Array; widthPx: number; heightPx: number }

/** How figures are seen: `yaw` turns them about the vertical, `pitch` looks down on them. Radians. */
export type View = { pxPerM: number; yaw: number; pitch: number; isMirrored: boolean }

/** The extent of a figure in pixels about the point where it stands, y down. */
export type Extent = { left: number; right: number; top: number; bottom: number }

type Flat = {
  limb: Limb
  ax: number
  ay: number
  az: number
  bx: number
  by: number
  bz: number
  ra: number
  rb: number
}

const samplesPerPx = 2
const light = unit({ x: -0.42, y: 0.78, z: 0.46 })

function unit(v: Vector): Vector {
  const length = Math.hypot(v.x, v.y, v.z)
  return { x: v.x / length, y: v.y / length, z: v.z / length }
}

/** A point of a figure as the view sees it: x right, y down, z towards the viewer, in pixels. */
export function project(point: Vector, view: View): Vector {
  const side = view.isMirrored ? -1 : 1
  const x = point.x * Math.cos(view.yaw) + point.z * Math.sin(view.yaw)
  const depth = -point.x * Math.sin(view.yaw) + point.z * Math.cos(view.yaw)
  const up = point.y * Math.cos(view.pitch) - depth * Math.sin(view.pitch)
  const near = point.y * Math.sin(view.pitch) + depth * Math.cos(view.pitch)
  return { x: side * x * view.pxPerM, y: -up * view.pxPerM, z: near * view.pxPerM }
}

function flatten(limbs: readonly Limb[], view: View): Flat[] {
  return limbs.map((limb) => {
    const a = project(limb.from, view)
    const b = project(limb.to, view)
    const ra = limb.fromRadius * view.pxPerM
    const rb = limb.toRadius * view.pxPerM
    return { limb, ax: a.x, ay: a.y, az: a.z, bx: b.x, by: b.y, bz: b.z, ra, rb }
  })
}

/** The smallest upright box that holds every limb, about the point where the figure stands. */
export function extentOf(limbs: readonly Limb[], view: View): Extent {
  const flats = flatten(limbs, view)
  return {
    left: Math.min(...flats.map((f) => Math.min(f.ax - f.ra, f.bx - f.rb))),
    right: Math.max(...flats.map((f) => Math.max(f.ax + f.ra, f.bx + f.rb))),
    top: Math.min(...flats.map((f) => Math.min(f.ay - f.ra, f.by - f.rb))),
    bottom: Math.max(...flats.map((f) => Math.max(f.ay + f.ra, f.by + f.rb))),
  }
}

/** A painted figure and where its upper-left pixel lies relative to the point where it stands. */
export type PaintedFigure = { picture: Picture; leftPx: number; topPx: number }

export function paintFigure(limbs: readonly Limb[], view: View): PaintedFigure {
  const extent = extentOf(limbs, view)
  const leftPx = Math.floor(extent.left) - 1
  const topPx = Math.floor(extent.top) - 1
  const widthPx = Math.ceil(extent.right) + 1 - leftPx
  const heightPx = Math.ceil(extent.bottom) + 1 - topPx
  const fine = { widthPx: widthPx * samplesPerPx, heightPx: heightPx * samplesPerPx }
  const depth = new Float32Array(fine.widthPx * fine.heightPx).fill(Number.NEGATIVE_INFINITY)
  const colours = new Float32Array(fine.widthPx * fine.heightPx * 3)
  const fineView = { ...view, pxPerM: view.pxPerM * samplesPerPx }
  // The nearest first: what they hide is never shaded.
  const nearestFirst = flatten(limbs, fineView).sort((a, b) => b.az + b.bz - a.az - a.bz)
  for (const flat of nearestFirst) {
    paintLimb(flat, fineView, { depth, colours, ...fine, leftPx: leftPx * samplesPerPx, topPx: topPx * samplesPerPx })
  }
  return { picture: shrink(depth, colours, widthPx, heightPx), leftPx, topPx }
}

type Canvas = {
  depth: Float32Array
  colours: Float32Array
  widthPx: number
  heightPx: number
  leftPx: number
  topPx: number
}

function paintLimb(flat: Flat, view: View, canvas: Canvas): void {
  const reachPx = Math.max(flat.ra, flat.rb)
  const fromX = Math.max(0, Math.floor(Math.min(flat.ax, flat.bx) - reachPx - canvas.leftPx))
  const toX = Math.min(canvas.widthPx - 1, Math.ceil(Math.max(flat.ax, flat.bx) + reachPx - canvas.leftPx))
  const fromY = Math.max(0, Math.floor(Math.min(flat.ay, flat.by) - reachPx - canvas.topPx))
  const toY = Math.min(canvas.heightPx - 1, Math.ceil(Math.max(flat.ay, flat.by) + reachPx - canvas.topPx))
  const dx = flat.bx - flat.ax
  const dy = flat.by - flat.ay
  const lengthSquared = dx * dx + dy * dy + 1e-6
  for (let y = fromY; y <= toY; y++) {
    for (let x = fromX; x <= toX; x++) {
      const px = x + canvas.leftPx + 0.5
      const py = y + canvas.topPx + 0.5
      const along = Math.min(1, Math.max(0, ((px - flat.ax) * dx + (py - flat.ay) * dy) / lengthSquared))
      const radius = flat.ra + (flat.rb - flat.ra) * along
      const offX = (px - flat.ax - dx * along) / radius
      const offY = (py - flat.ay - dy * along) / radius
      const off = offX * offX + offY * offY
      if (off >= 1) continue
      const rise = Math.sqrt(1 - off)
      const z = flat.az + (flat.bz - flat.az) * along + rise * radius
      const at = y * canvas.widthPx + x
      if (z <= (canvas.depth[at] ?? 0)) continue
      canvas.depth[at] = z
      shade(flat, { along, offX, offY, rise }, view, canvas.colours, at * 3)
    }
  }
}

type Spot = { along: number; offX: number; offY: number; rise: number }

function shade(flat: Flat, spot: Spot, view: View, colours: Float32Array, at: number): void {
  const fold = flat.limb.fold
  const crease = fold === 0 ? 0 : creaseAt(flat, spot, view.pxPerM) * fold
  const nx = spot.offX + crease * 0.35
  const ny = -spot.offY + crease * 0.22
  const facing = nx * light.x + ny * light.y + spot.rise * light.z
  // Sky light from above, bounce from the ground, and a darker rim where cloth turns away.
  const sky = 0.36 + 0.16 * ny
  const bright = sky + 0.72 * Math.max(0, facing) - 0.1 * (1 - spot.rise) + crease * 0.05
  const colour: Colour = flat.limb.colour
  colours[at] = colour.r * bright
  colours[at + 1] = colour.g * bright
  colours[at + 2] = colour.b * (bright * 0.97 + 0.03)
}

function creaseAt(flat: Flat, spot: Spot, pxPerM: number): number {
  const length = Math.hypot(flat.bx - flat.ax, flat.by - flat.ay) / pxPerM
  const u = spot.along * length * 34 + spot.offX * 2.1 + flat.limb.from.z * 40
  const v = spot.offX * 3.3 - spot.along * length * 15 + flat.limb.from.z * 17
  return 0.55 * Math.sin(u + 1.7 * Math.sin(v)) + 0.45 * Math.sin(2.3 * v + 0.8 * u)
}

function shrink(depth: Float32Array, colours: Float32Array, widthPx: number, heightPx: number): Picture {
  const pixels = new Float32Array(widthPx * heightPx * 4)
  const share = 1 / (samplesPerPx * samplesPerPx)
  const fineWidth = widthPx * samplesPerPx
  for (let y = 0; y < heightPx * samplesPerPx; y++) {
    for (let x = 0; x < fineWidth; x++) {
      const from = y * fineWidth + x
      if (depth[from] === Number.NEGATIVE_INFINITY) continue
      const to = (Math.floor(y / samplesPerPx) * widthPx + Math.floor(x / samplesPerPx)) * 4
      for (let i = 0; i < 3; i++) pixels[to + i] = (pixels[to + i] ?? 0) + (colours[from * 3 + i] ?? 0) * share
      pixels[to + 3] = (pixels[to + 3] ?? 0) + share
    }
  }
  return { pixels, widthPx, heightPx }
}
