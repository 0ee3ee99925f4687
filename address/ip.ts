// IP addresses as numbers: every written form that a system resolver takes, and the IPv4 address inside an IPv6 one.

export type Ip = { family: 4 | 6; value: bigint }
export type Cidr = { family: 4 | 6; base: bigint; prefixBits: number }

const bitsOf = { 4: 32, 6: 128 } as const

function partOf(text: string): number | undefined {
  if (/^0x[0-9a-f]*$/.test(text)) return text === '0x' ? 0 : Number.parseInt(text.slice(2), 16)
  if (/^0[0-7]+$/.test(text)) return Number.parseInt(text, 8)
  if (/^(0|[1-9][0-9]*)$/.test(text)) return Number.parseInt(text, 10)
  return undefined
}

/**
 * An IPv4 address in any form that `inet_aton` takes: 1 to 4 parts, each decimal, octal or hexadecimal, the last one
 * filling what is left. `undefined` when it is none.
 */
export function parseIpv4(text: string): Ip | undefined {
  const parts = text.split('.').map(partOf)
  if (parts.length > 4) return undefined
  let value = 0n
  for (const [index, part] of parts.entries()) {
    const isLast = index === parts.length - 1
    const limit = isLast ? 256 ** (5 - parts.length) : 256
    if (part === undefined || part >= limit) return undefined
    value = isLast ? (value << BigInt(8 * (5 - parts.length))) + BigInt(part) : (value << 8n) + BigInt(part)
  }
  return { family: 4, value }
}

function groupsOf(text: string): bigint[] | undefined {
  if (text === '') return []
  const groups: bigint[] = []
  const pieces = text.split(':')
  for (const [index, piece] of pieces.entries()) {
    if (/^[0-9a-f]{1,4}$/.test(piece)) {
      groups.push(BigInt(`0x${piece}`))
      continue
    }
    const isDotted = index === pieces.length - 1 && /^\d{1,3}(\.\d{1,3}){3}$/.test(piece)
    const tail = isDotted ? parseIpv4(piece) : undefined
    if (!tail) return undefined
    groups.push(tail.value >> 16n, tail.value & 0xffffn)
  }
  return groups
}

/** An IPv6 address without brackets and without a zone, lower case. */
export function parseIpv6(text: string): Ip | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = groupsOf(halves[0] ?? '')
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? '') : []
  if (!head || !tail) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...head, ...Array<bigint>(missing).fill(0n), ...tail]
  return { family: 6, value: groups.reduce((value, group) => (value << 16n) + group, 0n) }
}

export function parseIp(text: string): Ip | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

/** `10.0.0.0/8`, `fd00::/8`, or one address, which stands for itself. Bits beyond the prefix do not count. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', bits, ...rest] = text.split('/')
  const ip = parseIp(address)
  if (!ip || rest.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return undefined
  const prefixBits = bits === undefined ? bitsOf[ip.family] : Number(bits)
  return prefixBits > bitsOf[ip.family] ? undefined : { family: ip.family, base: ip.value, prefixBits }
}

export function contains(cidr: Cidr, ip: Ip): boolean {
  if (cidr.family !== ip.family) return false
  return (cidr.base ^ ip.value) >> BigInt(bitsOf[ip.family] - cidr.prefixBits) === 0n
}

/** A row of a constant table; the text is known to be good. */
export function cidr(text: string): Cidr {
  const parsed = parseCidr(text)
  if (!parsed) throw new Error(`${text} is not a CIDR`)
  return parsed
}

const low = (value: bigint) => value & 0xffff_ffffn
// Each with the place of the IPv4 address inside.
const embeddings: readonly { range: Cidr; inside: (value: bigint) => bigint }[] = [
  { range: cidr('::ffff:0:0/96'), inside: low },
  { range: cidr('::ffff:0:0:0/96'), inside: low },
  { range: cidr('64:ff9b::/96'), inside: low },
  { range: cidr('::/96'), inside: low },
  { range: cidr('2002::/16'), inside: (value) => low(value >> 80n) },
  { range: cidr('2001::/32'), inside: (value) => low(value) ^ 0xffff_ffffn },
]

/**
 * The address that a packet to `ip` reaches in the end: the IPv4 address inside a mapped, SIIT, NAT64, compatible,
 * 6to4 or Teredo (its client) form, else `ip` itself. `::` and `::1` are themselves.
 */
export function innermost(ip: Ip): Ip {
  if (ip.family === 4 || ip.value <= 1n) return ip
  const found = embeddings.find(({ range }) => contains(range, ip))
  return found ? { family: 4, value: found.inside(ip.value) } : ip
}
