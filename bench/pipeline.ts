// What a 1080p25 stream costs, beside bare decoding and bare inference in the same run; memory per stream and idle.
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startCamera } from '@sightline/camera/camera.ts'
import { writeClip } from '@sightline/camera/clip.ts'
import { memoryKib, pssKib, startPlatform } from '@sightline/test/platform.ts'
import { convertedModel } from '@sightline/worker/detect/convert-model.ts'
import { sizeFor } from '@sightline/worker/detect/detector.ts'
import { cpuMsOf, onOneProcessor, peopleFlowOf, startEngine } from './engine.ts'
import { percentile, printFigure, round } from './figure.ts'

const run = promisify(execFile)
const frame = { widthPx: 1920, heightPx: 1080 }
const clipSeconds = 40
const runs = 5
const streamsMax = 9

type Case = { name: string; everySeconds: number | undefined; everyMs: number; mode: 'all' | 'key' }
const cases: Case[] = [
  { name: '1fps', everySeconds: 1, everyMs: 1000, mode: 'key' },
  { name: '5fps', everySeconds: undefined, everyMs: 200, mode: 'all' },
]

export async function benchPipeline(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'sightline-bench-'))
  try {
    const modelPath = await convertedModel(dir)
    const file = join(dir, 'street.mp4')
    const { scene } = writeClip({ file, durationS: clipSeconds, ...frame, fps: 25 })
    const line = [
      [scene.line.from.x, scene.line.from.y],
      [scene.line.to.x, scene.line.to.y],
    ]
    await benchIdle()
    await benchMemory(modelPath, line)
    for (const one of cases) await benchCpu(one, { file, line, modelPath })
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

type Clip = { file: string; line: unknown; modelPath: string }

async function benchCpu(one: Case, clip: Clip): Promise<void> {
  const rounds: { own: number; limit: number }[] = []
  for (let turn = 0; turn < runs; turn++) {
    const limitMs = await limitOf(one, clip)
    rounds.push({ own: (await ownMsOf(one, clip)) / clipSeconds, limit: limitMs / clipSeconds })
  }
  const own = percentile(
    rounds.map((round) => round.own),
    0.5,
  )
  const limit = percentile(
    rounds.map((round) => round.limit),
    0.5,
  )
  const ratio = round(
    percentile(
      rounds.map((round) => round.limit / round.own),
      0.5,
    ),
  )
  const note = `${clipSeconds} s of video, one processor, medians of ${runs} pairs`
  printFigure({
    name: `pipeline.streams_per_core.${one.name}`,
    figure: round(1000 / own),
    unit: 'streams',
    limit: round(1000 / limit),
    ratio,
  })
  printFigure({
    name: `pipeline.cpu.${one.name}`,
    figure: round(own),
    unit: 'ms of CPU per second of 1080p25',
    limit: round(limit),
    ratio,
    note,
  })
}

/** Bare decoding, and bare inference as often as frames were sampled. */
async function limitOf({ mode, everyMs }: Case, { file, modelPath }: Clip): Promise<number> {
  const { widthPx, heightPx } = sizeFor(frame)
  const decode = await child('limit-decode.ts', [file, mode, everyMs, widthPx, heightPx])
  const inference = await child('limit-inference.ts', [modelPath, widthPx, heightPx, decode.frames])
  return decode.cpuMs + inference.cpuMs
}

async function child(file: string, args: (string | number)[]): Promise<{ cpuMs: number; frames: number }> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const [command, ...before] = onOneProcessor
  const { stdout } = await run(command, [...before, path, ...args.map(String)])
  return JSON.parse(stdout)
}

/**
 * The CPU of the engine for one pass of the clip. The same pass is made twice in one engine and the second one counts:
 * the first has loaded the libraries and the model, which a stream that runs for days pays once.
 */
async function ownMsOf(one: Case, { file, line, modelPath }: Clip): Promise<number> {
  await using engine = await startEngine(modelPath, 4)
  const pass = (pipelineId: string) =>
    new Promise<number>((resolve, reject) => {
      const before = cpuMsOf(engine.pid)
      engine.onMessage((message) => {
        if (!('pipelineId' in message) || message.pipelineId !== pipelineId) return
        if (message.kind === 'ended') resolve(cpuMsOf(engine.pid) - before)
        if (message.kind === 'threw') reject(new Error(message.error.message))
      })
      engine.send({ kind: 'start', pipelineId, assignment: peopleFlowOf(`file://${file}`, line, one.everySeconds) })
    })
  await pass('first')
  return await pass('second')
}

async function benchIdle(): Promise<void> {
  await using platform = await startPlatform()
  await pause(5_000)
  printFigure({
    name: 'platform.memory.idle',
    figure: round(memoryKib(platform) / 1024),
    unit: 'MiB',
    limit: 350,
    ratio: round(350 / (memoryKib(platform) / 1024)),
    note: 'serve, PostgreSQL, server and worker; proportional set size; the limit is the goal',
  })
}

/** Distinct addresses of one encoding, so that nothing is shared in the engine and the camera costs little. */
async function benchMemory(modelPath: string, line: unknown): Promise<void> {
  await using camera = await startCamera({
    ...frame,
    fps: 25,
    seed: 1,
    host: '127.0.0.1',
    port: 0,
    path: 'street',
    copies: streamsMax,
    nowMs: Date.now,
  })
  await using engine = await startEngine(modelPath, streamsMax)
  const running = async (count: number) => {
    const first = new Set<string>()
    engine.onMessage((message) => {
      if (message.kind === 'progress') first.add(message.pipelineId)
    })
    for (let stream = 0; stream < count; stream++) {
      const url = camera.urls[stream] ?? camera.url
      engine.send({ kind: 'start', pipelineId: `${count}-${stream}`, assignment: peopleFlowOf(url, line, 1) })
    }
    const limitMs = Date.now() + 60_000
    while (first.size < count && Date.now() < limitMs) await pause(100)
    await pause(10_000)
    const kib = pssKib(engine.pid)
    for (let stream = 0; stream < count; stream++) engine.send({ kind: 'stop', pipelineId: `${count}-${stream}` })
    return { kib, count: first.size }
  }
  const one = await running(1)
  const many = await running(streamsMax)
  const each = (many.kib - one.kib) / 1024 / (many.count - one.count)
  printFigure({
    name: 'pipeline.memory.per_stream',
    figure: round(each),
    unit: 'MiB',
    limit: 20,
    ratio: round(20 / each),
    note: `${one.count} to ${many.count} RTSP streams of 1080p25 in one engine; the limit is the goal`,
  })
}
