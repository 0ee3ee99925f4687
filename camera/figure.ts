// People as solid figures: tapered capsules in metres, posed by where they are in a stride.
// Axes: x is the walking direction, y up from the ground, z towards the viewer of someone who walks to the right.

export type Vector = { x: number; y: number; z: number }
export type Colour = { r: number; g: number; b: number }

/** A capsule whose radius goes from `fromRadius` to `toRadius`. `fold` is how much cloth creases its surface, 0 to 1. */
export type Limb = {
  from: Vector
  to: Vector
  fromRadius: number
  toRadius: number
  colour: Colour
  fold: number
}

/** What tells one person from another. Lengths are of a person of 1.75 m and scale with `heightM`. */
export type Look = {
  heightM: number
  /** 1 is slim, 1.25 is stout. */
  girth: number
  skin: Colour
  hair: Colour
  top: Colour
  trousers: Colour
  shoes: Colour
  hasLongHair: boolean
  hasBag: boolean
}

const strideM = 1.42
const standing = { swing: 0, lift: 0 }

/** Metres that one full stride, left foot to left foot, carries a person. */
export function strideOf(look: Look): number {
  return (strideM * look.heightM) / 1.75
}

/** The figure at `phase` of a stride, 0 to 1; undefined is a person who stands. */
export function poseFigure(look: Look, phase: number | undefined): Limb[] {
  const gait = phase === undefined ? standing : { swing: 1, lift: 1 }
  const turn = phase === undefined ? 0 : phase * 2 * Math.PI
  const bob = gait.lift * 0.018 * Math.cos(2 * turn)
  const hipY = 0.925 + bob - gait.lift * 0.02
  const limbs = [
    ...leg(look, hipY, turn, 0.085, gait.swing),
    ...leg(look, hipY, turn + Math.PI, -0.085, gait.swing),
    ...arm(look, hipY, turn + Math.PI, 0.2, gait.swing),
    ...arm(look, hipY, turn, -0.2, gait.swing),
    ...torso(look, hipY, turn, gait.swing),
    ...head(look, hipY),
  ]
  const scale = look.heightM / 1.75
  return limbs.map((limb) => scaled(limb, scale))
}

function scaled(limb: Limb, scale: number): Limb {
  const times = (v: Vector) => ({ x: v.x * scale, y: v.y * scale, z: v.z * scale })
  return {
    ...limb,
    from: times(limb.from),
    to: times(limb.to),
    fromRadius: limb.fromRadius * scale,
    toRadius: limb.toRadius * scale,
  }
}

function reach(from: Vector, length: number, angle: number): Vector {
  return { x: from.x + length * Math.sin(angle), y: from.y - length * Math.cos(angle), z: from.z }
}

function leg(look: Look, hipY: number, turn: number, z: number, swing: number): Limb[] {
  const hip = { x: 0, y: hipY, z }
  const thighAngle = swing * (0.42 * Math.sin(turn) + 0.06)
  // The knee bends most while the leg swings forward, a little while it carries.
  const swinging = Math.max(0, Math.cos(turn + 0.35))
  const kneeBend = 0.06 + swing * (0.95 * swinging * swinging + 0.06)
  const knee = reach(hip, 0.43, thighAngle)
  const shinAngle = thighAngle - kneeBend
  const ankle = reach(knee, 0.41, shinAngle)
  const footTurn = swing * (0.35 * Math.sin(turn) - 0.55 * swinging * swinging * (1 - Math.sin(turn)) * 0.6)
  const heel = { x: ankle.x - 0.05, y: ankle.y - 0.045, z }
  const toe = { x: heel.x + 0.21 * Math.cos(footTurn), y: heel.y + 0.21 * Math.sin(footTurn) - 0.005, z: z * 1.25 }
  const girth = look.girth
  return [
    { from: hip, to: knee, fromRadius: 0.092 * girth, toRadius: 0.066 * girth, colour: look.trousers, fold: 0.7 },
    { from: knee, to: ankle, fromRadius: 0.066 * girth, toRadius: 0.05, colour: look.trousers, fold: 0.9 },
    { from: heel, to: toe, fromRadius: 0.045, toRadius: 0.034, colour: look.shoes, fold: 0.1 },
  ]
}

