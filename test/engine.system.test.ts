import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { startCamera } from '@sightline/camera/camera.ts'
import { writeClip } from '@sightline/camera/clip.ts'
import { convertedModel } from '@sightline/worker/detect/convert-model.ts'
import { anAssignment, startEngine } from './engine-process.ts'

const line = {
  lines: [
    {
      data: [
        [0.5, 0],
        [0.5, 1],
      ],
      name: 'middle',
    },
  ],
}
const counting = { target_roi: line, sampling_time_interval: 1 }

let folder = ''
let modelPath = ''
let clip = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-engine-test-'))
  modelPath = await convertedModel(folder)
  const file = join(folder, 'street.mp4')
  writeClip({ file, durationS: 10, widthPx: 640, heightPx: 360 })
  clip = pathToFileURL(file).href
})
after(() => rm(folder, { recursive: true }))

/** Accepts connections and never answers. */
async function aSilentServer() {
  const server = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, [Symbol.dispose]: () => server.close() }
}

test('a file is analysed to its end, and every result is stored before it has ended', async () => {
  await using engine = startEngine({ modelPath })
  engine.send({ kind: 'start', pipelineId: 'p1', assignment: anAssignment(clip, counting) })
  const { source } = await engine.next('opened', 'p1')
  assert.deepEqual(source, { codec: 'h264', widthPx: 640, heightPx: 360, fps: 15, isLive: false })
  await engine.next('ended', 'p1')
  const results = engine.messages.filter((message) => message.kind === 'result')
  assert.ok(results.length > 0)
  assert.deepEqual(
    results.map(({ resultId }) => resultId),
    results.map((_, index) => index + 1),
  )
  assert.equal(engine.messages.at(-1)?.kind, 'ended')
  assert.deepEqual(engine.messages.filter((message) => message.kind === 'progress').slice(0, 1), [
    { kind: 'progress', pipelineId: 'p1', framesAnalysed: 1, framesDropped: 0 },
  ])
})

test('a pipeline is not over while a result of it is not stored', async () => {
  await using engine = startEngine({ modelPath })
  engine.storesResults = false
  engine.send({ kind: 'start', pipelineId: 'p1', assignment: anAssignment(clip, counting) })
  await engine.next('result', 'p1')
  engine.send({ kind: 'stop', pipelineId: 'p1' })
  await engine.next('stopped', 'p1')
  assert.equal(
    engine.messages.some(({ kind }) => kind === 'ended'),
    false,
  )
})

test('a live camera is watched until it is told to stop, and stops within a second', async () => {
  await using camera = await startCamera({ widthPx: 640, heightPx: 360, nowMs: () => Date.now() })
  await using engine = startEngine({ modelPath })
  engine.send({ kind: 'start', pipelineId: 'p1', assignment: anAssignment(camera.url, counting) })
  assert.equal((await engine.next('opened', 'p1')).source.isLive, true)
  await engine.next('progress', 'p1')
  await stopsWithinASecond(engine, 'p1')
})

for (const scheme of ['rtsp', 'rtmp', 'http']) {
  test(`a pipeline that waits for a silent ${scheme} server stops within a second`, async () => {
    using silent = await aSilentServer()
    await using engine = startEngine({ modelPath })
    engine.send({
      kind: 'start',
      pipelineId: 'p1',
      assignment: anAssignment(`${scheme}://127.0.0.1:${silent.port}/live/x`),
    })
    // The answer to a second start proves that the engine got to the first one.
    engine.send({ kind: 'start', pipelineId: 'p2', assignment: anAssignment('gopher://127.0.0.1/') })
    await engine.next('threw', 'p2')
    await stopsWithinASecond(engine, 'p1')
  })
}

test('cameras that hang delay neither a healthy one nor the end of the engine', async () => {
  using silent = await aSilentServer()
  await using camera = await startCamera({ widthPx: 640, heightPx: 360, nowMs: () => Date.now() })
  const engine = startEngine({ modelPath, streamsMax: 12 })
  for (let place = 0; place < 10; place++) {
    const url = `rtsp://127.0.0.1:${silent.port}/${place}`
    engine.send({ kind: 'start', pipelineId: `silent ${place}`, assignment: anAssignment(url) })
  }
  engine.send({ kind: 'start', pipelineId: 'p1', assignment: anAssignment(camera.url, counting) })
  const askedAtMs = performance.now()
  await engine.next('progress', 'p1')
  assert.ok(performance.now() - askedAtMs < 5000)
  await engine[Symbol.asyncDispose]()
  assert.equal(engine.process.exitCode, 0)
})

test('an engine whose parent is gone ends by itself', async () => {
  await using camera = await startCamera({ widthPx: 640, heightPx: 360, nowMs: () => Date.now() })
  const engine = startEngine({ modelPath })
  engine.send({ kind: 'start', pipelineId: 'p1', assignment: anAssignment(camera.url, counting) })
  await engine.next('progress', 'p1')
  engine.process.disconnect()
  assert.deepEqual(await once(engine.process, 'exit'), [0, null])
})

test('two tasks of one camera share one connection to it', async () => {
  await using camera = await startCamera({ widthPx: 640, heightPx: 360, nowMs: () => Date.now() })
  await using engine = startEngine({ modelPath })
  engine.send({ kind: 'start', pipelineId: 'p1', assignment: anAssignment(camera.url, counting) })
  engine.send({ kind: 'start', pipelineId: 'p2', assignment: anAssignment(camera.url, counting) })
  await Promise.all([engine.next('progress', 'p1'), engine.next('progress', 'p2')])
  assert.equal(camera.server.sessions().length, 1)
  await stopsWithinASecond(engine, 'p1')
  const before = engine.messages.length
  while (!engine.messages.slice(before).some(({ kind }) => kind === 'progress')) await once(engine.process, 'message')
})

test('a config that does not fit its algorithm is a permanent fault', async () => {
  await using engine = startEngine({ modelPath })
  engine.send({ kind: 'start', pipelineId: 'p1', assignment: anAssignment(clip, { line_count_interval: 0 }) })
  const { error, isPermanent } = await engine.next('threw', 'p1')
  assert.deepEqual({ code: error.code, isPermanent }, { code: 'ALG.001', isPermanent: true })
})

async function stopsWithinASecond(engine: ReturnType<typeof startEngine>, pipelineId: string): Promise<void> {
  const askedAtMs = performance.now()
  engine.send({ kind: 'stop', pipelineId })
  await engine.next('stopped', pipelineId)
  assert.ok(performance.now() - askedAtMs < 1000)
}
