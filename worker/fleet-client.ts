// The worker's side of the fleet protocol: one function per call, no retry. Source: contract/fleet.ts.
import {
  AssignmentsResponse,
  type RegisterNodeRequest,
  RegisterNodeResponse,
  RenewLeaseResponse,
  type Report,
  ReportsResponse,
} from '@sightline/contract/fleet.ts'
import { fleetOperations } from '@sightline/contract/operations.ts'
import { Agent, request } from 'undici'

// Shorter than the time between two heartbeats and the end of the lease, so that there is a second try.
const callTimeOutMs = 5_000
// What a server may take beyond the time that it was asked to wait.
const pollSlackMs = 10_000

/** Another one is the node now, or its lease is over: every run is to be stopped. */
export class EpochOverError extends Error {
  override name = 'EpochOverError'
}

/** The server does not take this node: its token or credential is not, or no longer, good. */
export class NodeRefusedError extends Error {
  override name = 'NodeRefusedError'
}

/** The server does not understand this call; the same one again is useless. */
export class CallRefusedError extends Error {
  override name = 'CallRefusedError'
}

/** No answer, or none that means anything; may pass. */
export class ServerUnreachableError extends Error {
  override name = 'ServerUnreachableError'
}

type Call = { method: 'GET' | 'POST'; path: string; body?: unknown; timeOutMs?: number; signal: AbortSignal }
type Schema<T> = { parse(value: unknown): T }

/** Errors: each call throws one of the errors above, or the reason of its signal. */
export class FleetClient {
  readonly #server: URL
  readonly #agent = new Agent({ connections: 8, pipelining: 1 })
  /** Set after joining, and sent from then on. */
  credential: string | undefined

  constructor(server: URL, credential: string | undefined) {
    this.#server = server
    this.credential = credential
  }

  async register(body: RegisterNodeRequest, signal: AbortSignal): Promise<RegisterNodeResponse> {
    const { method, path } = fleetOperations.RegisterNode
    const answer = await this.#call({ method, path, body, signal }, RegisterNodeResponse)
    this.credential = answer.credential ?? this.credential
    return answer
  }

  renewLease(epoch: number, signal: AbortSignal): Promise<{ lease_ms: number }> {
    const { method, path } = fleetOperations.RenewLease
    return this.#call({ method, path, body: { epoch }, signal }, RenewLeaseResponse)
  }

  /** Waits up to `waitMs` for a set that differs from `version`; without one, it answers at once. */
  listAssignments(
    { epoch, version, waitMs }: { epoch: number; version: number | undefined; waitMs: number },
    signal: AbortSignal,
  ): Promise<AssignmentsResponse> {
    const { method, path } = fleetOperations.ListAssignments
    const query = new URLSearchParams({ epoch: String(epoch), wait_ms: String(waitMs) })
    if (version !== undefined) query.set('version', String(version))
    return this.#call(
      { method, path: `${path}?${query}`, timeOutMs: waitMs + pollSlackMs, signal },
      AssignmentsResponse,
    )
  }

  createReports(epoch: number, reports: Report[], signal: AbortSignal): Promise<{ accepted_count: number }> {
    const { method, path } = fleetOperations.CreateReports
    return this.#call({ method, path, body: { epoch, reports }, signal }, ReportsResponse)
  }

  async #call<T>(call: Call, schema: Schema<T>): Promise<T> {
    const what = `${call.method} ${call.path.split('?')[0]}`
    const { status, text } = await this.#send(call).catch((cause: unknown) => {
      call.signal.throwIfAborted()
      throw new ServerUnreachableError(`no answer to ${what} from ${this.#server.host}`, { cause })
    })
    if (status === 409) throw new EpochOverError(`${what}: the epoch is over`)
    if (status === 401 || status === 403)
      throw new NodeRefusedError(`${what}: the server refuses this node (${status})`)
    if (status === 400 || status === 413) throw new CallRefusedError(`${what}: ${this.#server.host} answered ${status}`)
    if (status !== 200) throw new ServerUnreachableError(`${what}: ${this.#server.host} answered ${status}`)
    try {
      return schema.parse(JSON.parse(text))
    } catch (cause) {
      throw new ServerUnreachableError(`${what}: the answer of ${this.#server.host} is not understood`, { cause })
    }
  }

  async #send({ method, path, body, timeOutMs = callTimeOutMs, signal }: Call) {
    const response = await request(new URL(path, this.#server), {
      method,
      headers: {
        ...(this.credential === undefined ? {} : { authorization: `Bearer ${this.credential}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      dispatcher: this.#agent,
      headersTimeout: timeOutMs,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeOutMs)]),
    })
    return { status: response.statusCode, text: await response.body.text() }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy()
  }
}
