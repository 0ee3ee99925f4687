import { doesNotMatch, firstRefusalOf, isNotSupportedBy, type Refusal } from './refusal.ts'

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
// Visible characters, spaces and tabs; anything else could end the header.
const value = /^[\t\x20-\x7e\x80-\xff]*$/

/** The first fault of HTTP headers that a user sends along: not a header, or one of `forbidden` (lower case). */
export function checkHeaders(
  field: string,
  headers: Readonly<Record<string, string>>,
  forbidden: readonly string[],
): Refusal | undefined {
  return firstRefusalOf(Object.entries(headers), ([name, text]) => {
    if (!token.test(name)) return doesNotMatch(`${field}.${name}`, token.source)
    if (forbidden.includes(name.toLowerCase())) return isNotSupportedBy(`${field}.${name}`, 'webhooks')
    return value.test(text) ? undefined : doesNotMatch(`${field}.${name}`, 'a header value')
  })
}
