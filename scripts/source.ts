// Reads TypeScript just far enough for the rules: what a file imports, and its code without comments and strings.

export type SourceFile = {
  /** Relative to the root, with slashes. */
  path: string
  text: string
}

export type Import = { specifier: string; line: number }

/** A slash after one of these begins a regular expression, after anything else a division. */
const beforePattern =
  /(^|[=(,:[!&|?{};+\-*%<>~^]|\b(return|typeof|case|of|in|do|else|yield|await|new|void|delete|throw))\s*$/

type Blanked = { code: string; codeWithStrings: string }

type Token = { kind: 'comment' | 'quoted' | 'code'; end: number }

/** What begins at a position that is in neither a string nor a comment. A template is code with quoted stretches. */
function tokenAt(text: string, at: number, before: string): Token {
  const char = text[at]
  if (text.startsWith('//', at)) return { kind: 'comment', end: endOfLine(text, at) }
  if (text.startsWith('/*', at)) return { kind: 'comment', end: endOf(text, '*/', at + 2) }
  if (char === "'" || char === '"') return { kind: 'quoted', end: endOfQuoted(text, at) }
  if (char === '/' && beforePattern.test(before)) return { kind: 'quoted', end: endOfPattern(text, at) }
  return { kind: 'code', end: at + 1 }
}

function erase(target: string[], from: number, to: number): void {
  for (let at = from; at < to; at++) if (target[at] !== '\n') target[at] = ' '
}

/**
 * The code of a file with comments blanked, once with and once without the contents of its strings.
 *
 * Shape: both have the length and the line breaks of the text, so positions and line numbers stay true.
 */
export function blank(text: string): Blanked {
  const code = text.split('')
  const codeWithStrings = text.split('')
  const braces: ('code' | 'template')[] = []

  /** Blanks from inside a template to its end or its next `${`; gives the position after that. */
  function blankTemplate(from: number): number {
    const end = endOfTemplatePart(text, from)
    erase(code, from, end)
    if (!text.startsWith('${', end)) return end + 1
    braces.push('template')
    return end + 2
  }

  for (let at = 0; at < text.length; ) {
    const { kind, end } = tokenAt(text, at, code.slice(Math.max(0, at - 40), at).join(''))
    if (kind === 'comment') erase(codeWithStrings, at, end)
    if (kind !== 'code') erase(code, kind === 'quoted' ? at + 1 : at, kind === 'quoted' ? end - 1 : end)
    const char = kind === 'code' ? text[at] : ''
    if (char === '{') braces.push('code')
    const isInTemplate = char === '`' || (char === '}' && braces.pop() === 'template')
    at = isInTemplate ? blankTemplate(end) : end
  }
  return { code: code.join(''), codeWithStrings: codeWithStrings.join('') }
}

function endOfTemplatePart(text: string, from: number): number {
  let at = from
  while (at < text.length && text[at] !== '`' && !text.startsWith('${', at)) at += text[at] === '\\' ? 2 : 1
  return Math.min(at, text.length)
}

function endOfLine(text: string, from: number): number {
  return endOf(text, '\n', from) - (text.includes('\n', from) ? 1 : 0)
}

function endOf(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from)
  return found < 0 ? text.length : found + mark.length
}

function endOfQuoted(text: string, from: number): number {
  let at = from + 1
  while (at < text.length && text[at] !== text[from] && text[at] !== '\n') at += text[at] === '\\' ? 2 : 1
  return Math.min(at + 1, text.length)
}

function endOfPattern(text: string, from: number): number {
  let isInClass = false
  let at = from + 1
  for (; at < text.length && text[at] !== '\n'; at++) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '[') isInClass = true
    else if (text[at] === ']') isInClass = false
    else if (text[at] === '/' && !isInClass) break
  }
  return Math.min(at + 1, text.length)
}

const importForms = [
  /(?:^|[;\n])\s*(?:import|export)\b[^;'"`()]*?\bfrom\s*['"]([^'"]+)['"]/g,
  /(?:^|[;\n])\s*import\s*['"]([^'"]+)['"]/g,
  /\bimport\s*\(\s*['"`]([^'"`]+)['"`]/g,
]

/** Everything a file imports or re-exports, type-only and dynamic imports included. */
export function importsOf(text: string): Import[] {
  const { codeWithStrings } = blank(text)
  return importForms.flatMap((form) =>
    [...codeWithStrings.matchAll(form)].map((match) => ({
      specifier: match[1] ?? '',
      line: lineOf(codeWithStrings, match.index + match[0].length),
    })),
  )
}

/** Lines count from 1. */
export function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}
