// What kind of address an IP is. Source: IANA special-purpose address registries (IPv4, IPv6), address policy.
import { type Cidr, cidr, contains, type Ip } from './ip.ts'

export type AddressKind =
  | 'metadata'
  | 'unspecified'
  | 'loopback'
  | 'link_local'
  | 'multicast'
  | 'private'
  | 'reserved'
  | 'public'

// The first row that holds an address decides, so an exception stands before the range it lies in.
const table: readonly [AddressKind, string][] = [
  // Metadata and host agents of clouds: AWS, Alibaba, Oracle, Azure; the others use link-local ones.
  ['metadata', '169.254.169.254'],
  ['metadata', '169.254.170.2'],
  ['metadata', 'fd00:ec2::254'],
  ['metadata', 'fd20:ce::254'],
  ['metadata', '100.100.100.200'],
  ['metadata', '192.0.0.192'],
  ['metadata', '168.63.129.16'],

  ['unspecified', '0.0.0.0/8'],
  ['loopback', '127.0.0.0/8'],
  ['link_local', '169.254.0.0/16'],
  ['private', '10.0.0.0/8'],
  ['private', '100.64.0.0/10'],
  ['private', '172.16.0.0/12'],
  ['private', '192.168.0.0/16'],
  // Globally reachable although inside 192.0.0.0/24.
  ['public', '192.0.0.9'],
  ['public', '192.0.0.10'],
  ['reserved', '192.0.0.0/24'],
  ['reserved', '192.0.2.0/24'],
  ['reserved', '192.88.99.0/24'],
  ['reserved', '198.18.0.0/15'],
  ['reserved', '198.51.100.0/24'],
  ['reserved', '203.0.113.0/24'],
  ['multicast', '224.0.0.0/4'],
  ['reserved', '240.0.0.0/4'],
  ['public', '0.0.0.0/0'],

  ['unspecified', '::'],
  ['loopback', '::1'],
  ['private', 'fc00::/7'],
  ['link_local', 'fe80::/10'],
  ['multicast', 'ff00::/8'],
  // Globally reachable although inside 2001::/23.
  ['public', '2001:1::1'],
  ['public', '2001:1::2'],
  ['public', '2001:1::3'],
  ['public', '2001:3::/32'],
  ['public', '2001:4:112::/48'],
  ['public', '2001:20::/28'],
  ['public', '2001:30::/28'],
  ['reserved', '2001::/23'],
  ['reserved', '2001:db8::/32'],
  ['reserved', '3fff::/20'],
  ['public', '2000::/3'],
  // Neither global unicast nor any of the above: discard, local NAT64, segment routing, site-local, unassigned.
  ['reserved', '::/0'],
]
const rows: readonly { kind: AddressKind; range: Cidr }[] = table.map(([kind, text]) => ({ kind, range: cidr(text) }))

/** The kind of an address that has no other address inside it; see `innermost`. */
export function kindOf(ip: Ip): AddressKind {
  return rows.find(({ range }) => contains(range, ip))?.kind ?? 'reserved'
}
