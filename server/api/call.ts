// One request on its way through the door, and what handlers are given.
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressPolicy } from '@sightline/contract/fleet.ts'
import type { Logger } from 'pino'
import type { Database } from '../store/database.ts'
import type { SecretBox } from '../store/secrets.ts'
import type { Token } from '../store/tokens.ts'
import type { Query } from './query.ts'
import type { TokenCache } from './token-cache.ts'

/** What is the same for every request; `main.ts` makes it. */
export type Door = {
  database: Database
  secretBox: SecretBox
  clock: () => number
  log: Logger
  /** Absent: every token is looked up each time. */
  tokens?: TokenCache
  isStrict: boolean
  isMaintenance: boolean
  hasRateLimit: boolean
  /** Bad signatures are answered as the cloud's gateway does; absent: as ModelArts does. */
  isGatewayStyle?: boolean
  /** Absent: links are built from the request's Host header. */
  publicUrl?: string
  /** With the platform's own addresses, known once it listens. */
  addressPolicy: () => AddressPolicy
}

export type Call = {
  /** Path parameters, decoded. */
  params: Record<string, string>
  query: Query
  /** Names of the query's parameters, those without a value included. */
  flags: ReadonlySet<string>
  /** Values of `label`, the one parameter that may be repeated. */
  labels: readonly string[]
  headers: IncomingHttpHeaders
  /** Bytes as received; empty when there is no body or none is expected. */
  body: Uint8Array
  /** Of the client, for limits. */
  address: string
  requestId: string
  nowMs: number
}

/** Whoever passed the gate, in the project of the path. */
export type Caller = { token: Token; project: NonNullable<Token['project']>; accountId: string; name: string }

/**
 * `text` is a finished JSON text; `stream` makes server-sent events until its signal is aborted. An answer without any has
 * an empty body.
 */
export type Answer = {
  status: number
  json?: unknown
  text?: string
  stream?: (signal: AbortSignal) => AsyncIterable<string>
  headers?: Record<string, string>
}
