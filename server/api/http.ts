// HTTP as the API limits it, before any route is asked. Source: tasks API page, section 1.
import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Answer, Call, Door } from './call.ts'
import { apiError, toResponse } from './errors.ts'
import { readFlags, readQuery, readRepeated } from './query.ts'
import type { Route } from './router.ts'

const headBytesMax = 16 * 1024
const urlBytesMax = 16 * 1024
const bodyBytesMax = 1024 * 1024
/** Of a body where none is expected. */
const idleBodyBytesMax = 4096
const headWithinMs = 20_000
const requestWithinMs = 30_000
const timeoutsCheckedEveryMs = 2_000
const pathParameterBytesMax = 8 * 1024
const requestIdHeader = 'x-request-id'

/** An HTTP server with the API's limits and error bodies and no routes. */
export function createHttp(door: Pick<Door, 'log'>): FastifyInstance {
  const app = fastify({
    http: {
      // Head and URL together, with room to say which of the two is too long.
      maxHeaderSize: headBytesMax + urlBytesMax + 4096,
      headersTimeout: headWithinMs,
      // `checkHead` refuses it with the API's own error body.
      requireHostHeader: false,
      connectionsCheckingInterval: timeoutsCheckedEveryMs,
    },
    requestTimeout: requestWithinMs,
    bodyLimit: bodyBytesMax,
    genReqId: newRequestId,
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket),
    frameworkErrors: (error, request, reply) => sendError(door, error, request, reply),
    routerOptions: {
      ignoreTrailingSlash: true,
      maxParamLength: pathParameterBytesMax,
      // Handlers read the query themselves, strictly.
      querystringParser: () => ({}),
    },
    return503OnClosing: false,
    forceCloseConnections: 'idle',
  })
  // An expectation that is not known is let pass: HTTP allows that, and the refusal of Node has no error body.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))
  // Signing clients send a GET with a body and sign that too.
  app.addHttpMethod('GET', { hasBody: true, overrideExisting: true })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.addHook('onRequest', async (request, reply) => {
    reply.header(requestIdHeader, request.id)
    checkHead(request)
  })
  refuseUnrouted(app)
  app.setErrorHandler((error: FastifyError, request, reply) => sendError(door, error, request, reply))
  return app
}

/** Before any body is read: 405 for a method that the path does not have, 404 for a path that does not exist. */
function refuseUnrouted(app: FastifyInstance): void {
  const methodsOf = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ method, url }) => {
    const methods = methodsOf.get(url) ?? new Set<string>()
    for (const one of [method].flat()) methods.add(one)
    methodsOf.set(url, methods)
  })
  const patterns: { path: RegExp; methods: Set<string> }[] = []
  app.addHook('onReady', async () => {
    for (const [url, methods] of methodsOf) patterns.push({ path: patternOf(url), methods })
  })
  app.addHook('onRequest', async (request) => {
    if (!request.is404) return
    const path = pathOf(request)
    const found = patterns.find((pattern) => pattern.path.test(path))
    if (found) throw apiError('method_not_allowed', { path }, { allow: [...found.methods].join(', ') })
    throw apiError('no_such_api', { path })
  })
}

/** Of `/v1/:project_id`, with or without a final slash. */
function patternOf(url: string): RegExp {
  const parts = url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll('.', '\\.')))
  return new RegExp(`^${parts.join('/')}/?$`)
}

const newRequestId = () => randomUUID().replaceAll('-', '')

function checkHead(request: FastifyRequest): void {
  if (request.raw.httpVersion === '1.1' && request.headers.host === undefined) {
    throw apiError('invalid_argument', { detail: 'The header [Host] is required and cannot be empty.' })
  }
  if (Buffer.byteLength(request.raw.url ?? '') > urlBytesMax) throw apiError('url_too_long', { n: urlBytesMax })
  const headBytes = request.raw.rawHeaders.reduce((bytes, text) => bytes + text.length + 2, 0)
  if (headBytes > headBytesMax) throw apiError('head_too_large', { n: headBytesMax })
}

/** The path as it was sent, cut to what an error text may hold. */
function pathOf(request: FastifyRequest): string {
  return (request.raw.url ?? '').split('?')[0]?.slice(0, 1000) ?? ''
}

function sendError(
  door: Pick<Door, 'log'>,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const isTooLarge = error instanceof Error && 'code' in error && error.code === 'FST_ERR_CTP_BODY_TOO_LARGE'
  const limit = request.routeOptions.bodyLimit ?? bodyBytesMax
  const response = toResponse(isTooLarge ? apiError('body_too_large', { n: limit }) : error, pathOf(request))
  if (response.isBug) door.log.error({ err: error, request: request.id, path: pathOf(request) }, 'a request failed')
  reply.header(requestIdHeader, request.id)
  return reply.code(response.status).headers(response.headers).type('application/json').send(response.body)
}

type BrokenRequest = Error & { code?: string | undefined; rawPacket?: unknown }

