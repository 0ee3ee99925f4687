// Query parameters. Source: tasks API page, section 4: the last of a repeated key wins, an empty value is absent.
import { apiError } from './errors.ts'

export type Query = ReadonlyMap<string, string>

/** Errors: `invalid_argument` for a malformed percent or UTF-8 sequence. */
export function readQuery(url: string): Query {
  const at = url.indexOf('?')
  const query = new Map<string, string>()
  if (at < 0) return query
  for (const pair of url.slice(at + 1).split('&')) {
    const equals = pair.indexOf('=')
    const name = decode(equals < 0 ? pair : pair.slice(0, equals))
    const value = decode(equals < 0 ? '' : pair.slice(equals + 1))
    if (value === '') query.delete(name)
    else query.set(name, value)
  }
  return query
}

function decode(text: string): string {
  try {
    const decoded = decodeURIComponent(text.replaceAll('+', ' '))
    if (!decoded.includes('\0')) return decoded
  } catch {
    // Answered below.
  }
  throw apiError('invalid_argument', { detail: 'The query string is malformed.' })
}

/** An integer within bounds; absent when the parameter is. */
export function readInteger(query: Query, name: string, bounds: { min: number; max: number }): number | undefined {
  const text = query.get(name)
  if (text === undefined) return undefined
  const value = Number(text)
  if (!/^[+-]?\d+$/.test(text)) {
    throw apiError('invalid_argument', { detail: `The param [${name}] should be an integer.` })
  }
  if (value < bounds.min || value > bounds.max) {
    const range = `[${bounds.min}, ${bounds.max}]`
    throw apiError('invalid_argument', { detail: `The param [${name}] should be in the range of ${range}.` })
  }
  return value
}

/** One of a list of words, letter case ignored; absent when the parameter is. */
export function readWord<Word extends string>(query: Query, name: string, words: readonly Word[]): Word | undefined {
  const text = query.get(name)
  return text === undefined ? undefined : wordOf(text, name, words)
}

/** Some of a list of words, separated by commas; absent when the parameter is. */
export function readWords<Word extends string>(query: Query, name: string, words: readonly Word[]): Word[] | undefined {
  return query
    .get(name)
    ?.split(',')
    .map((text) => wordOf(text.trim(), name, words))
}

function wordOf<Word extends string>(text: string, name: string, words: readonly Word[]): Word {
  const word = words.find((candidate) => candidate.toLowerCase() === text.toLowerCase())
  if (word !== undefined) return word
  // As the documents print it, this text ends without a full stop.
  throw apiError('invalid_argument', { detail: `The param [${name}] should be one of [${words.join(', ')}]` })
}

/** Every value of a parameter that may be repeated, in order. */
export function readRepeated(url: string, name: string): string[] {
  const at = url.indexOf('?')
  if (at < 0 || !url.includes(name, at)) return []
  return url
    .slice(at + 1)
    .split('&')
    .filter((pair) => pair.startsWith(`${name}=`) && pair.length > name.length + 1)
    .map((pair) => decode(pair.slice(name.length + 1)))
}

/** Names of all parameters, those with an empty value included. */
export function readFlags(url: string): ReadonlySet<string> {
  const at = url.indexOf('?')
  if (at < 0) return new Set()
  return new Set(
    url
      .slice(at + 1)
      .split('&')
      .map((pair) => decode(pair.split('=')[0] ?? '')),
  )
}
