// The wardrobe: a fixed row of people, told apart by clothes, hair and build.
import type { Colour, Look } from './figure.ts'

const rgb = (r: number, g: number, b: number): Colour => ({ r, g, b })

const fair = rgb(222, 178, 150)
const tan = rgb(190, 142, 112)
const dark = rgb(122, 84, 62)
const black = rgb(34, 30, 30)
const brown = rgb(70, 48, 34)
const blond = rgb(176, 142, 92)
const shoes = rgb(40, 34, 32)

const looks: readonly Look[] = [
  look({ top: rgb(62, 92, 148), trousers: rgb(56, 58, 68), hair: brown, skin: fair }),
  look({ top: rgb(178, 54, 50), trousers: rgb(72, 90, 130), hair: black, skin: tan, hasLongHair: true, heightM: 1.67 }),
  look({ top: rgb(206, 202, 194), trousers: rgb(98, 86, 70), hair: black, skin: dark, girth: 1.12, hasBag: true }),
  look({ top: rgb(58, 104, 78), trousers: rgb(44, 48, 60), hair: blond, skin: fair, heightM: 1.8 }),
  look({
    top: rgb(216, 172, 72),
    trousers: rgb(60, 72, 104),
    hair: brown,
    skin: fair,
    hasLongHair: true,
    heightM: 1.7,
  }),
  look({ top: rgb(92, 92, 98), trousers: rgb(84, 98, 138), hair: black, skin: tan, girth: 1.08 }),
  look({ top: rgb(120, 70, 118), trousers: rgb(40, 42, 50), hair: brown, skin: tan, hasLongHair: true, heightM: 1.69 }),
  look({ top: rgb(172, 110, 70), trousers: rgb(52, 66, 92), hair: black, skin: dark, hasBag: true, heightM: 1.78 }),
]

function look(some: Partial<Look> & Pick<Look, 'top' | 'trousers' | 'hair' | 'skin'>): Look {
  return { heightM: 1.75, girth: 1, shoes, hasLongHair: false, hasBag: false, ...some }
}

/** The look of the n-th person; the row starts again after the last. */
export function lookOf(index: number): Look {
  const chosen = looks[index % looks.length]
  if (!chosen) throw new Error('the wardrobe is empty')
  return chosen
}
