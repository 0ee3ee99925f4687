import type { LookupAddress } from 'node:dns'
import pg from 'pg'

/** Where the platform listens and where its database is. */
export type Own = {
  /** As it was given: an address or a name. */
  host: string
  port: number
  databaseUrl: string
  /** Of this machine, on every interface. */
  localAddresses: readonly string[]
  lookup: (host: string) => Promise<LookupAddress[]>
}

/**
 * The host:port pairs at which this platform itself is reached: no task may name these. A name stands there with its
 * addresses, for a task may name either.
 */
export async function ownAddresses({ host, port, databaseUrl, localAddresses, lookup }: Own): Promise<string[]> {
  const isEverywhere = host === '0.0.0.0' || host === '::'
  const hosts = isEverywhere ? [host, ...localAddresses] : await withAddresses(host, lookup)
  const database = new pg.Client({ connectionString: databaseUrl })
  const isSocket = database.host.startsWith('/')
  const databaseHosts = isSocket ? [] : await withAddresses(database.host, lookup)
  return [...hosts.map((own) => pairOf(own, port)), ...databaseHosts.map((own) => pairOf(own, database.port))]
}

async function withAddresses(host: string, lookup: Own['lookup']): Promise<string[]> {
  // A name that is unknown now leads nowhere; the database then says so itself.
  const found = await lookup(host).catch(() => [])
  return [...new Set([host, ...found.map(({ address }) => address)])]
}

const pairOf = (host: string, port: number) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)
