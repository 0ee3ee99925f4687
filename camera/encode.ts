// H.264 by libx264: no B frames, a key frame every second and whenever one is asked for, parameter sets in band.
import {
  AV_CODEC_FLAG_LOW_DELAY,
  AV_LOG_WARNING,
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_YUV420P,
  FF_ENCODER_LIBX264,
} from 'node-av/constants'
import { Codec, CodecContext, FFmpegError, Frame, Log, Packet, Rational } from 'node-av/lib'
import { type NalUnit, nalType, splitAnnexB } from './nal.ts'
import type { YuvFrame } from './render.ts'

/** One encoded frame: its NAL units without start codes, parameter sets included when it is a key frame. */
export type AccessUnit = { nals: NalUnit[]; isKeyFrame: boolean; ptsMs: number }

export type ParameterSets = { sps: NalUnit; pps: NalUnit }

export type EncoderOptions = { widthPx: number; heightPx: number; fps: number }

/** Encodes one frame at a time; must be disposed, since it holds native memory. */
export type Encoder = {
  /** Errors: throws what libx264 says. */
  encode(frame: YuvFrame, ptsMs: number, asKeyFrame: 'key' | 'any'): AccessUnit
  [Symbol.dispose](): void
}

const encoderOptions = {
  preset: 'ultrafast',
  tune: 'zerolatency',
  // Constant quality; about 2 Mbit/s at 1280x720 and 15 frames a second (camera/camera.system.test.ts).
  crf: '26',
  'forced-idr': '1',
  'x264-params': 'scenecut=0:repeat-headers=1',
}

export function openEncoder({ widthPx, heightPx, fps }: EncoderOptions): Encoder {
  const codec = Codec.findEncoderByName(FF_ENCODER_LIBX264)
  if (!codec) throw new Error('this build of node-av has no libx264')
  // The library writes to stderr by itself; only what is wrong belongs there.
  Log.setLevel(AV_LOG_WARNING)
  const context = new CodecContext()
  context.allocContext3(codec)
  context.width = widthPx
  context.height = heightPx
  context.pixelFormat = AV_PIX_FMT_YUV420P
  context.timeBase = new Rational(1, 1000)
  context.framerate = new Rational(fps, 1)
  context.gopSize = fps
  context.maxBFrames = 0
  context.threadCount = 1
  context.setFlags(AV_CODEC_FLAG_LOW_DELAY)
  // Options go in one by one: a dictionary handed to `open2Sync` is freed twice and ends the process.
  for (const [name, value] of Object.entries(encoderOptions)) {
    FFmpegError.throwIfError(context.setOption(name, value), `set ${name} of libx264`)
  }
  FFmpegError.throwIfError(context.open2Sync(codec), 'open libx264')
  const packet = new Packet()
  packet.alloc()
  return {
    encode(frame, ptsMs, asKeyFrame) {
      sendFrame(context, frame, ptsMs, asKeyFrame)
      FFmpegError.throwIfError(context.receivePacketSync(packet), 'encode a frame')
      const data = packet.data
      if (!data) throw new Error('libx264 gave an empty packet')
      const nals = splitAnnexB(Buffer.from(data))
      packet.unref()
      return { nals, isKeyFrame: nals.some((nal) => nalType(nal) === 5), ptsMs }
    },
    [Symbol.dispose]() {
      packet.free()
      context.freeContext()
    },
  }
}

function sendFrame(context: CodecContext, frame: YuvFrame, ptsMs: number, asKeyFrame: 'key' | 'any'): void {
  const { data, widthPx, heightPx } = frame
  const picture = Frame.fromVideoBuffer(Buffer.from(data.buffer, data.byteOffset, data.byteLength), {
    width: widthPx,
    height: heightPx,
    format: AV_PIX_FMT_YUV420P,
    pts: BigInt(Math.round(ptsMs)),
    timeBase: { num: 1, den: 1000 },
  })
  picture.pictType = asKeyFrame === 'key' ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE
  const result = context.sendFrameSync(picture)
  picture.free()
  FFmpegError.throwIfError(result, 'hand a frame to libx264')
}

/** The parameter sets that a key frame carries. */
export function parameterSetsOf(unit: AccessUnit): ParameterSets {
  const sps = unit.nals.find((nal) => nalType(nal) === 7)
  const pps = unit.nals.find((nal) => nalType(nal) === 8)
  if (!sps || !pps) throw new Error('a key frame came without parameter sets')
  return { sps, pps }
}
