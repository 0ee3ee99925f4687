// Writes a stretch of the scene to a file: the camera's pictures and truth for tests that want no network and no clock.
import { AV_CODEC_ID_H264, AV_PKT_FLAG_KEY, AVMEDIA_TYPE_VIDEO } from 'node-av/constants'
import { FFmpegError, FormatContext, Packet, Rational, type Stream } from 'node-av/lib'
import { type AccessUnit, type EncoderOptions, openEncoder, parameterSetsOf } from './encode.ts'
import { joinAnnexB } from './nal.ts'
import { openPainter } from './render.ts'
import { makeStreet, type Scene } from './scene.ts'
import { type Truth, truthOf } from './truth.ts'

export type ClipOptions = {
  /** The ending chooses the container: `.mp4`, `.mkv`. An existing file is replaced. */
  file: string
  durationS: number
  /** 1280, 720, 15 and 1 when absent, as for the camera. */
  widthPx?: number
  heightPx?: number
  fps?: number
  seed?: number
}

/** The first frame shows scene time 0, so times of the truth are times of the file. */
export type Clip = { file: string; frameCount: number; truth: Truth; scene: Scene }

/**
 * Writes the first `durationS` seconds of the street to a file.
 *
 * Shape: H.264, no sound, constant frame rate, a key frame every second.
 * Errors: throws FFmpeg's error if the file cannot be written.
 */
export function writeClip(options: ClipOptions): Clip {
  const { file, durationS, widthPx = 1280, heightPx = 720, fps = 15, seed = 1 } = options
  const scene = makeStreet({ seed, widthPx, heightPx })
  const painter = openPainter(scene)
  using encoder = openEncoder({ widthPx, heightPx, fps })
  const frameCount = Math.round(durationS * fps)
  using writer = openWriter(file, { widthPx, heightPx, fps })
  for (let frame = 0; frame < frameCount; frame++) {
    const ptsMs = (frame * 1000) / fps
    writer.write(encoder.encode(painter.paint(ptsMs), ptsMs, frame === 0 ? 'key' : 'any'), frame)
  }
  writer.finish()
  return { file, frameCount, truth: truthOf(scene), scene }
}

type Writer = { write(unit: AccessUnit, frame: number): void; finish(): void; [Symbol.dispose](): void }

function openWriter(file: string, options: EncoderOptions): Writer {
  const context = new FormatContext()
  check(context.allocOutputContext2(null, null, file), `choose a container for ${file}`)
  const stream = context.newStream(null)
  const packet = new Packet()
  packet.alloc()
  const start = (unit: AccessUnit) => {
    describe(stream, unit, options)
    check(context.openOutputSync(), `open ${file}`)
    check(context.writeHeaderSync(), `begin ${file}`)
  }
  return {
    write(unit, frame) {
      if (frame === 0) start(unit)
      fill(packet, unit, frame, options.fps, stream)
      check(context.interleavedWriteFrameSync(packet), `write to ${file}`)
      packet.unref()
    },
    finish() {
      check(context.writeTrailerSync(), `finish ${file}`)
      context.closeOutputSync()
    },
    [Symbol.dispose]() {
      packet.free()
      context.freeContext()
    },
  }
}

function describe(stream: Stream, unit: AccessUnit, { widthPx, heightPx, fps }: EncoderOptions): void {
  const { sps, pps } = parameterSetsOf(unit)
  const parameters = stream.codecpar
  parameters.codecType = AVMEDIA_TYPE_VIDEO
  parameters.codecId = AV_CODEC_ID_H264
  parameters.width = widthPx
  parameters.height = heightPx
  parameters.extradata = joinAnnexB([sps, pps])
  stream.timeBase = new Rational(1, fps)
  stream.avgFrameRate = new Rational(fps, 1)
}

function fill(packet: Packet, unit: AccessUnit, frame: number, fps: number, stream: Stream): void {
  packet.data = joinAnnexB(unit.nals)
  packet.streamIndex = stream.index
  packet.pts = BigInt(frame)
  packet.dts = BigInt(frame)
  packet.duration = 1n
  if (unit.isKeyFrame) packet.setFlags(AV_PKT_FLAG_KEY)
  // The container chooses its own time base when the file begins.
  packet.rescaleTs({ num: 1, den: fps }, stream.timeBase)
}

function check(result: number, attempt: string): void {
  FFmpegError.throwIfError(result, attempt)
}
