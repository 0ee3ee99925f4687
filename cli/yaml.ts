// Writes plain values as YAML 1.2. Every text that a reader could take for something else is quoted as JSON quotes it.

// What stays a text without quotes: words, paths and addresses that begin with a letter or a slash.
const plainText = /^[A-Za-z/][\w./@+-]*( [\w./@+-]+)*$/
const otherMeaning = /^(true|false|null|yes|no|on|off|y|n|~)$/i

/** Shape: ends in a line break; members that are undefined are left out. */
export function toYaml(value: unknown): string {
  return `${block(value, '').trimStart()}\n`
}

function block(value: unknown, indent: string): string {
  if (Array.isArray(value)) return listBlock(value, indent)
  if (typeof value === 'object' && value !== null) return mapBlock(value, indent)
  return ` ${scalar(value)}`
}

function listBlock(items: readonly unknown[], indent: string): string {
  if (items.length === 0) return ' []'
  // The first member of a map goes on the line of its dash.
  return items.map((item) => `\n${indent}- ${block(item, `${indent}  `).trimStart()}`).join('')
}

function mapBlock(map: object, indent: string): string {
  const members = Object.entries(map).filter(([, member]) => member !== undefined)
  if (members.length === 0) return ' {}'
  return members
    .map(([name, member]) => `\n${indent}${scalar(name)}:${block(member, memberIndent(member, indent))}`)
    .join('')
}

function memberIndent(member: unknown, indent: string): string {
  return Array.isArray(member) ? indent : `${indent}  `
}

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value) ?? 'null'
  return plainText.test(value) && !otherMeaning.test(value) ? value : JSON.stringify(value)
}
