// Paints a scene into planar YUV 4:2:0 frames: a still background, then the actors as ready-made sprites over their
// shadows, the farthest first.
import { paintBackground } from './background.ts'
import { poseFigure } from './figure.ts'
import { randomFrom } from './random.ts'
import { type PaintedFigure, paintFigure } from './raster.ts'
import { phaseCount, type Scene, type Sight, sceneAt } from './scene.ts'
import { paintVehicle } from './vehicle.ts'

/** `data` holds the planes Y, U, V without padding, BT.601 limited range; valid until the next frame is painted. */
export type YuvFrame = { data: Uint8Array; widthPx: number; heightPx: number }

/** Planes of one size: luma and chroma multiplied by cover, and cover 0 to 255. */
type Sprite = {
  luma: Uint8Array
  blue: Int8Array
  red: Int8Array
  cover: Uint8Array
  widthPx: number
  heightPx: number
  leftPx: number
  topPx: number
}

type Shadow = { dim: Uint8Array; widthPx: number; heightPx: number; leftPx: number; topPx: number }

// Sensor noise repeats after this many frames; more looks the same and only takes memory.
const noiseVariants = 4
const noiseLevel = 1.2
// A power of two.
const noiseCount = 65_536

/**
 * A painter of one scene. Sprites are made when first seen and kept.
 *
 * Shape: `paint` returns the same buffer every time.
 */
export type Painter = { paint(atMs: number): YuvFrame }

export function openPainter(scene: Scene): Painter {
  const { widthPx, heightPx } = scene
  const backgrounds = noisyBackgrounds(scene)
  const frame: YuvFrame = { data: new Uint8Array(widthPx * heightPx * 1.5), widthPx, heightPx }
  const sprites = new Map<string, Sprite>()
  const shadows = new Map<string, Shadow>()
  let painted = 0
  return {
    paint(atMs) {
      const background = backgrounds[painted++ % backgrounds.length]
      if (background) frame.data.set(background)
      const sights = sceneAt(scene, atMs)
      for (const sight of sights)
        dim(
          frame,
          keep(shadows, shadowKey(sight), () => makeShadow(sight)),
          sight,
        )
      for (const sight of sights)
        cover(
          frame,
          keep(sprites, spriteKey(sight), () => makeSprite(sight)),
          sight,
        )
      return frame
    },
  }
}

function keep<T>(kept: Map<string, T>, key: string, make: () => T): T {
  const found = kept.get(key)
  if (found) return found
  const made = make()
  kept.set(key, made)
  return made
}

function noisyBackgrounds(scene: Scene): Uint8Array[] {
  const { rgb, widthPx, heightPx } = paintBackground(scene.widthPx, scene.heightPx, scene.seed)
  const plain = new Float32Array(widthPx * heightPx)
  const chroma = new Uint8Array((widthPx * heightPx) / 2)
  for (let i = 0; i < plain.length; i++) plain[i] = lumaOf(rgb[i * 3] ?? 0, rgb[i * 3 + 1] ?? 0, rgb[i * 3 + 2] ?? 0)
  for (let y = 0; y < heightPx / 2; y++) {
    for (let x = 0; x < widthPx / 2; x++) {
      const at = (y * 2 * widthPx + x * 2) * 3
      const [r, g, b] = [rgb[at] ?? 0, rgb[at + 1] ?? 0, rgb[at + 2] ?? 0]
      chroma[(y * widthPx) / 2 + x] = 128 + blueOf(r, g, b)
      chroma[(widthPx * heightPx) / 4 + (y * widthPx) / 2 + x] = 128 + redOf(r, g, b)
    }
  }
  const random = randomFrom(scene.seed + 99)
  const noise = Float32Array.from({ length: noiseCount }, () => (random() + random() - 1) * noiseLevel)
  return Array.from({ length: noiseVariants }, () => {
    const data = new Uint8Array(plain.length * 1.5)
    for (let y = 0; y < heightPx; y++) {
      // Each row takes its noise from another place, so that no pattern shows.
      const from = Math.floor(random() * noiseCount)
      for (let i = y * widthPx; i < (y + 1) * widthPx; i++) {
        data[i] = clamp((plain[i] ?? 0) + (noise[(from + i) & (noiseCount - 1)] ?? 0))
      }
    }
    data.set(chroma, plain.length)
    return data
  })
}

function clamp(level: number): number {
  return Math.max(16, Math.min(235, Math.round(level)))
}

function lumaOf(r: number, g: number, b: number): number {
  return 16 + 0.257 * r + 0.504 * g + 0.098 * b
}

function blueOf(r: number, g: number, b: number): number {
  return -0.148 * r - 0.291 * g + 0.439 * b
}

function redOf(r: number, g: number, b: number): number {
  return 0.439 * r - 0.368 * g - 0.071 * b
}

function spriteKey(sight: Sight): string {
  const { actor } = sight
  if (actor.kind === 'vehicle') return `${actor.pxPerM} ${actor.isMirrored} ${actor.colour}`
  return `${Object.values(actor.view).join(' ')} ${JSON.stringify(actor.look)} ${sight.phase}`
}