/** A request that is no HTTP, too long to be read or too slow: answered on the bare socket, which is then closed. */
function answerBrokenRequest(error: BrokenRequest, socket: Socket): void {
  if (!socket.writable) return void socket.destroy()
  const broken = brokenBy(error)
  const { status, body } = toResponse(broken, '')
  const head = [
    `HTTP/1.1 ${status} ${broken.message.split('.')[0]}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${newRequestId()}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function brokenBy(error: BrokenRequest): ReturnType<typeof apiError> {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return apiError('request_timeout')
  if (error.code !== 'HPE_HEADER_OVERFLOW') return apiError('incorrect_json')
  const lineBytes = Buffer.isBuffer(error.rawPacket) ? error.rawPacket.indexOf('\r\n') : 0
  const isUrl = lineBytes < 0 || lineBytes > urlBytesMax
  return isUrl ? apiError('url_too_long', { n: urlBytesMax }) : apiError('head_too_large', { n: headBytesMax })
}

/** Adds routes, and answers 405 on their paths for every other method. */
export function addRoutes(app: FastifyInstance, door: Pick<Door, 'clock'>, routes: readonly Route[]): void {
  const streams = new Set<AbortController>()
  // A server that closes waits for its answers; one that follows changes would never end.
  app.addHook('preClose', async () => {
    for (const stop of streams) stop.abort()
  })
  for (const route of routes) addRoute(app, door, route, streams)
}

/** `/v1/{project_id}` to `/v1/:project_id` */
const fastifyPath = (path: string) => path.replace(/\{(\w+)\}/g, ':$1')

function addRoute(app: FastifyInstance, door: Pick<Door, 'clock'>, route: Route, streams: Set<AbortController>): void {
  const entered = new WeakMap<FastifyRequest, { call: Omit<Call, 'body'>; answer: (call: Call) => Promise<Answer> }>()
  app.route({
    method: route.method,
    url: fastifyPath(route.path),
    bodyLimit: route.hasBody ? bodyBytesMax : idleBodyBytesMax,
    onRequest: async (request) => {
      const call = arrive(request, door.clock())
      const answer = await route.enter({ ...call, ...headOf(request) })
      entered.set(request, { call, answer })
      checkBodyHeaders(request, route)
    },
    handler: async (request, reply) => {
      const { call, answer } = entered.get(request) ?? {}
      if (!call || !answer) throw new Error('a request reached its handler without passing the gate')
      const body = request.body instanceof Uint8Array ? request.body : new Uint8Array()
      const given = await answer({ ...call, body })
      return given.stream ? sendStream(request, reply, given.stream, streams) : send(reply, given)
    },
  })
}

function headOf(request: FastifyRequest) {
  const { method, url } = request.raw
  const path = pathOf(request)
  return { path, method: method ?? '', url: url ?? '', rawHeaders: request.raw.rawHeaders }
}

function arrive(request: FastifyRequest, nowMs: number): Omit<Call, 'body'> {
  const url = request.raw.url ?? ''
  const params = { ...(request.params as Record<string, string>) }
  // No id holds U+0000, and PostgreSQL takes none in a text.
  if (Object.values(params).some((id) => id.includes('\0'))) throw apiError('no_such_api', { path: pathOf(request) })
  return {
    params,
    query: readQuery(url),
    flags: readFlags(url),
    labels: readRepeated(url, 'label'),
    headers: request.headers,
    address: request.socket.remoteAddress ?? '',
    requestId: request.id,
    nowMs,
  }
}

/** What can be refused before the body is read. */
function checkBodyHeaders(request: FastifyRequest, route: Route): void {
  const length = Number(request.headers['content-length'] ?? 0)
  if (!route.hasBody) {
    if (length > idleBodyBytesMax) throw apiError('body_too_large', { n: idleBodyBytesMax })
    return
  }
  const hasBody = length > 0 || request.headers['transfer-encoding'] !== undefined
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (hasBody && type !== undefined && type !== 'application/json') throw apiError('not_json')
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') throw apiError('not_json')
}

/** Nobody buffers it, and it ends with its connection or with the server. */
function sendStream(
  request: FastifyRequest,
  reply: FastifyReply,
  stream: NonNullable<Answer['stream']>,
  streams: Set<AbortController>,
): FastifyReply {
  const stop = new AbortController()
  streams.add(stop)
  reply.raw.once('close', () => {
    stop.abort()
    streams.delete(stop)
  })
  if (request.method === 'HEAD') stop.abort()
  // Its connection is of no use afterwards, and an idle one would hold up a server that closes.
  reply.headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
  reply.header('connection', 'close')
  return reply.send(Readable.from(stream(stop.signal)))
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  reply.code(answer.status)
  if (answer.headers) reply.headers(answer.headers)
  const text = answer.text ?? (answer.json === undefined ? undefined : JSON.stringify(answer.json))
  return text === undefined ? reply.send() : reply.type('application/json').send(text)
}
