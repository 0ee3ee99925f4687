// Live sources as nginx and FFmpeg serve them: RTMP, HLS, HTTP-FLV, HTTP with MPEG-TS. Skipped where nginx with its RTMP
// module (Debian: libnginx-mod-rtmp) or the ffmpeg program is not installed.
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { writeClip } from '@sightline/camera/clip.ts'
import type { AddressPolicy } from '@sightline/contract/fleet.ts'
import { createSharedSources, type FrameFeed } from '@sightline/worker/engine/shared-source.ts'
import { SourceError } from '@sightline/worker/source/source-error.ts'
import { openSource } from '@sightline/worker/source/sources.ts'

const rtmpModule = '/usr/lib/nginx/modules/ngx_rtmp_module.so'
const isInstalled = (program: string) => {
  try {
    return execFileSync('which', [program]).length > 0
  } catch {
    return false
  }
}
const skip = existsSync(rtmpModule) && isInstalled('ffmpeg') ? false : 'needs nginx with its RTMP module, and ffmpeg'

const policy: AddressPolicy = { preset: 'lan', allow: ['127.0.0.0/8'], deny: [], own: [] }
const clock = () => Date.now()
const openFeed = createSharedSources({
  clock,
  openSource: (input, context) => openSource(input, { ...context, isFileAllowed: false }),
})
const watch = (url: string, sampleEveryMs = 200, signal = new AbortController().signal): Promise<FrameFeed> =>
  openFeed({ input: { type: 'url', data: [{ url }] }, policy, sampleEveryMs, signal })

let folder = ''
let clip = ''
let rtmpPort = 0
let httpPort = 0
let nginx: ChildProcess
let publisher: ChildProcess

before(async () => {
  if (skip) return
  folder = await mkdtemp(join(tmpdir(), 'sightline-live-test-'))
  clip = join(folder, 'street.mp4')
  writeClip({ file: clip, durationS: 6, widthPx: 320, heightPx: 180 })
  rtmpPort = await freePort()
  httpPort = await freePort()
  await mkdir(join(folder, 'hls'))
  await writeFile(join(folder, 'nginx.conf'), configuration())
  nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'ignore' })
  publisher = await publish()
})
after(async () => {
  if (skip) return
  await end(publisher)
  await end(nginx)
  await rm(folder, { recursive: true, force: true })
})

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

const configuration = () => `
load_module ${rtmpModule};
daemon off; master_process off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 64; }
rtmp { server { listen 127.0.0.1:${rtmpPort};
  application live { live on; hls on; hls_path ${folder}/hls; hls_fragment 1s; hls_playlist_length 6s; } } }
http { access_log off; client_body_temp_path ${folder}/body; server { listen 127.0.0.1:${httpPort}; root ${folder}; } }
`

/** Publishes the clip in a loop; resolves when its first segment lies there. */
async function publish(): Promise<ChildProcess> {
  const source = ['-re', '-stream_loop', '-1', '-i', clip, '-c', 'copy']
  for (let attempt = 0; ; attempt++) {
    const child = spawn('ffmpeg', ['-v', 'error', ...source, '-f', 'flv', `rtmp://127.0.0.1:${rtmpPort}/live/street`], {
      stdio: 'ignore',
    })
    const ended = once(child, 'exit')
    while (child.exitCode === null) {
      if (existsSync(join(folder, 'hls/street.m3u8'))) return child
      await Promise.race([pause(50), ended])
    }
    if (attempt > 50) throw new Error(`nothing can be published: ${await readFile(join(folder, 'error.log'), 'utf8')}`)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** The times of the next frames. */
async function times(feed: FrameFeed, count: number): Promise<number[]> {
  const found: number[] = []
  for await (const frame of feed) {
    found.push(frame.ptsMs)
    frame[Symbol.dispose]()
    if (found.length === count) break
  }
  return found
}

/** Serves the clip in a loop without an end, as cameras serve HTTP-FLV. */
async function aStreamingServer(format: 'flv' | 'mpegts') {
  const server = createServer((_request, response) => {
    const source = ['-re', '-stream_loop', '-1', '-i', clip, '-c', 'copy']
    const child = spawn('ffmpeg', ['-v', 'error', ...source, '-f', format, '-'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    child.stdout.pipe(response)
    response.once('close', () => child.kill('SIGKILL'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/street`, [Symbol.dispose]: () => void server.close() }
}

test('RTMP opens within 3 s and is live', { skip }, async () => {
  const startedAtMs = performance.now()
  await using feed = await watch(`rtmp://127.0.0.1:${rtmpPort}/live/street`)
  assert.ok(performance.now() - startedAtMs < 3000)
  assert.equal(feed.facts().isLive, true)
  assert.equal((await times(feed, 3)).length, 3)
})

test('a growing playlist is live', { skip }, async () => {
  await using feed = await watch(`http://127.0.0.1:${httpPort}/hls/street.m3u8`)
  assert.equal(feed.facts().isLive, true)
  assert.equal((await times(feed, 3)).length, 3)
})

for (const format of ['flv', 'mpegts'] as const) {
  test(`${format} over http without an end is live`, { skip }, async () => {
    using server = await aStreamingServer(format)
    await using feed = await watch(server.url)
    assert.equal(feed.facts().isLive, true)
    assert.equal((await times(feed, 3)).length, 3)
  })
}

test('when key frames come at the pace, every frame that is taken is one', { skip }, async () => {
  await using feed = await watch(`rtmp://127.0.0.1:${rtmpPort}/live/street`, 1000)
  const found = await times(feed, 5)
  assert.deepEqual(
    found.slice(1).map((ms, place) => Math.round((ms - (found[place] ?? 0)) / 100)),
    [10, 10, 10, 10],
  )
  assert.equal(Math.round((feed.facts().keyframeIntervalMs ?? 0) / 100), 10)
})

test('a slow task does not delay another one of the same camera', { skip }, async () => {
  const url = `rtmp://127.0.0.1:${rtmpPort}/live/street`
  await using quick = await watch(url)
  await using slow = await watch(url)
  for await (const frame of slow) {
    frame[Symbol.dispose]()
    assert.equal((await times(quick, 10)).length, 10)
    break
  }
  assert.ok(slow.droppedCount() >= 8, String(slow.droppedCount()))
  assert.equal(quick.droppedCount(), 0)
})

test('when its publisher goes, a live source is lost, not ended', { skip }, async () => {
  await using feed = await watch(`rtmp://127.0.0.1:${rtmpPort}/live/street`)
  await end(publisher)
  await assert.rejects(
    () => times(feed, 1000),
    (error) => error instanceof SourceError && !error.isPermanent,
  )
})
