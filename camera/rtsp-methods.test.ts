import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { RtspRequest } from './rtsp-message.ts'
import { answerRequest, type Peer, type RtspState } from './rtsp-methods.ts'
import type { Delivery, LiveTrack } from './rtsp-session.ts'

const sets = { sps: Buffer.from('6742c01f', 'hex'), pps: Buffer.from('68ce3c80', 'hex') }

function aTrack(): LiveTrack {
  return {
    sets,
    fps: 15,
    epochMsOf: (ptsMs) => ptsMs,
    nowPtsMs: () => 0,
    subscribe: () => () => {},
    wantKeyFrame: () => {},
  }
}

function aState(some: Partial<RtspState> = {}): RtspState {
  return {
    tracks: new Map([['street', aTrack()]]),
    sessions: new Map(),
    credentials: undefined,
    nonce: 'abc',
    serverPorts: [6000, 6001],
    nowMs: () => 1000,
    ...some,
  }
}

const nowhere: Delivery = {
  kind: 'tcp',
  sendRtp: () => {},
  sendRtcp: () => {},
  queuedBytes: () => 0,
  hears: () => false,
}

const peer: Peer = {
  localHost: '127.0.0.1',
  deliverByTcp: () => nowhere,
  deliverByUdp: () => ({ ...nowhere, kind: 'udp' }),
  freeChannels: () => [4, 5],
  own: () => {},
}

const address = 'rtsp://127.0.0.1:554/street'

function aRequest(method: string, headers: Record<string, string> = {}, some: Partial<RtspRequest> = {}): RtspRequest {
  const all = new Map(Object.entries({ cseq: '1', ...headers }))
  return { kind: 'request', method, url: address, version: 'RTSP/1.0', headers: all, body: Buffer.alloc(0), ...some }
}

function setUp(state: RtspState): string {
  const answer = answerRequest(aRequest('SETUP', { transport: 'RTP/AVP/TCP' }), state, peer)
  return answer.headers?.Session?.split(';')[0] ?? ''
}

for (const { name, request, status } of [
  { name: 'OPTIONS of anything', request: aRequest('OPTIONS', {}, { url: '*' }), status: 200 },
  { name: 'DESCRIBE', request: aRequest('DESCRIBE'), status: 200 },
  { name: 'DESCRIBE of another path', request: aRequest('DESCRIBE', {}, { url: 'rtsp://h/other' }), status: 404 },
  { name: 'DESCRIBE of no address', request: aRequest('DESCRIBE', {}, { url: 'street' }), status: 400 },
  { name: 'SETUP without a transport', request: aRequest('SETUP'), status: 461 },
  { name: 'SETUP by multicast', request: aRequest('SETUP', { transport: 'RTP/AVP;multicast' }), status: 461 },
  { name: 'PLAY without a session', request: aRequest('PLAY'), status: 454 },
  { name: 'PLAY of an unknown session', request: aRequest('PLAY', { session: 'f00' }), status: 454 },
  { name: 'TEARDOWN of an unknown session', request: aRequest('TEARDOWN', { session: 'f00' }), status: 454 },
  { name: 'GET_PARAMETER before a session', request: aRequest('GET_PARAMETER'), status: 200 },
  {
    name: 'GET_PARAMETER of a parameter',
    request: aRequest('GET_PARAMETER', {}, { body: Buffer.from('packets_received') }),
    status: 451,
  },
  { name: 'RECORD', request: aRequest('RECORD'), status: 405 },
  { name: 'a method of no standard', request: aRequest('DANCE'), status: 501 },
  { name: 'a method named like a property of objects', request: aRequest('constructor'), status: 501 },
  { name: 'a request without a number', request: aRequest('OPTIONS', { cseq: '' }), status: 400 },
  { name: 'RTSP 2.0', request: aRequest('OPTIONS', {}, { version: 'RTSP/2.0' }), status: 505 },
  { name: 'a demand for an extension', request: aRequest('SETUP', { require: 'funky' }), status: 551 },
]) {
  test(`${name} is answered with ${status}`, () => {
    assert.equal(answerRequest(request, aState(), peer).status, status)
  })
}

