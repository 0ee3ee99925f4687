// What the demo prints: lines one after another, and on a terminal a picture below them that is drawn anew.
import { drawStreet, type Mark, type Street } from './picture.ts'

export type Screen = {
  say(line: string): void
  /** Shows the street on a terminal; elsewhere nothing. */
  draw(state: { street: Street; marks: Mark[]; footer: string }): void
}

const isTerminal = process.stdout.isTTY === true

export function openScreen(): Screen {
  let drawnLines = 0
  const erase = () => {
    if (drawnLines > 0) process.stdout.write(`\u001b[${drawnLines}A\u001b[J`)
    drawnLines = 0
  }
  let last: string[] = []
  const paint = () => {
    if (last.length === 0) return
    process.stdout.write(`${last.join('\n')}\n`)
    drawnLines = last.length
  }
  return {
    say(line) {
      erase()
      process.stdout.write(`${line}\n`)
      paint()
    },
    draw({ street, marks, footer }) {
      if (!isTerminal) return
      erase()
      last = [...drawStreet(street, marks), footer]
      paint()
    },
  }
}
