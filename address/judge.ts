// The address policy: which host and port a tenant's input or output may name. Source: inputs and outputs, 1.7.
import type { AddressPolicy } from '@sightline/contract/fleet.ts'
import { type Cidr, contains, type Ip, innermost, parseCidr, parseIp, parseIpv4 } from './ip.ts'
import { type AddressKind, kindOf } from './ranges.ts'

export type Refusal = Exclude<AddressKind, 'public'> | 'denied' | 'own' | 'malformed'
export type Verdict = { verdict: 'allowed' } | { verdict: 'refused'; reason: Refusal }

type Entry =
  | { kind: 'cidr'; cidr: Cidr }
  | { kind: 'host'; host: string }
  | { kind: 'pair'; host: string; port: number }
type Target = { host: string; port: number; ip: Ip | undefined }

const allowed: Verdict = { verdict: 'allowed' }
const refused = (reason: Refusal): Verdict => ({ verdict: 'refused', reason })
const loopback4: Ip = { family: 4, value: 0x7f000001n }
const loopback6: Ip = { family: 6, value: 1n }

/** Lower case, no brackets, no last dot, compatibility characters replaced: what a resolver makes of it. */
function plainHost(host: string): string {
  const plain = host
    .normalize('NFKC')
    .replace(/[\u3002\uFF61]/g, '.')
    .toLowerCase()
  if (/^\[.*\]$/.test(plain)) return plain.slice(1, -1)
  return plain.endsWith('.') ? plain.slice(0, -1) : plain
}

type Host = { kind: 'ip'; ip: Ip } | { kind: 'localhost' } | { kind: 'name' } | { kind: 'malformed' }

function readHost(plain: string): Host {
  if (plain === 'localhost' || plain.endsWith('.localhost')) return { kind: 'localhost' }
  if (plain.includes(':')) {
    const ip = parseIp(plain)
    return ip ? { kind: 'ip', ip } : { kind: 'malformed' }
  }
  const lastLabel = plain.slice(plain.lastIndexOf('.') + 1)
  if (/^(\d+|0x[0-9a-f]*)$/.test(lastLabel)) {
    const ip = parseIpv4(plain)
    return ip ? { kind: 'ip', ip } : { kind: 'malformed' }
  }
  const isName = plain.length <= 253 && plain.split('.').every((label) => /^[\p{L}\p{M}\p{N}_-]{1,63}$/u.test(label))
  return isName ? { kind: 'name' } : { kind: 'malformed' }
}

const isPort = (port: number) => Number.isInteger(port) && port >= 1 && port <= 65535

function parseEntry(text: string): Entry | undefined {
  const cidr = text.includes('/') ? parseCidr(text.toLowerCase()) : undefined
  if (text.includes('/')) return cidr && { kind: 'cidr', cidr }
  if (parseIp(plainHost(text))) return { kind: 'host', host: plainHost(text) }
  const [, pairHost, port] = /^(\[.*\]|[^:]*):(\d{1,5})$/.exec(text) ?? []
  const host = plainHost(pairHost ?? text)
  if (readHost(host).kind === 'malformed') return undefined
  if (port === undefined) return { kind: 'host', host }
  return isPort(Number(port)) ? { kind: 'pair', host, port: Number(port) } : undefined
}

/** Whether a text can stand in `allow` or `deny`: a CIDR, a host or a host:port pair. An entry that cannot is ignored. */
export function isPolicyEntry(text: string): boolean {
  return parseEntry(text) !== undefined
}

function sameHost(host: string, target: Target): boolean {
  if (host === target.host) return true
  const parsed = parseIp(host)
  const ip = parsed && innermost(parsed)
  return ip !== undefined && target.ip !== undefined && ip.family === target.ip.family && ip.value === target.ip.value
}

function matches(entry: Entry, target: Target): boolean {
  if (entry.kind === 'cidr') return target.ip !== undefined && contains(entry.cidr, target.ip)
  if (entry.kind === 'pair' && entry.port !== target.port) return false
  return sameHost(entry.host, target)
}

const namedBy = (entries: readonly string[], target: Target, kinds: readonly Entry['kind'][]) =>
  entries.some((text) => {
    const entry = parseEntry(text)
    return entry !== undefined && kinds.includes(entry.kind) && matches(entry, target)
  })

const isOfThisMachine = (ip: Ip) => ['loopback', 'unspecified'].includes(kindOf(ip))

/** A port of the platform on a loopback or on every address is reached by all loopback forms. */
function isOwn(pair: string, target: Target): boolean {
  const entry = parseEntry(pair)
  if (entry?.kind !== 'pair' || entry.port !== target.port) return false
  if (sameHost(entry.host, target)) return true
  const host = readHost(entry.host)
  const isLocal = host.kind === 'localhost' || (host.kind === 'ip' && isOfThisMachine(host.ip))
  return isLocal && target.ip !== undefined && isOfThisMachine(target.ip)
}

function judge(target: Target, outer: Ip | undefined, policy: AddressPolicy): Verdict {
  if (namedBy(policy.deny, target, ['cidr', 'host', 'pair'])) return refused('denied')
  if (outer && namedBy(policy.deny, { ...target, ip: outer }, ['cidr'])) return refused('denied')
  if (policy.own.some((pair) => isOwn(pair, target))) {
    return namedBy(policy.allow, target, ['pair']) ? allowed : refused('own')
  }
  if (!target.ip) return allowed
  const kind = kindOf(target.ip)
  // A range is allowed for the devices in it; whoever means the metadata address inside it names that one.
  const isNamed = namedBy(policy.allow, target, kind === 'metadata' ? ['host', 'pair'] : ['cidr', 'host', 'pair'])
  if (isNamed || kind === 'public' || (kind === 'private' && policy.preset === 'lan')) return allowed
  return refused(kind)
}

const judgeOne = (host: string, port: number, ip: Ip, policy: AddressPolicy) =>
  judge({ host, port, ip: innermost(ip) }, ip, policy)

/**
 * Whether a host as it is written may be connected to; a name that needs resolving and is not refused by itself gives
 * `lookup`, and each address it resolves to is asked of `judgeIp`.
 *
 * Shape: `host` may be an IPv6 address with or without brackets. `deny` wins over `allow`, `allow` over the ranges;
 * the platform's own pairs need an `allow` of that very pair.
 */
export function judgeAddress(host: string, port: number, policy: AddressPolicy): Verdict | { verdict: 'lookup' } {
  const plain = plainHost(host)
  const read = readHost(plain)
  if (read.kind === 'malformed' || !isPort(port)) return refused('malformed')
  if (read.kind === 'ip') return judgeOne(plain, port, read.ip, policy)
  if (read.kind === 'localhost') {
    const verdict = judgeOne(plain, port, loopback4, policy)
    return verdict.verdict === 'allowed' ? verdict : preferAllowed(judgeOne(plain, port, loopback6, policy), verdict)
  }
  const verdict = judge({ host: plain, port, ip: undefined }, undefined, policy)
  return verdict.verdict === 'refused' ? verdict : { verdict: 'lookup' }
}

const preferAllowed = (verdict: Verdict, otherwise: Verdict) => (verdict.verdict === 'allowed' ? verdict : otherwise)

/** Whether an address that the name `host` resolved to may be connected to. */
export function judgeIp(ip: string, port: number, host: string, policy: AddressPolicy): Verdict {
  const parsed = parseIp(ip.toLowerCase())
  if (!parsed || !isPort(port)) return refused('malformed')
  return judgeOne(plainHost(host), port, parsed, policy)
}
