import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { convertedModel } from './convert-model.ts'
import { openDetector } from './detector.ts'
import { DetectorBusyError, DetectorFailedError, openInferencePool } from './inference-pool.ts'

async function aDataDir() {
  const path = await mkdtemp(join(tmpdir(), 'sightline-detect-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

const aPicture = () => ({ rgb: new Uint8Array(64 * 64 * 3).fill(128), widthPx: 64, heightPx: 64 })

test('the converted model loads, is converted once, and finds nothing in a grey picture', async () => {
  await using dataDir = await aDataDir()
  const [modelPath, again] = await Promise.all([convertedModel(dataDir.path), convertedModel(dataDir.path)])
  assert.equal(modelPath, again)
  await using detector = await openDetector({ modelPath, threadCount: 2 })
  const { widthPx, heightPx } = detector.sizeFor({ widthPx: 1920, heightPx: 1080 })
  const grey = () => ({ rgb: new Uint8Array(widthPx * heightPx * 3).fill(128), widthPx, heightPx })
  const found = await Promise.all([detector.detect(grey()), detector.detect(grey()), detector.detect(grey())])
  assert.deepEqual(
    found.map((objects) => objects.filter((one) => one.score >= 0.3)),
    [[], [], []],
  )
})

test('a picture that does not fit its size is refused and the thread goes on', async () => {
  await using dataDir = await aDataDir()
  await using detector = await openDetector({ modelPath: await convertedModel(dataDir.path), threadCount: 1 })
  await assert.rejects(detector.detect({ rgb: new Uint8Array(10), widthPx: 64, heightPx: 64 }), DetectorFailedError)
  assert.ok(Array.isArray(await detector.detect(aPicture())))
})

test('a model that cannot be loaded is said at once', async () => {
  await assert.rejects(openDetector({ modelPath: '/nowhere/model.onnx', threadCount: 1 }), DetectorFailedError)
})

// A thread that dies on a picture whose first byte is 255, never answers one of 254 and echoes the first byte of any other as its only score.
const threadFile = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from 'node:worker_threads'
    parentPort.on('message', ({ callId, rgb }) => {
      if (rgb[0] === 255) throw new Error('struck')
      if (rgb[0] === 254) return
      const none = new Float32Array()
      const outputs = { scores: Float32Array.of(rgb[0]), classes: none, cells: none, extents: none }
      parentPort.postMessage({ kind: 'outputs', callId, outputs })
    })
    parentPort.postMessage({ kind: 'ready' })`)}`,
)
const aCall = (first: number) => ({ rgb: Uint8Array.of(first, 0, 0), widthPx: 1, heightPx: 1 })

test('a thread that dies fails its own call only and is replaced', async () => {
  const pool = await openInferencePool({ modelPath: '', threadCount: 1, threadFile })
  const outcomes = await Promise.allSettled([7, 255, 8].map((first) => pool.run(aCall(first))))
  await pool.close()
  assert.deepEqual(
    outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.scores[0] : outcome.reason.name)),
    [7, 'DetectorFailedError', 8],
  )
})

test('a call beyond 128 waiting ones is refused, and closing fails those that wait', async () => {
  const pool = await openInferencePool({ modelPath: '', threadCount: 1, threadFile })
  const calls = Array.from({ length: 130 }, () => pool.run(aCall(254)))
  await assert.rejects(calls[129] ?? Promise.resolve(), DetectorBusyError)
  const settled = Promise.allSettled(calls)
  await pool.close()
  const outcomes = await settled
  assert.ok(outcomes.every((outcome) => outcome.status === 'rejected'))
})
