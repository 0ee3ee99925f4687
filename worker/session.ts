// The life of a node: registers, holds its lease, obeys assignments, reports; and again, when the lease was lost.
//
//   registering  until the server takes the node
//   holding      the lease is renewed; ends when the epoch is over, or before the lease can end without the server
//   letting go   every run is stopped before anybody else may begin it; then registering again
import { setTimeout as sleep } from 'node:timers/promises'
import type { Assignment, NodeCapabilities, RegisterNodeResponse } from '@sightline/contract/fleet.ts'
import type { Logger } from 'pino'
import { CallRefusedError, EpochOverError, type FleetClient, NodeRefusedError } from './fleet-client.ts'
import type { Reports } from './reports.ts'

const pollWaitMs = 20_000
const sameAgainPauseMs = 100
const retryFirstMs = 200
const retryMostMs = 5_000
// What is left of the lease when the runs are stopped, so that they are gone at its end.
const stopMarginMostMs = 5_000
const stopMarginShare = 0.25
const lookEveryMs = 100

/** What the node runs. */
export type Runs = {
  set(assignments: readonly Assignment[]): void
  stopAll(withinMs: number): Promise<void>
}

export type SessionOptions = {
  client: FleetClient
  runs: Runs
  reports: Reports
  name: string
  capabilities: NodeCapabilities
  joinToken: string | undefined
  /** What a node does whose server cannot be reached when its lease ends. */
  offline: 'stop' | 'continue'
  clock: { monotonicMs(): number }
  random: () => number
  logger: Logger
  /** Keeps what the server gave, or forgets what it refuses. */
  keepCredential: (kept: { node_id: string; credential: string } | undefined) => Promise<void>
}

type Lease = { epoch: number; heartbeatEveryMs: number; leaseMs: number; untilMs: number; over: AbortController }

/**
 * Serves until `signal` is aborted; its runs go on then, and are the caller's to stop.
 *
 * Errors: throws `NodeRefusedError` when the server refuses this node and there is no other way in.
 */
export async function serveFleet(options: SessionOptions, signal: AbortSignal): Promise<void> {
  const { runs, reports, logger } = options
  while (!signal.aborted) {
    const lease = await register(options, signal)
    if (!lease) return
    await hold(lease, options, signal)
    if (signal.aborted) return
    logger.warn({ epoch: lease.epoch, cause: String(lease.over.signal.reason) }, 'the lease is over, all runs stop')
    await runs.stopAll(0.8 * stopMarginMs(lease))
    reports.clear()
  }
}

async function register(options: SessionOptions, signal: AbortSignal): Promise<Lease | undefined> {
  const { client, clock, logger } = options
  for (let tries = 0; !signal.aborted; tries++) {
    try {
      const sentAtMs = clock.monotonicMs()
      const answer = await registerOnce(options, signal)
      logger.info({ node_id: answer.node_id, epoch: answer.epoch }, 'registered')
      return leaseOf(answer, sentAtMs)
    } catch (error) {
      if (signal.aborted) return undefined
      if (error instanceof NodeRefusedError) {
        // Only a credential that was kept gives way to the join token; a refused token is the end.
        if (client.credential === undefined || options.joinToken === undefined) throw error
        client.credential = undefined
        await options.keepCredential(undefined)
        continue
      }
      if (tries === 0) logger.warn({ err: error }, 'the server does not answer, trying on')
      await pause(tries, options.random, signal)
    }
  }
  return undefined
}

async function registerOnce(options: SessionOptions, signal: AbortSignal): Promise<RegisterNodeResponse> {
  const { client, name, capabilities, joinToken } = options
  const joins = client.credential === undefined && joinToken !== undefined
  if (client.credential === undefined && !joins)
    throw new NodeRefusedError('this node has neither joined nor a join token')
  const answer = await client.register({ name, capabilities, ...(joins ? { join_token: joinToken } : {}) }, signal)
  if (answer.credential !== undefined) {
    await options.keepCredential({ node_id: answer.node_id, credential: answer.credential })
  }
  return answer
}

function leaseOf(answer: RegisterNodeResponse, sentAtMs: number): Lease {
  return {
    epoch: answer.epoch,
    heartbeatEveryMs: answer.heartbeat_every_ms,
    leaseMs: answer.lease_ms,
    // The server counts from when it heard us, which is never earlier.
    untilMs: sentAtMs + answer.lease_ms,
    over: new AbortController(),
  }
}

const stopMarginMs = ({ leaseMs }: Lease) => Math.min(stopMarginMostMs, stopMarginShare * leaseMs)

/** Resolves when the lease is over. */
async function hold(lease: Lease, options: SessionOptions, signal: AbortSignal): Promise<void> {
  const over = AbortSignal.any([signal, lease.over.signal])
  const guard = setInterval(() => {
    const isEnding = options.clock.monotonicMs() >= lease.untilMs - stopMarginMs(lease)
    if (isEnding && options.offline === 'stop') lease.over.abort('the server cannot be reached')
  }, lookEveryMs)
  const loops = [renewLease, followAssignments, sendReports].map((loop) =>
    loop(lease, options, over).catch((error: unknown) => {
      if (!over.aborted) lease.over.abort(error)
    }),
  )
  await Promise.all(loops)
  clearInterval(guard)
}

async function renewLease(lease: Lease, options: SessionOptions, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await sleep(lease.heartbeatEveryMs, undefined, { signal: over })
    const sentAtMs = await untilAnswered(options, over, async () => {
      const sentAtMs = options.clock.monotonicMs()
      const { lease_ms } = await options.client.renewLease(lease.epoch, over)
      return sentAtMs + lease_ms
    })
    lease.untilMs = sentAtMs
  }
}

async function followAssignments(lease: Lease, options: SessionOptions, over: AbortSignal): Promise<void> {
  const { client, runs } = options
  let version: number | undefined
  while (!over.aborted) {
    const ask = () => client.listAssignments({ epoch: lease.epoch, version, waitMs: pollWaitMs }, over)
    const answer = await untilAnswered(options, over, ask)
    if (answer.version === version) {
      // A server that does not wait is not asked without a pause.
      await sleep(sameAgainPauseMs, undefined, { signal: over })
      continue
    }
    version = answer.version
    runs.set(answer.assignments)
  }
}

async function sendReports(lease: Lease, options: SessionOptions, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    const reports = await options.reports.next(over)
    await untilAnswered(options, over, () => options.client.createReports(lease.epoch, reports, over)).catch(
      (error: unknown) => {
        if (!(error instanceof CallRefusedError)) throw error
        // One report that the server cannot read must not keep the others back.
        options.logger.error({ err: error, reports }, 'reports were refused and are dropped')
      },
    )
    options.reports.taken(reports)
  }
}

/** Calls again and again, with growing pauses, until the server answers or the lease is over. */
async function untilAnswered<T>(options: SessionOptions, over: AbortSignal, call: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await call()
    } catch (error) {
      over.throwIfAborted()
      if (isFinal(error)) throw error
      if (tries === 0) options.logger.warn({ err: error }, 'the server does not answer, trying on')
      await pause(tries, options.random, over)
    }
  }
}

const isFinal = (error: unknown) =>
  error instanceof EpochOverError || error instanceof NodeRefusedError || error instanceof CallRefusedError

function pause(tries: number, random: () => number, signal: AbortSignal): Promise<void> {
  const mostMs = Math.min(retryFirstMs * 2 ** tries, retryMostMs)
  return sleep(mostMs * (0.5 + random() / 2), undefined, { signal }).catch(() => undefined)
}
