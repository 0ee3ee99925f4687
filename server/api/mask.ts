// What clients see in place of secrets. Source: tasks API page, section 9.
import { mask, secretNamePattern, type TaskInput, type TaskOutput } from '@sightline/contract/task.ts'

/** The same input, secrets masked. */
export function maskInput(input: TaskInput): TaskInput {
  switch (input.type) {
    case 'restful':
      return { ...input, data: input.data.map((entry) => maskAddressed(entry)) }
    case 'url':
      return { ...input, data: input.data.map((entry) => maskAddressed(entry)) }
    case 'vcn':
      return { ...input, vcn: { ...input.vcn, password: mask } }
    default:
      return input
  }
}

/** The same output, secrets masked. */
export function maskOutput(output: TaskOutput): TaskOutput {
  return output.webhook ? { ...output, webhook: maskAddressed(output.webhook) } : output
}

function maskAddressed<Addressed extends { url: string; headers?: Record<string, string> | undefined }>(
  addressed: Addressed,
): Addressed {
  const url = maskUrl(addressed.url)
  return addressed.headers ? { ...addressed, url, headers: maskHeaders(addressed.headers) } : { ...addressed, url }
}

function maskHeaders(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, secretNamePattern.test(name) ? mask : value]),
  )
}

/** Masks the password of the user-info and the values of secret query keys; leaves every other character as it is. */
export function maskUrl(url: string): string {
  const [, start = '', authority = '', rest = ''] = /^([a-z][a-z0-9+.-]*:[\\/]{2,})([^\\/?#]*)(.*)$/is.exec(url) ?? []
  const masked = start === '' ? maskQuery(url) : start + maskUserInfo(authority) + maskQuery(rest)
  return hasPassword(masked) ? maskByParts(url) : masked
}

function maskUserInfo(authority: string): string {
  const at = authority.lastIndexOf('@')
  const colon = authority.indexOf(':')
  return at > colon && colon >= 0 ? `${authority.slice(0, colon)}:${mask}${authority.slice(at)}` : authority
}

function maskQuery(rest: string): string {
  return rest.replace(/([?&#;])([^=&#;?]+)=([^&#;]*)/g, (pair, before: string, key: string) =>
    secretNamePattern.test(decoded(key)) ? `${before}${key}=${mask}` : pair,
  )
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key
  }
}

/** What a URL parser still sees as a password, however oddly the text is written. */
function hasPassword(url: string): boolean {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  return parsed !== undefined && parsed.password !== '' && parsed.password !== mask
}

function maskByParts(url: string): string {
  const parsed = new URL(url)
  parsed.password = mask
  return maskQuery(parsed.href)
}