function makeSprite(sight: Sight): Sprite {
  const { actor } = sight
  if (actor.kind === 'vehicle') return toSprite(paintVehicle(actor.pxPerM, actor.isMirrored, actor.colour))
  const phase = sight.phase === undefined ? undefined : sight.phase / phaseCount
  return toSprite(paintFigure(poseFigure(actor.look, phase), actor.view))
}

function toSprite({ picture, leftPx, topPx }: PaintedFigure): Sprite {
  const { widthPx, heightPx, pixels } = picture
  const count = widthPx * heightPx
  const luma = new Uint8Array(count)
  const cover = new Uint8Array(count)
  const blue = new Int8Array(count)
  const red = new Int8Array(count)
  for (let i = 0; i < count; i++) {
    const share = pixels[i * 4 + 3] ?? 0
    const [r, g, b] = [pixels[i * 4] ?? 0, pixels[i * 4 + 1] ?? 0, pixels[i * 4 + 2] ?? 0]
    cover[i] = Math.round(share * 255)
    luma[i] = Math.min(235 * share, 16 * share + lumaOf(r, g, b) - 16)
    blue[i] = Math.round(blueOf(r, g, b))
    red[i] = Math.round(redOf(r, g, b))
  }
  return { luma, blue, red, cover, widthPx, heightPx, leftPx, topPx }
}

function shadowKey(sight: Sight): string {
  const { actor } = sight
  return actor.kind === 'vehicle' ? `vehicle ${actor.pxPerM}` : `person ${actor.view.pxPerM}`
}

/** A soft patch on the ground, longer to the right, where the light from the left does not reach. */
function makeShadow(sight: Sight): Shadow {
  const { actor } = sight
  const isVehicle = actor.kind === 'vehicle'
  const pxPerM = isVehicle ? actor.pxPerM : actor.view.pxPerM
  const reachX = (isVehicle ? 2.5 : 0.62) * pxPerM
  const reachY = (isVehicle ? 0.34 : 0.14) * pxPerM
  const middleX = (isVehicle ? 0.1 : 0.16) * pxPerM
  const leftPx = Math.floor(middleX - reachX)
  const topPx = Math.floor(-reachY)
  const widthPx = Math.ceil(reachX * 2)
  const heightPx = Math.ceil(reachY * 2)
  const dim = new Uint8Array(widthPx * heightPx)
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const away = Math.hypot((x + leftPx - middleX) / reachX, (y + topPx) / reachY)
      dim[y * widthPx + x] = Math.round(Math.max(0, 1 - away ** (isVehicle ? 4 : 1.6)) * (isVehicle ? 150 : 105))
    }
  }
  return { dim, widthPx, heightPx, leftPx, topPx }
}

function dim(frame: YuvFrame, shadow: Shadow, sight: Sight): void {
  const atX = Math.round(sight.foot.x) + shadow.leftPx
  const atY = Math.round(sight.foot.y) + shadow.topPx
  const { fromX, toX, fromY, toY } = overlap(frame, shadow, atX, atY)
  for (let y = fromY; y < toY; y++) {
    for (let x = fromX; x < toX; x++) {
      const to = (y + atY) * frame.widthPx + x + atX
      const level = frame.data[to] ?? 0
      frame.data[to] = level - (((level - 16) * (shadow.dim[y * shadow.widthPx + x] ?? 0)) >> 8)
    }
  }
}

function overlap(frame: YuvFrame, size: { widthPx: number; heightPx: number }, atX: number, atY: number) {
  return {
    fromX: Math.max(0, -atX),
    toX: Math.min(size.widthPx, frame.widthPx - atX),
    fromY: Math.max(0, -atY),
    toY: Math.min(size.heightPx, frame.heightPx - atY),
  }
}

function cover(frame: YuvFrame, sprite: Sprite, sight: Sight): void {
  const atX = Math.round(sight.foot.x) + sprite.leftPx
  const atY = Math.round(sight.foot.y) + sprite.topPx
  const { widthPx, data } = frame
  const chromaAt = widthPx * frame.heightPx
  const chromaStep = chromaAt / 4
  const { fromX, toX, fromY, toY } = overlap(frame, sprite, atX, atY)
  for (let y = fromY; y < toY; y++) {
    for (let x = fromX; x < toX; x++) {
      const from = y * sprite.widthPx + x
      const share = sprite.cover[from] ?? 0
      if (share === 0) continue
      const to = (y + atY) * widthPx + x + atX
      data[to] = (sprite.luma[from] ?? 0) + (((data[to] ?? 0) * (255 - share) + 127) >> 8)
      // One pixel in four carries the chroma of its block.
      if (((x + atX) | (y + atY)) & 1) continue
      const chroma = chromaAt + ((y + atY) >> 1) * (widthPx >> 1) + ((x + atX) >> 1)
      const rest = (255 - share) / 255
      data[chroma] = 128 + (sprite.blue[from] ?? 0) + ((data[chroma] ?? 0) - 128) * rest
      const redAt = chroma + chromaStep
      data[redAt] = 128 + (sprite.red[from] ?? 0) + ((data[redAt] ?? 0) - 128) * rest
    }
  }
}
