// What each RTSP method does and answers (RFC 2326, chapter 10), over the tracks and sessions of one server.
import { type Credentials, challenge, isAuthorized } from './rtsp-auth.ts'
import { parseTransport, type RtspAnswer, type RtspRequest } from './rtsp-message.ts'
import { type Delivery, type LiveTrack, RtspSession } from './rtsp-session.ts'
import { sdpOf, trackName } from './sdp.ts'

/** Seconds without a sign of life after which a session over UDP ends. */
export const sessionTimeoutS = 60

const maxSessionCount = 256

/** What the methods work on. Sessions are kept by id; `tracks` by path without slashes. */
export type RtspState = {
  tracks: Map<string, LiveTrack>
  sessions: Map<string, RtspSession>
  credentials: Credentials | undefined
  nonce: string
  serverPorts: [number, number]
  nowMs: () => number
}

/** The connection that a request came on: its address, and ways to deliver packets to it. */
export type Peer = {
  localHost: string
  deliverByTcp(channels: [number, number]): Delivery
  deliverByUdp(ports: [number, number]): Delivery
  /** A pair of interleaved channels that no session of this connection uses. */
  freeChannels(): [number, number]
  /** A session that lives no longer than this connection. */
  own(session: RtspSession): void
}

type Method = (request: RtspRequest, state: RtspState, peer: Peer) => RtspAnswer

const methods: Record<string, Method> = {
  OPTIONS: (request, state) => {
    const session = sessionOf(request, state)
    if (session) session.heardAtMs = state.nowMs()
    return { status: 200, headers: { Public: publicMethods } }
  },
  DESCRIBE: describe,
  SETUP: setup,
  PLAY: inSession(play),
  PAUSE: inSession((session) => {
    session.pause()
    return { status: 200, headers: { Session: session.id } }
  }),
  GET_PARAMETER: inSessionOrNone(parameters),
  SET_PARAMETER: inSessionOrNone(parameters),
  TEARDOWN: inSession((session, _request, state) => {
    session.end()
    state.sessions.delete(session.id)
    return { status: 200 }
  }),
}

const publicMethods = 'OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN'
const knownElsewhere = new Set(['ANNOUNCE', 'RECORD', 'REDIRECT'])

/** The answer to one request. Errors: none; whatever a client sends has an answer. */
export function answerRequest(request: RtspRequest, state: RtspState, peer: Peer): RtspAnswer {
  if (request.version !== 'RTSP/1.0') return { status: 505 }
  if (!/^\d{1,10}$/.test(request.headers.get('cseq') ?? '')) return { status: 400 }
  const required = request.headers.get('require')
  if (required !== undefined) return { status: 551, headers: { Unsupported: required } }
  const method = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined
  if (!method) {
    return knownElsewhere.has(request.method) ? { status: 405, headers: { Allow: publicMethods } } : { status: 501 }
  }
  if (state.credentials && request.method !== 'OPTIONS' && !isAuthorized(request, state.credentials, state.nonce)) {
    return { status: 401, headers: { 'WWW-Authenticate': challenge(state.credentials, state.nonce) } }
  }
  return method(request, state, peer)
}

function sessionOf(request: RtspRequest, state: RtspState): RtspSession | undefined {
  const id = request.headers.get('session')?.split(';')[0]?.trim()
  return id === undefined ? undefined : state.sessions.get(id)
}

function inSession(act: (session: RtspSession, request: RtspRequest, state: RtspState) => RtspAnswer): Method {
  return (request, state) => {
    const session = sessionOf(request, state)
    if (!session) return { status: 454 }
    session.heardAtMs = state.nowMs()
    return act(session, request, state)
  }
}

// A client may keep a connection alive before it has a session.
function inSessionOrNone(act: (request: RtspRequest) => RtspAnswer): Method {
  const withSession = inSession((session, request) => {
    const answer = act(request)
    return { ...answer, headers: { ...answer.headers, Session: session.id } }
  })
  return (request, state, peer) => (request.headers.has('session') ? withSession(request, state, peer) : act(request))
}

function parameters(request: RtspRequest): RtspAnswer {
  return { status: request.body.toString('utf8').trim() === '' ? 200 : 451 }
}

/** The path of an address without slashes at its ends, and whether it names the track. */
function targetOf(url: string): { path: string; isTrack: boolean } | undefined {
  if (!URL.canParse(url)) return undefined
  const path = new URL(url).pathname.replace(/^\/+|\/+$/g, '')
  const isTrack = path.endsWith(`/${trackName}`)
  return { path: isTrack ? path.slice(0, -trackName.length - 1) : path, isTrack }
}

function describe(request: RtspRequest, state: RtspState, peer: Peer): RtspAnswer {
  const target = targetOf(request.url)
  if (!target) return { status: 400 }
  const track = state.tracks.get(target.path)
  if (!track || target.isTrack) return { status: 404 }
  const body = sdpOf({ host: peer.localHost, name: target.path, fps: track.fps, sets: track.sets })
  const base = `${request.url.replace(/[?#].*$/, '').replace(/\/+$/, '')}/`
  return { status: 200, headers: { 'Content-Base': base, 'Content-Type': 'application/sdp' }, body }
}

function setup(request: RtspRequest, state: RtspState, peer: Peer): RtspAnswer {
  const target = targetOf(request.url)
  if (!target) return { status: 400 }
  const track = state.tracks.get(target.path)
  if (!track) return { status: 404 }
  // There is one track, so a session can be set up only once.
  if (request.headers.has('session')) return { status: sessionOf(request, state) ? 455 : 454 }
  if (state.sessions.size >= maxSessionCount) return { status: 453 }
  const wanted = parseTransport(request.headers.get('transport') ?? '')
  if (!wanted) return { status: 461 }
  const channels = wanted.kind === 'tcp' ? (wanted.channels ?? peer.freeChannels()) : undefined
  const delivery = wanted.kind === 'tcp' ? peer.deliverByTcp(channels ?? [0, 1]) : peer.deliverByUdp(wanted.ports)
  const session = new RtspSession(target.path, track, delivery, state.nowMs())
  state.sessions.set(session.id, session)
  if (wanted.kind === 'tcp') peer.own(session)
  const how =
    wanted.kind === 'tcp'
      ? `RTP/AVP/TCP;unicast;interleaved=${channels?.join('-')}`
      : `RTP/AVP;unicast;client_port=${wanted.ports.join('-')};server_port=${state.serverPorts.join('-')}`
  return {
    status: 200,
    headers: {
      Session: `${session.id};timeout=${sessionTimeoutS}`,
      Transport: `${how};ssrc=${session.ssrc};mode="play"`,
    },
  }
}

function play(session: RtspSession, request: RtspRequest): RtspAnswer {
  const range = request.headers.get('range')
  // A live stream has no past: any npt or clock range means "now", other units are not understood.
  if (range !== undefined && !/^(npt|clock)=/i.test(range)) return { status: 457 }
  const target = targetOf(request.url)
  if (!target || target.path !== session.path) return { status: target ? 404 : 400 }
  const info = session.play()
  const base = request.url.replace(/\/+$/, '')
  const url = target.isTrack ? base : `${base}/${trackName}`
  return { status: 200, headers: { Session: session.id, Range: 'npt=now-', 'RTP-Info': `url=${url};${info}` } }
}
