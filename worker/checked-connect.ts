// Connections to addresses that tenants named: resolved once, judged, and pinned to the address that was judged.
import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { isIP, type LookupFunction, connect as openTcp, type Socket } from 'node:net'
import { connect as openTls } from 'node:tls'
import { judgeAddress, judgeIp, type Refusal } from '@sightline/address/judge.ts'
import type { AddressPolicy } from '@sightline/contract/fleet.ts'
import { Agent, buildConnector } from 'undici'

/** The address policy refuses an address; nothing was sent to it. */
export class AddressRefusedError extends Error {
  override name = 'AddressRefusedError'
  readonly reason: Refusal
  constructor(host: string, port: number, reason: Refusal) {
    super(`address not allowed: ${host}:${port} (${reason})`)
    this.reason = reason
  }
}

const withoutBrackets = (host: string) => host.replace(/^\[(.*)\]$/, '$1')

/**
 * The addresses that `host` may be connected at, in the order of the system resolver.
 *
 * Shape: never empty. Connect to one of these, not to the name: it may resolve to something else the next time.
 * Errors: throws `AddressRefusedError` when the policy leaves none, and the resolver's error when there is none.
 */
export async function checkedAddresses(host: string, port: number, policy: AddressPolicy): Promise<LookupAddress[]> {
  const verdict = judgeAddress(host, port, policy)
  if (verdict.verdict === 'refused') throw new AddressRefusedError(host, port, verdict.reason)
  const found = await lookup(withoutBrackets(host), { all: true })
  const judged = found.map((address) => ({ address, verdict: judgeIp(address.address, port, host, policy) }))
  const allowed = judged.filter(({ verdict }) => verdict.verdict === 'allowed').map(({ address }) => address)
  const refusal = judged.find(({ verdict }) => verdict.verdict === 'refused')?.verdict
  if (allowed.length === 0) {
    throw new AddressRefusedError(host, port, refusal?.verdict === 'refused' ? refusal.reason : 'malformed')
  }
  return allowed
}

/** A `lookup` for `node:net` that knows only `addresses`. */
function pinnedLookup(addresses: LookupAddress[]): LookupFunction {
  return (_host, options, callback) => {
    const [first] = addresses
    if (options.all) callback(null, addresses)
    else if (first) callback(null, first.address, first.family)
  }
}

/** A `connect` for undici that judges each new connection under `policy`. */
export function checkedConnector(policy: AddressPolicy, options: { ca?: string[] } = {}): buildConnector.connector {
  return (target, callback) => {
    const port = Number(target.port) || (target.protocol === 'https:' ? 443 : 80)
    checkedAddresses(target.hostname, port, policy).then(
      (addresses) => buildConnector({ ...options, lookup: pinnedLookup(addresses), allowH2: false })(target, callback),
      (cause: Error) => callback(cause, null),
    )
  }
}

/** An undici agent for one policy. Agents are not shared among policies: a kept connection is not judged again. */
export function checkedAgent(policy: AddressPolicy, options: { ca?: string[] } = {}): Agent {
  return new Agent({ connect: checkedConnector(policy, options), pipelining: 1, keepAliveTimeout: 30_000 })
}

/**
 * Opens and closes a bare TCP or TLS connection: whether somebody listens there, without saying anything.
 *
 * Errors: throws `AddressRefusedError`, or the error of the resolver, of TCP or of TLS; an abort throws its reason.
 */
export async function probeAddress(url: URL, policy: AddressPolicy, signal: AbortSignal): Promise<void> {
  const isTls = url.protocol === 'https:'
  const port = Number(url.port) || (isTls ? 443 : 80)
  const addresses = await checkedAddresses(url.hostname, port, policy)
  signal.throwIfAborted()
  const host = withoutBrackets(url.hostname)
  const target = { host, port, lookup: pinnedLookup(addresses) }
  const socket: Socket = isTls ? openTls({ ...target, ...(isIP(host) ? {} : { servername: host }) }) : openTcp(target)
  try {
    await once(socket, isTls ? 'secureConnect' : 'connect', { signal })
  } finally {
    socket.destroy()
  }
}
