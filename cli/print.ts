import type { OutputFormat } from './command.ts'
import { toYaml } from './yaml.ts'

export type Column<Item> = { title: string; text: (item: Item) => string }

export type Printed<Item> = {
  format: OutputFormat
  /** What json and yaml show: the answer of the API as it came. */
  answer: unknown
  /** What table and name show. */
  items: readonly Item[]
  columns: readonly Column<Item>[]
  name: (item: Item) => string
}

/** The text for stdout; with a line break at its end unless it is empty. */
export function format<Item>({ format, answer, items, columns, name }: Printed<Item>): string {
  if (format === 'json') return `${JSON.stringify(answer, null, 2)}\n`
  if (format === 'yaml') return toYaml(answer)
  if (format === 'name') return items.map((item) => `${name(item)}\n`).join('')
  return table(items, columns)
}

/** Titles in capitals, columns as wide as their widest text, no spaces at the ends of lines. */
export function table<Item>(items: readonly Item[], columns: readonly Column<Item>[]): string {
  const rows = [
    columns.map(({ title }) => title),
    ...items.map((item) => columns.map(({ text }) => oneLine(text(item)))),
  ]
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => widthOf(row[at] ?? ''))))
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - widthOf(cell)))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

/** What came from outside cannot move the cursor or colour the terminal. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
}

/** Ideographs, which task names may hold, take two places. */
function widthOf(text: string): number {
  return [...text].reduce(
    (width, char) =>
      width + (/[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFF00-\uFF60]/u.test(char) ? 2 : 1),
    0,
  )
}