function arm(look: Look, hipY: number, turn: number, z: number, swing: number): Limb[] {
  const shoulder = { x: -0.01, y: hipY + 0.47, z: z * 0.92 * look.girth }
  const upperAngle = swing * 0.42 * Math.sin(turn) - 0.03
  const elbow = { ...reach(shoulder, 0.29, upperAngle), z: z * 1.1 * look.girth }
  const bend = 0.22 + swing * (0.25 + 0.22 * Math.sin(turn))
  const wrist = { ...reach(elbow, 0.25, upperAngle + bend), z: z * 1.12 * look.girth }
  const palm = { ...reach(wrist, 0.09, upperAngle + bend + 0.1), z: z * 1.1 * look.girth }
  return [
    { from: shoulder, to: elbow, fromRadius: 0.066 * look.girth, toRadius: 0.051, colour: look.top, fold: 0.8 },
    { from: elbow, to: wrist, fromRadius: 0.05, toRadius: 0.04, colour: look.top, fold: 0.9 },
    { from: wrist, to: palm, fromRadius: 0.034, toRadius: 0.03, colour: look.skin, fold: 0 },
  ]
}

function torso(look: Look, hipY: number, turn: number, swing: number): Limb[] {
  const girth = look.girth
  const lean = 0.03 * swing
  const sway = swing * 0.035 * Math.sin(turn)
  const limbs: Limb[] = []
  // Three columns side by side give a chest that is wider than deep.
  for (const side of [-1, 0, 1]) {
    limbs.push({
      from: { x: lean - side * sway, y: hipY + 0.44 - (side === 0 ? 0 : 0.025), z: side * 0.105 * girth },
      to: { x: 0, y: hipY + 0.06, z: side * 0.075 * girth },
      fromRadius: 0.108 * girth,
      toRadius: 0.112 * girth,
      colour: look.top,
      fold: 1,
    })
    limbs.push({
      from: { x: 0, y: hipY + 0.05, z: side * 0.07 * girth },
      to: { x: 0, y: hipY - 0.03, z: side * 0.08 },
      fromRadius: 0.108 * girth,
      toRadius: 0.1 * girth,
      colour: look.trousers,
      fold: 0.5,
    })
  }
  if (look.hasBag) limbs.push(backpack(hipY, girth))
  return limbs
}

function backpack(hipY: number, girth: number): Limb {
  return {
    from: { x: -0.17 * girth, y: hipY + 0.4, z: 0 },
    to: { x: -0.18 * girth, y: hipY + 0.16, z: 0 },
    fromRadius: 0.12,
    toRadius: 0.14,
    colour: { r: 38, g: 40, b: 46 },
    fold: 0.8,
  }
}

function head(look: Look, hipY: number): Limb[] {
  const base = { x: 0.02, y: hipY + 0.53, z: 0 }
  const chin = { x: 0.065, y: hipY + 0.64, z: 0 }
  const crown = { x: 0.035, y: hipY + 0.725, z: 0 }
  const limbs: Limb[] = [
    {
      from: base,
      to: { x: 0.035, y: hipY + 0.63, z: 0 },
      fromRadius: 0.058,
      toRadius: 0.054,
      colour: look.skin,
      fold: 0,
    },
    { from: chin, to: crown, fromRadius: 0.066, toRadius: 0.088, colour: look.skin, fold: 0 },
    // Hair lies over the back and the top of the skull and leaves the face free.
    {
      from: { x: -0.005, y: hipY + 0.7, z: 0 },
      to: { x: 0.03, y: hipY + 0.745, z: 0 },
      fromRadius: 0.09,
      toRadius: 0.088,
      colour: look.hair,
      fold: 0.9,
    },
  ]
  if (look.hasLongHair) {
    const ends = { x: -0.045, y: hipY + 0.5, z: 0 }
    const top = { x: -0.02, y: hipY + 0.7, z: 0 }
    limbs.push({ from: top, to: ends, fromRadius: 0.088, toRadius: 0.06, colour: look.hair, fold: 1 })
  }
  return limbs
}
