// The server's side of the fleet protocol, in memory, for tests of the worker.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type Assignment,
  RegisterNodeRequest,
  RenewLeaseRequest,
  type Report,
  ReportsRequest,
} from '@sightline/contract/fleet.ts'

type Answer = { status: number; body?: unknown }
type Asked = { body: string; query: URLSearchParams; authorization: string | undefined }

export type FleetServerOptions = { leaseMs: number; heartbeatEveryMs: number; joinTokens: string[] }

export class FleetServer {
  readonly options: FleetServerOptions
  readonly reports: Report[] = []
  readonly registrations: RegisterNodeRequest[] = []
  epoch = 0
  leaseUntilMs = 0
  #credential: string | undefined
  #version = 0
  #assignments: Assignment[] = []
  #http: Server | undefined
  #port = 0
  readonly #changed = new Set<() => void>()

  constructor(options: Partial<FleetServerOptions> = {}) {
    this.options = { leaseMs: 2_000, heartbeatEveryMs: 200, joinTokens: ['join-me'], ...options }
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async open(): Promise<this> {
    this.#http = createServer(async (request, response) => {
      const { status, body } = await this.#answer(request)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}))
    }).listen(this.#port, '127.0.0.1')
    await once(this.#http, 'listening')
    this.#port = (this.#http.address() as AddressInfo).port
    return this
  }

  /** Answers nobody until it is opened again, at the same port. */
  async close(): Promise<void> {
    if (!this.#http) return
    const http = this.#http
    this.#http = undefined
    const closed = once(http, 'close')
    http.close()
    http.closeAllConnections()
    this.#notify()
    await closed
  }

  assign(...assignments: Assignment[]): void {
    this.#assignments = assignments
    this.#version++
    this.#notify()
  }

  expireLease(): void {
    this.epoch++
    this.#notify()
  }

  forgetNode(): void {
    this.#credential = undefined
  }

  /** Resolves to the first report after the `from`th that fits. */
  async reported(fits: (report: Report) => boolean, from = 0): Promise<Report> {
    await this.until(() => this.reports.slice(from).some(fits))
    return this.reports.slice(from).find(fits) as Report
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#changed.add(resolve)
      await promise
      this.#changed.delete(resolve)
    }
  }

  #notify() {
    for (const look of this.#changed) look()
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    let body = ''
    for await (const chunk of request) body += chunk
    const { pathname, searchParams: query } = new URL(request.url ?? '', this.url)
    const asked = { body, query, authorization: request.headers.authorization }
    const calls: Record<string, (asked: Asked) => Answer | Promise<Answer>> = {
      'POST /v1/fleet/register': (one) => this.#register(one),
      'POST /v1/fleet/lease': (one) => this.#lease(one),
      'GET /v1/fleet/assignments': (one) => this.#list(one),
      'POST /v1/fleet/reports': (one) => this.#report(one),
    }
    const call = calls[`${request.method} ${pathname}`]
    const answer = call ? await call(asked) : { status: 404 }
    this.#notify()
    return answer
  }

  #register({ body, authorization }: Asked): Answer {
    const { join_token, ...rest } = RegisterNodeRequest.parse(JSON.parse(body))
    const joins = join_token !== undefined && this.options.joinTokens.includes(join_token)
    const isKnown = this.#credential !== undefined && authorization === `Bearer ${this.#credential}`
    if (!joins && !isKnown) return { status: 401 }
    if (joins) {
      this.options.joinTokens.splice(this.options.joinTokens.indexOf(join_token), 1)
      this.#credential = `credential-${this.registrations.length}`
    }
    this.registrations.push(rest)
    this.epoch++
    this.leaseUntilMs = performance.now() + this.options.leaseMs
    const { leaseMs: lease_ms, heartbeatEveryMs: heartbeat_every_ms } = this.options
    const credential = joins ? { credential: this.#credential } : {}
    return { status: 200, body: { node_id: 'n1', ...credential, epoch: this.epoch, lease_ms, heartbeat_every_ms } }
  }

  #refusal(epoch: number, { authorization }: Asked): Answer | undefined {
    if (this.#credential === undefined || authorization !== `Bearer ${this.#credential}`) return { status: 401 }
    return epoch === this.epoch && performance.now() < this.leaseUntilMs ? undefined : { status: 409 }
  }

  #lease(asked: Asked): Answer {
    const refusal = this.#refusal(RenewLeaseRequest.parse(JSON.parse(asked.body)).epoch, asked)
    if (refusal) return refusal
    this.leaseUntilMs = performance.now() + this.options.leaseMs
    return { status: 200, body: { lease_ms: this.options.leaseMs } }
  }

  async #list(asked: Asked): Promise<Answer> {
    const { epoch, version, wait_ms } = Object.fromEntries(
      [...asked.query].map(([name, value]) => [name, Number(value)]),
    )
    const timer = setTimeout(() => this.#notify(), wait_ms ?? 0).unref()
    const endsAtMs = performance.now() + (wait_ms ?? 0)
    await this.until(
      () => this.#version !== version || epoch !== this.epoch || performance.now() >= endsAtMs || !this.#http,
    )
    clearTimeout(timer)
    const refusal = this.#refusal(epoch ?? 0, asked)
    return refusal ?? { status: 200, body: { version: this.#version, assignments: this.#assignments } }
  }

  #report(asked: Asked): Answer {
    const { epoch, reports } = ReportsRequest.parse(JSON.parse(asked.body))
    const refusal = this.#refusal(epoch, asked)
    if (refusal) return refusal
    this.reports.push(...reports)
    return { status: 200, body: { accepted_count: reports.length } }
  }
}