test('DESCRIBE names the track, its clock, profile and parameter sets', () => {
  const answer = answerRequest(aRequest('DESCRIBE'), aState(), peer)
  assert.equal(answer.headers?.['Content-Base'], `${address}/`)
  assert.deepEqual(answer.body?.split('\r\n').slice(7), [
    'm=video 0 RTP/AVP 96',
    'a=rtpmap:96 H264/90000',
    'a=fmtp:96 packetization-mode=1;profile-level-id=42C01F;sprop-parameter-sets=Z0LAHw==,aM48gA==',
    'a=framerate:15',
    'a=control:trackID=0',
    '',
  ])
})

test('SETUP answers with the ports or channels that it takes', () => {
  const transports = ['RTP/AVP;unicast;client_port=5000-5001', 'RTP/AVP/TCP;interleaved=2-3', 'RTP/AVP/TCP']
  const answers = transports.map((transport) => answerRequest(aRequest('SETUP', { transport }), aState(), peer))
  assert.deepEqual(
    answers.map(({ headers }) => headers?.Transport?.replace(/ssrc=\w{8}/, 'ssrc=S')),
    [
      'RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001;ssrc=S;mode="play"',
      'RTP/AVP/TCP;unicast;interleaved=2-3;ssrc=S;mode="play"',
      'RTP/AVP/TCP;unicast;interleaved=4-5;ssrc=S;mode="play"',
    ],
  )
})

test('a session plays, pauses, plays on and ends', () => {
  const state = aState()
  const session = setUp(state)
  const stateNow = () => state.sessions.get(session)?.state
  const states = ['PLAY', 'PAUSE', 'PLAY', 'TEARDOWN'].map((method) => {
    const { status } = answerRequest(aRequest(method, { session }), state, peer)
    return [status, stateNow()]
  })
  assert.deepEqual(states, [
    [200, 'playing'],
    [200, 'ready'],
    [200, 'playing'],
    [200, undefined],
  ])
})

test('a second SETUP in a session and a range in other units are refused', () => {
  const state = aState()
  const session = setUp(state)
  const again = answerRequest(aRequest('SETUP', { session, transport: 'RTP/AVP/TCP' }), state, peer)
  const range = answerRequest(aRequest('PLAY', { session, range: 'smpte=0:10:00-' }), state, peer)
  assert.deepEqual([again.status, range.status], [455, 457])
})

const md5 = (text: string) => createHash('md5').update(text).digest('hex')

test('a camera with a password is seen only by those who know it, by Basic or Digest', () => {
  const credentials = { user: 'eve', password: 'p:w' }
  const basic = aState({ credentials: { ...credentials, scheme: 'basic' } })
  const digest = aState({ credentials: { ...credentials, scheme: 'digest' } })
  const realm = 'Sightline camera'
  const proof = (password: string) => md5(`${md5(`eve:${realm}:${password}`)}:abc:${md5(`DESCRIBE:${address}`)}`)
  const digestHeader = (password: string) =>
    `Digest username="eve", realm="${realm}", nonce="abc", uri="${address}", response="${proof(password)}"`
  const status = (state: RtspState, authorization?: string) =>
    answerRequest(aRequest('DESCRIBE', authorization === undefined ? {} : { authorization }), state, peer).status
  assert.deepEqual(
    [
      status(basic),
      status(basic, `Basic ${Buffer.from('eve:p:w').toString('base64')}`),
      status(basic, `Basic ${Buffer.from('eve:other').toString('base64')}`),
      status(digest),
      status(digest, digestHeader('p:w')),
      status(digest, digestHeader('other')),
      status(digest, 'Digest nonsense'),
    ],
    [401, 200, 401, 401, 200, 401, 401],
  )
})
