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
// Opening a file and finding its key-frame distance cost the same however long it is; the difference of two clips is what
// a stream costs that runs for days.
const shortSeconds = 10
const longSeconds = 50
const clipSeconds = longSeconds - shortSeconds
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
    const [short, long] = [join(dir, 'short.mp4'), join(dir, 'long.mp4')]
    writeClip({ file: short, durationS: shortSeconds, ...frame, fps: 25 })
    const { scene } = writeClip({ file: long, durationS: longSeconds, ...frame, fps: 25 })
    const line = [
      [scene.line.from.x, scene.line.from.y],
      [scene.line.to.x, scene.line.to.y],
    ]
    await benchIdle()
    await benchMemory(modelPath, line)
    for (const one of cases) await benchCpu(one, { short, long, line, modelPath })
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

type Clips = { short: string; long: string; line: unknown; modelPath: string }

async function benchCpu(one: Case, clips: Clips): Promise<void> {
  const rounds: { own: number; limit: number }[] = []
  for (let turn = 0; turn < runs; turn++) {
    const limitMs = await limitOf(one, clips)
    rounds.push({ own: (await ownMsOf(one, clips)) / clipSeconds, limit: limitMs / clipSeconds })
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
async function limitOf({ mode, everyMs }: Case, { short, long, modelPath }: Clips): Promise<number> {
  const { widthPx, heightPx } = sizeFor(frame)
  const decode = (file: string) => child('limit-decode.ts', [file, mode, everyMs, widthPx, heightPx])
  const [less, more] = [await decode(short), await decode(long)]
  const inference = await child('limit-inference.ts', [modelPath, widthPx, heightPx, more.frames - less.frames])
  return more.cpuMs - less.cpuMs + inference.cpuMs
}

async function child(file: string, args: (string | number)[]): Promise<{ cpuMs: number; frames: number }> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const [command, ...before] = onOneProcessor
  const { stdout } = await run(command, [...before, path, ...args.map(String)])
  return JSON.parse(stdout)
}

/** The CPU of the engine for what the long clip has more than the short one, once libraries and model are loaded. */
async function ownMsOf(one: Case, { short, long, line, modelPath }: Clips): Promise<number> {
  await using engine = await startEngine(modelPath, 4)
  const pass = (pipelineId: string, file: string) =>
    new Promise<number>((resolve, reject) => {
      const before = cpuMsOf(engine.pid)
      engine.onMessage((message) => {
        if (!('pipelineId' in message) || message.pipelineId !== pipelineId) return
        if (message.kind === 'ended') resolve(cpuMsOf(engine.pid) - before)
        if (message.kind === 'threw') reject(new Error(message.error.message))
      })
      engine.send({ kind: 'start', pipelineId, assignment: peopleFlowOf(`file://${file}`, line, one.everySeconds) })
    })
  await pass('warm', short)
  const less = await pass('short', short)
  return (await pass('long', long)) - less
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
