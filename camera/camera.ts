// The synthetic camera: the street scene, painted and encoded in real time while someone watches, served over RTSP.
import { type AccessUnit, type Encoder, openEncoder, parameterSetsOf } from './encode.ts'
import { openPainter, type Painter } from './render.ts'
import type { Credentials } from './rtsp-auth.ts'
import { openRtspServer, type RtspServer } from './rtsp-server.ts'
import type { LiveTrack } from './rtsp-session.ts'
import { makeStreet, type Scene } from './scene.ts'
import { type Truth, truthOf } from './truth.ts'

export type CameraOptions = {
  /** Address to listen on; 127.0.0.1 when absent. */
  host?: string
  /** 0, the default, takes a free one. */
  port?: number
  /** Last part of the address; `street` when absent. */
  path?: string
  /** How many addresses show the same stream, at the cost of one: `PATH`, `PATH-2`, `PATH-3`, …; 1 when absent. */
  copies?: number
  /** 1280 when absent. Even. */
  widthPx?: number
  /** 720 when absent. Even. */
  heightPx?: number
  /** 15 when absent. */
  fps?: number
  /** Another number gives another street: other times, other pavement. 1 when absent. */
  seed?: number
  /** Asked of every viewer when present; never part of `url`. */
  credentials?: Credentials
  /** The clock, epoch ms. */
  nowMs: () => number
}

export type Camera = {
  /** `rtsp://HOST:PORT/PATH`. */
  url: string
  /** Every address, `url` first. */
  urls: string[]
  /** Epoch ms of scene time 0: what the truth says happens at `t` is seen at `startedAtMs + t`. */
  startedAtMs: number
  truth: Truth
  scene: Scene
  server: RtspServer
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts a camera that runs until it is disposed.
 *
 * Shape: scene time goes on whether or not someone watches; frames are made only while someone does.
 * Errors: rejects if the address cannot be taken or the size is odd.
 */
export async function startCamera(options: CameraOptions): Promise<Camera> {
  const { host = '127.0.0.1', port = 0, path = 'street', copies = 1, fps = 15, seed = 1, nowMs } = options
  const { widthPx = 1280, heightPx = 720 } = options
  if (widthPx % 2 !== 0 || heightPx % 2 !== 0) throw new RangeError('width and height of a camera are even')
  const scene = makeStreet({ seed, widthPx, heightPx })
  const painter = openPainter(scene)
  await using opened = new AsyncDisposableStack()
  const encoder = opened.use(openEncoder({ widthPx, heightPx, fps }))
  // The first frame gives the parameter sets that DESCRIBE has to name before anyone watches.
  const sets = parameterSetsOf(encoder.encode(painter.paint(0), 0, 'key'))
  const startedAtMs = nowMs()
  const pump = opened.use(openPump({ painter, encoder, fps, startedAtMs, nowMs }))
  const track = { ...pump.track, sets }
  const paths = Array.from({ length: copies }, (_, i) => (i === 0 ? path : `${path}-${i + 1}`))
  const tracks = new Map(paths.map((each) => [each, track]))
  const login = options.credentials ? { credentials: options.credentials } : {}
  const server = opened.use(await openRtspServer({ host, port, tracks, nowMs, ...login }))
  const base = `rtsp://${host.includes(':') ? `[${host}]` : host}:${server.port}`
  const urls = paths.map((each) => `${base}/${each}`)
  // From here on the camera closes what was opened, the server first.
  const held = opened.move()
  return {
    url: `${base}/${path}`,
    urls,
    startedAtMs,
    truth: truthOf(scene),
    scene,
    server,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

type PumpOptions = { painter: Painter; encoder: Encoder; fps: number; startedAtMs: number; nowMs: () => number }

type Pump = { track: Omit<LiveTrack, 'sets'>; [Symbol.dispose](): void }

// Frame n is due at `startedAtMs + n * 1000 / fps`; a frame that is late by more than one is left out, never queued.
function openPump({ painter, encoder, fps, startedAtMs, nowMs }: PumpOptions): Pump {
  const listeners = new Set<(unit: AccessUnit) => void>()
  let timer: NodeJS.Timeout | undefined
  let wantsKeyFrame = false
  // Frame 0 was encoded before anyone watched; times given to the encoder only rise.
  let lastFrame = 0
  const schedule = () => {
    const frame = Math.max(lastFrame + 1, Math.ceil(((nowMs() - startedAtMs) * fps) / 1000))
    timer = setTimeout(() => show(frame), startedAtMs + (frame * 1000) / fps - nowMs())
  }
  const show = (frame: number) => {
    lastFrame = frame
    const ptsMs = (frame * 1000) / fps
    const unit = encoder.encode(painter.paint(ptsMs), ptsMs, wantsKeyFrame ? 'key' : 'any')
    wantsKeyFrame = false
    for (const listen of listeners) listen(unit)
    schedule()
  }
  const rest = () => {
    clearTimeout(timer)
    timer = undefined
  }
  return {
    track: {
      fps,
      epochMsOf: (ptsMs) => startedAtMs + ptsMs,
      nowPtsMs: () => nowMs() - startedAtMs,
      subscribe(listen) {
        listeners.add(listen)
        if (timer === undefined) schedule()
        return () => {
          listeners.delete(listen)
          if (listeners.size === 0) rest()
        }
      },
      wantKeyFrame() {
        wantsKeyFrame = true
      },
    },
    [Symbol.dispose]: rest,
  }
}
