import assert from 'node:assert/strict'
import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { AV_CODEC_ID_H264, AVMEDIA_TYPE_VIDEO } from 'node-av/constants'
import { Codec, CodecContext, Dictionary, FFmpegError, FormatContext, Frame, Packet } from 'node-av/lib'
import { startCamera } from './camera.ts'
import { writeClip } from './clip.ts'
import { openViewer, play } from './test-viewer.ts'
import { crossingsBetween, type Truth } from './truth.ts'

const run = promisify(execFile)
const hasFfmpeg = spawnSync('ffprobe', ['-version']).status === 0
const skip = hasFfmpeg ? false : 'ffprobe is not installed'
const timeout = 60_000
const small = { widthPx: 640, heightPx: 360, nowMs: Date.now }

for (const transport of ['tcp', 'udp']) {
  test(`ffmpeg reads the camera over ${transport} and decodes every frame`, { timeout, skip }, async () => {
    await using camera = await startCamera(small)
    const input = ['-v', 'warning', '-rtsp_transport', transport, '-i', camera.url]
    const frames = ['-frames:v', '30', '-f', 'framemd5', '-']
    const { stdout, stderr } = await run('ffmpeg', [...input, ...frames], { timeout })
    const lines = stdout.split('\n').filter((line) => /^0,/.test(line))
    assert.deepEqual([lines.length, stderr], [30, ''])
  })

  test(`node-av reads the camera over ${transport} and decodes frames`, { timeout }, async () => {
    await using camera = await startCamera(small)
    assert.deepEqual(await decodeFrames(camera.url, transport, 20), { count: 20, widthPx: 640, heightPx: 360 })
  })
}

/** Decodes the first frames of an address with FFmpeg's own client. */
async function decodeFrames(url: string, transport: string, wanted: number) {
  const input = new FormatContext()
  const options = Dictionary.fromObject({ rtsp_transport: transport, analyzeduration: '0' })
  FFmpegError.throwIfError(await input.openInput(url, null, options))
  FFmpegError.throwIfError(await input.findStreamInfo())
  const stream = input.streams[input.findBestStream(AVMEDIA_TYPE_VIDEO)]
  const codec = Codec.findDecoder(AV_CODEC_ID_H264)
  assert.ok(stream && codec)
  const decoder = new CodecContext()
  decoder.allocContext3(codec)
  decoder.parametersToContext(stream.codecpar)
  FFmpegError.throwIfError(await decoder.open2(codec))
  const packet = new Packet()
  packet.alloc()
  const frame = new Frame()
  frame.alloc()
  let count = 0
  const size = { widthPx: 0, heightPx: 0 }
  while (count < wanted) {
    FFmpegError.throwIfError(await input.readFrame(packet))
    FFmpegError.throwIfError(await decoder.sendPacket(packet))
    packet.unref()
    while (count < wanted && (await decoder.receiveFrame(frame)) >= 0) {
      count++
      size.widthPx = frame.width
      size.heightPx = frame.height
    }
  }
  frame.free()
  packet.free()
  decoder.freeContext()
  await input.closeInput()
  return { count, ...size }
}

test('ffprobe sees what the camera promises', { timeout, skip }, async () => {
  await using camera = await startCamera({ ...small, fps: 10 })
  const fields = 'stream=codec_name,width,height,pix_fmt,avg_frame_rate,has_b_frames'
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', fields, '-of', 'csv=p=0', camera.url])
  assert.equal(stdout.trim(), 'h264,640,360,0,yuv420p,10/1')
})

test('ten viewers at once each get every frame from a key frame on', { timeout }, async () => {
  await using camera = await startCamera(small)
  const viewers = await Promise.all(Array.from({ length: 10 }, () => openViewer(camera.url)))
  await Promise.all(viewers.map((viewer) => play(viewer, camera.url)))
  const seen = await Promise.all(
    viewers.map(async (viewer) => {
      const sequences: number[] = []
      const first = await viewer.packet()
      sequences.push(first.sequence)
      for (let frames = first.isLast ? 1 : 0; frames < 20; ) {
        const packet = await viewer.packet()
        sequences.push(packet.sequence)
        if (packet.isLast) frames++
      }
      const isWhole = sequences.every((sequence, i) => sequence === ((sequences[0] ?? 0) + i) % 65_536)
      return { startsWithParameterSets: (first.payload[0] ?? 0) % 32 === 24, isWhole, reports: viewer.reports.length }
    }),
  )
  assert.deepEqual(seen, Array(10).fill({ startsWithParameterSets: true, isWhole: true, reports: 1 }))
  for (const viewer of viewers) viewer.close()
})

