// Strict JSON: bad UTF-8, duplicate keys, deep nesting and characters that cannot be stored are faults, not surprises.
import { apiError } from './errors.ts'

const nestingMax = 64

/**
 * The object that a body holds. `null` members are left out, since they mean the same as absent ones.
 *
 * Errors: `incorrect_json` for anything but one JSON object.
 */
export function parseJsonObject(body: Uint8Array): Record<string, unknown> {
  return withoutNulls(parseJsonWithNulls(body)) as Record<string, unknown>
}

/** As `parseJsonObject`, for where null says something of its own. */
export function parseJsonWithNulls(body: Uint8Array): Record<string, unknown> {
  const text = decode(body)
  const value = parse(text)
  checkStructure(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw apiError('incorrect_json')
  return value as Record<string, unknown>
}

function decode(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    throw apiError('incorrect_json')
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw apiError('incorrect_json')
  }
}

/** Walks a text that is known to be JSON, so that a scan of its strings and brackets is enough. */
function checkStructure(text: string): void {
  const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/gs
  const open: (Set<string> | undefined)[] = []
  for (const [token, colon] of text.matchAll(tokens)) {
    if (token === '{') open.push(new Set())
    else if (token === '[') open.push(undefined)
    else if (token === '}' || token === ']') open.pop()
    else checkString(token, colon, open.at(-1))
    if (open.length > nestingMax) throw apiError('incorrect_json')
  }
}

function checkString(token: string, colon: string | undefined, keys: Set<string> | undefined): void {
  const literal = colon === undefined ? token : token.slice(0, -colon.length)
  const isPlain = !literal.includes('\\')
  const text = isPlain ? literal.slice(1, -1) : String(JSON.parse(literal))
  // PostgreSQL stores no U+0000, and half a surrogate pair is no character.
  if (!text.isWellFormed() || text.includes('\0')) throw apiError('incorrect_json')
  if (colon === undefined || !keys) return
  if (keys.has(text)) throw apiError('incorrect_json')
  keys.add(text)
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls)
  if (typeof value !== 'object' || value === null) return value
  // Entries set one by one would make `__proto__` something else than a member.
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => (member === null ? [] : [[key, withoutNulls(member)]])),
  )
}
