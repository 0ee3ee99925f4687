import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { AccessUnit } from './encode.ts'
import { openRtspServer, type RtspServer } from './rtsp-server.ts'
import type { LiveTrack } from './rtsp-session.ts'
import { openPorts, openViewer, play, readRtp } from './test-viewer.ts'

const sps = Buffer.from('6742c01f', 'hex')
const pps = Buffer.from('68ce3c80', 'hex')

type Stage = { track: LiveTrack; show(unit: AccessUnit): void; listenerCount(): number; keyFramesWanted: number }

/** A track that shows what the test gives it. */
function aStage(): Stage {
  const listeners = new Set<(unit: AccessUnit) => void>()
  const stage: Stage = {
    keyFramesWanted: 0,
    listenerCount: () => listeners.size,
    show: (unit) => {
      for (const listen of listeners) listen(unit)
    },
    track: {
      sets: { sps, pps },
      fps: 15,
      epochMsOf: (ptsMs) => ptsMs,
      nowPtsMs: () => 0,
      subscribe: (listen) => {
        listeners.add(listen)
        return () => listeners.delete(listen)
      },
      wantKeyFrame: () => {
        stage.keyFramesWanted++
      },
    },
  }
  return stage
}

function keyUnit(ptsMs: number, bytes = 100): AccessUnit {
  return { nals: [sps, pps, Buffer.alloc(bytes, 0x65)], isKeyFrame: true, ptsMs }
}

function otherUnit(ptsMs: number, bytes = 100): AccessUnit {
  return { nals: [Buffer.alloc(bytes, 0x41)], isKeyFrame: false, ptsMs }
}

function openServer(stage: Stage, nowMs = () => 0): Promise<RtspServer> {
  return openRtspServer({ host: '127.0.0.1', port: 0, tracks: new Map([['street', stage.track]]), nowMs })
}

const urlOf = (server: RtspServer) => `rtsp://127.0.0.1:${server.port}/street`

test('a viewer gets its first packet from a key frame, which it makes happen', { timeout: 10_000 }, async () => {
  const stage = aStage()
  await using server = await openServer(stage)
  const viewer = await openViewer(urlOf(server))
  await play(viewer, urlOf(server))
  stage.show(otherUnit(0))
  stage.show(keyUnit(100))
  stage.show(otherUnit(200))
  const [first, second] = [await viewer.packet(), await viewer.packet()]
  assert.equal(stage.keyFramesWanted, 1)
  assert.deepEqual([(first.payload[0] ?? 0) & 31, first.isLast, (second.payload[0] ?? 0) & 31], [24, true, 1])
  assert.deepEqual([second.sequence - first.sequence, second.timestamp - first.timestamp], [1, 9000])
  viewer.close()
})

test('over UDP packets come to the ports that were asked for', { timeout: 10_000 }, async () => {
  const stage = aStage()
  await using server = await openServer(stage)
  const viewer = await openViewer(urlOf(server))
  const { rtp, rtcp, ports } = await openPorts()
  await play(viewer, urlOf(server), `RTP/AVP;unicast;client_port=${ports}`)
  const arrived = Promise.all([once(rtp, 'message'), once(rtcp, 'message')])
  stage.show(keyUnit(0))
  const [[packet], [report]] = await arrived
  assert.deepEqual([(readRtp(packet).payload[0] ?? 0) & 31, report[1]], [24, 200])
  viewer.close()
  rtp.close()
  rtcp.close()
})

test('frames are made only while someone watches', { timeout: 10_000 }, async () => {
  const stage = aStage()
  await using server = await openServer(stage)
  const viewer = await openViewer(urlOf(server))
  const counts = [stage.listenerCount()]
  const session = await play(viewer, urlOf(server))
  counts.push(stage.listenerCount())
  await viewer.ask('PAUSE', urlOf(server), { Session: session })
  counts.push(stage.listenerCount())
  await viewer.ask('PLAY', urlOf(server), { Session: session })
  counts.push(stage.listenerCount())
  await viewer.ask('TEARDOWN', urlOf(server), { Session: session })
  counts.push(stage.listenerCount())
  assert.deepEqual(counts, [0, 1, 0, 1, 0])
  viewer.close()
})

test('a viewer that stops reading loses frames up to a key frame and never holds up another', {
  timeout: 30_000,
}, async () => {
  const stage = aStage()
  await using server = await openServer(stage)
  const slow = await openViewer(urlOf(server))
  await play(slow, urlOf(server))
  const quick = await openViewer(urlOf(server))
  await play(quick, urlOf(server))
  slow.socket.pause()
  const unitBytes = 200_000
  let highest = 0
  const unitCount = 150
  for (let i = 0; i < unitCount; i++) {
    stage.show(i % 15 === 0 ? keyUnit(i, unitBytes) : otherUnit(i, unitBytes))
    for (;;) if ((await quick.packet()).isLast) break
    for (const { delivery } of server.sessions()) highest = Math.max(highest, delivery.queuedBytes())
    await setImmediate()
  }
  const dropped = server.sessions().map((session) => session.droppedCount)
  assert.ok(highest < 1_048_576 + unitBytes * 1.1, `${highest} bytes were queued`)
  assert.ok((dropped[0] ?? 0) > 0 && dropped[1] === 0, String(dropped))
  slow.close()
  quick.close()
})

for (const { name, bytes, status } of [
  { name: 'no request', bytes: 'hello there\r\n\r\n', status: 400 },
  { name: 'a body that is too long', bytes: 'OPTIONS * RTSP/1.0\r\nContent-Length: 999999\r\n\r\n', status: 413 },
  { name: 'binary noise', bytes: Buffer.alloc(20_000, 0xff), status: 400 },
]) {
  test(`${name} ends the connection with ${status}, and the server serves on`, { timeout: 10_000 }, async () => {
    await using server = await openServer(aStage())
    const broken = await openViewer(urlOf(server))
    const chunks: Buffer[] = []
    broken.socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    broken.socket.write(bytes)
    await once(broken.socket, 'close')
    assert.match(Buffer.concat(chunks).toString(), new RegExp(`^RTSP/1.0 ${status} `))
    const viewer = await openViewer(urlOf(server))
    assert.equal((await viewer.ask('DESCRIBE', urlOf(server))).status, 200)
    viewer.close()
  })
}

test('a session over UDP outlives its connection, and ends when nothing is heard of it for 60 s', {
  timeout: 10_000,
}, async () => {
  let nowMs = 0
  await using server = await openServer(aStage(), () => nowMs)
  const viewer = await openViewer(urlOf(server))
  const session = await play(viewer, urlOf(server), 'RTP/AVP;unicast;client_port=40000-40001')
  viewer.close()
  const again = await openViewer(urlOf(server))
  nowMs = 50_000
  const kept = await again.ask('GET_PARAMETER', urlOf(server), { Session: session })
  nowMs = 109_000
  server.sweep()
  const before = server.sessions().length
  nowMs = 110_000
  server.sweep()
  assert.deepEqual([kept.status, before, server.sessions().length], [200, 1, 0])
  again.close()
})

test('a session over TCP ends with its connection', { timeout: 10_000 }, async () => {
  const stage = aStage()
  await using server = await openServer(stage)
  const viewer = await openViewer(urlOf(server))
  await play(viewer, urlOf(server))
  const [left] = server.sessions()
  viewer.close()
  // The server notices the end before it answers on a connection made later.
  const other = await openViewer(urlOf(server))
  while (left?.state !== 'gone') await other.ask('OPTIONS', '*')
  assert.deepEqual([server.sessions(), stage.listenerCount()], [[], 0])
  other.close()
})