type Printed = { url: string; startedAtMs: number; truth: Truth }

test('as a process it prints its address and truth and ends with its parent', { timeout }, async (t) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), '--fps', '15'])
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  const { url, startedAtMs, truth } = JSON.parse(line) as Printed
  assert.ok(crossingsBetween(truth, 0, 3000).length >= 1 && Math.abs(Date.now() - startedAtMs) < 10_000)
  const viewer = await openViewer(url)
  await play(viewer, url)
  const seconds = 10
  const before = await cpuMsOf(child.pid ?? 0)
  for (let frames = 0; frames < seconds * 15; ) if ((await viewer.packet()).isLast) frames++
  const share = ((await cpuMsOf(child.pid ?? 0)) - before) / (seconds * 10)
  t.diagnostic(`the default camera took ${share.toFixed(1)} % of a core in its first ${seconds} s`)
  viewer.close()
  child.stdin.end()
  assert.deepEqual(await once(child, 'exit'), [0, null])
})

/** CPU time of a process so far, from the kernel's counters of 10 ms. */
async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

test('as a process it refuses a wrong option with exit code 2 and one line that names it', { timeout }, async () => {
  for (const args of [
    ['--fps', 'many'],
    ['--wheels', '4'],
  ]) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args])
    const chunks: Buffer[] = []
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    const [code] = await once(child, 'close')
    assert.equal(code, 2)
    assert.match(Buffer.concat(chunks).toString(), new RegExp(args[0] ?? ''))
  }
})

for (const scheme of ['basic', 'digest'] as const) {
  test(`ffprobe opens a camera with a password by ${scheme}, and not with another one`, { timeout, skip }, async () => {
    await using camera = await startCamera({ ...small, credentials: { user: 'eve', password: 'apple', scheme } })
    const probe = (login: string) => {
      const address = camera.url.replace('rtsp://', `rtsp://${login}@`)
      return run('ffprobe', ['-v', 'error', '-rtsp_transport', 'tcp', '-show_entries', 'stream=width', address])
    }
    await probe('eve:apple')
    await assert.rejects(probe('eve:pear'), /401 Unauthorized/)
  })
}

test('copies are addresses of their own that show the same frames', { timeout }, async () => {
  await using camera = await startCamera({ ...small, copies: 3 })
  assert.deepEqual(
    camera.urls.map((url) => url.split('/').at(-1)),
    ['street', 'street-2', 'street-3'],
  )
  const viewers = await Promise.all(camera.urls.map(openViewer))
  await Promise.all(viewers.map((viewer, i) => play(viewer, camera.urls[i] ?? '')))
  const first = await Promise.all(viewers.map(async (viewer) => (await viewer.packet()).payload.toString('hex')))
  assert.equal(new Set(first).size, 1)
  for (const viewer of viewers) viewer.close()
})

test('a camera whose port is taken says so and leaves nothing open', { timeout }, async () => {
  await using camera = await startCamera(small)
  await assert.rejects(startCamera({ ...small, port: camera.server.port }), { code: 'EADDRINUSE' })
})

for (const ending of ['mp4', 'mkv']) {
  test(`a clip as .${ending} holds its frames and its truth`, { timeout, skip }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sightline-clip-'))
    const file = join(folder, `street.${ending}`)
    const clip = writeClip({ file, durationS: 3, widthPx: 640, heightPx: 360, fps: 10 })
    const fields = 'stream=codec_name,nb_read_frames:format=duration'
    const { stdout } = await run('ffprobe', [
      '-v',
      'error',
      '-count_frames',
      '-show_entries',
      fields,
      '-of',
      'csv=p=0',
      file,
    ])
    assert.deepEqual(stdout.trim().split('\n'), ['h264,30', '3.000000'])
    assert.deepEqual([clip.frameCount, crossingsBetween(clip.truth, 0, 2500).length], [30, 1])
    await rm(folder, { recursive: true })
  })
}
