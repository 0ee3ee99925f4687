// The only file that knows node-av: FFmpeg in this process, by its low-level calls. Long because nothing else may name the
// library. Everything opened here is freed here by hand: over 240 openings the process stays at 119 to 141 MB, while
// memory left to the garbage collector reaches 197 to 213 MB within 45.
import { constants } from 'node:os'
import type { AVPixelFormat } from 'node-av/constants'
import {
  AV_CODEC_FLAG_QSCALE,
  AV_CODEC_ID_MJPEG,
  AV_LOG_QUIET,
  AV_NOPTS_VALUE,
  AV_PIX_FMT_GRAY8,
  AV_PIX_FMT_RGB24,
  AV_PIX_FMT_YUVJ420P,
  AVCOL_RANGE_JPEG,
  AVCOL_SPC_BT470BG,
  AVDISCARD_ALL,
  AVERROR_DECODER_NOT_FOUND,
  AVERROR_DEMUXER_NOT_FOUND,
  AVERROR_ENOENT,
  AVERROR_EOF,
  AVERROR_EXIT,
  AVERROR_HTTP_BAD_REQUEST,
  AVERROR_HTTP_FORBIDDEN,
  AVERROR_HTTP_NOT_FOUND,
  AVERROR_HTTP_OTHER_4XX,
  AVERROR_HTTP_SERVER_ERROR,
  AVERROR_HTTP_TOO_MANY_REQUESTS,
  AVERROR_HTTP_UNAUTHORIZED,
  AVERROR_INVALIDDATA,
  AVERROR_PATCHWELCOME,
  AVERROR_STREAM_NOT_FOUND,
  AVMEDIA_TYPE_VIDEO,
  FF_QP2LAMBDA,
  SWS_AREA,
} from 'node-av/constants'
import {
  Frame as AvFrame,
  Codec,
  CodecContext,
  Dictionary,
  FFmpegError,
  FormatContext,
  Log,
  Packet,
  Rational,
  SoftwareScaleContext,
} from 'node-av/lib'

Log.setLevel(AV_LOG_QUIET)

export type MediaFault =
  | 'interrupted'
  | 'refused'
  | 'notFound'
  | 'silent'
  | 'notMedia'
  | 'credentials'
  | 'codec'
  | 'serverRefused'
  | 'ended'
  | 'changed'
  | 'broken'

/** What FFmpeg answered to one call; `fault` is our word for its code, the message holds no address. */
export class MediaError extends Error {
  override name = 'MediaError'
  readonly fault: MediaFault
  constructor(attempt: string, fault: MediaFault, code?: number) {
    super(code === undefined ? attempt : `${attempt}: ${FFmpegError.strerror(code)}`)
    this.fault = fault
  }
}

const faults = new Map<number, MediaFault>([
  [AVERROR_EXIT, 'interrupted'],
  [-constants.errno.ECONNREFUSED, 'refused'],
  [-constants.errno.ETIMEDOUT, 'silent'],
  [AVERROR_ENOENT, 'notFound'],
  [AVERROR_HTTP_NOT_FOUND, 'notFound'],
  [AVERROR_STREAM_NOT_FOUND, 'notMedia'],
  [AVERROR_INVALIDDATA, 'notMedia'],
  [AVERROR_DEMUXER_NOT_FOUND, 'notMedia'],
  [AVERROR_HTTP_UNAUTHORIZED, 'credentials'],
  [AVERROR_HTTP_FORBIDDEN, 'credentials'],
  [AVERROR_DECODER_NOT_FOUND, 'codec'],
  [AVERROR_PATCHWELCOME, 'codec'],
  [AVERROR_HTTP_BAD_REQUEST, 'serverRefused'],
  [AVERROR_HTTP_OTHER_4XX, 'serverRefused'],
  [AVERROR_HTTP_TOO_MANY_REQUESTS, 'serverRefused'],
  [AVERROR_HTTP_SERVER_ERROR, 'serverRefused'],
])

const mediaError = (attempt: string, code: number) => new MediaError(attempt, faults.get(code) ?? 'broken', code)

function must(code: number, attempt: string): void {
  if (code < 0) throw mediaError(attempt, code)
}

export type PixelFormat = 'gray8' | 'rgb24' | 'yuvj420p'
const pixelFormats = {
  gray8: AV_PIX_FMT_GRAY8,
  rgb24: AV_PIX_FMT_RGB24,
  yuvj420p: AV_PIX_FMT_YUVJ420P,
} as const

/**
 * Makes pictures of one size and pixel format: rows without padding, planes one after another. Calls must not overlap.
 *
 * Preparing costs as much as a third of scaling (0.5 of 2.1 ms from 1080p to rgb24 512x288), so it is kept for a stream.
 */
export class Scaler implements Disposable {
  readonly #scaled = new AvFrame()
  #context: SoftwareScaleContext | undefined
  #preparedFor = ''

  constructor(widthPx: number, heightPx: number, format: PixelFormat) {
    this.#scaled.alloc()
    this.#scaled.width = widthPx
    this.#scaled.height = heightPx
    this.#scaled.format = pixelFormats[format]
    must(this.#scaled.getBuffer(), 'hold a scaled frame')
  }

  /** Only `Frame` calls this. */
  async scale(source: AvFrame): Promise<Uint8Array> {
    must(await this.#prepared(source).scaleFrame(this.#scaled, source), 'scale a frame')
    return this.#scaled.toBuffer()
  }

  #prepared(source: AvFrame): SoftwareScaleContext {
    const sourceKind = `${source.width}x${source.height} ${source.format}`
    if (this.#context && this.#preparedFor === sourceKind) return this.#context
    this.#context?.freeContext()
    const { width, height, format } = this.#scaled
    const context = new SoftwareScaleContext()
    context.getContext(
      source.width,
      source.height,
      source.format as AVPixelFormat,
      width,
      height,
      format as AVPixelFormat,
      SWS_AREA,
    )
    this.#context = context
    this.#preparedFor = sourceKind
    return context
  }

  [Symbol.dispose](): void {
    this.#context?.freeContext()
    this.#context = undefined
    this.#scaled.free()
  }
}

/** One decoded picture; a reference to native memory that its holder frees. */
export class Frame implements Disposable {
  readonly #native: AvFrame
  /** Presentation time by the clock of the stream, in ms; absent when the stream gives none. */
  readonly streamMs: number | undefined

  constructor(native: AvFrame, streamMs: number | undefined) {
    this.#native = native
    this.streamMs = streamMs
  }

  get widthPx(): number {
    return this.#native.width
  }

  get heightPx(): number {
    return this.#native.height
  }

  /** A second reference to the same pixels; they are not copied. */
  share(): Frame {
    const native = this.#native.clone()
    if (!native) throw new MediaError('share a frame', 'broken')
    return new Frame(native, this.streamMs)
  }

  /** The picture as `scaler` makes it. */
  scale(scaler: Scaler): Promise<Uint8Array> {
    return scaler.scale(this.#native)
  }

  [Symbol.dispose](): void {
    this.#native.free()
  }
}

export type MediaFacts = {
  /** FFmpeg's name of the demuxer, such as `hls` or `rtsp`. */
  formatName: string
  codec: string
  widthPx: number
  heightPx: number
  /** 0 when the stream does not say. */
  fps: number
  /** Whether the container or the server says where the input ends. */
  hasEnd: boolean
  /** Where the demuxer ended up after redirects that it followed by itself. */
  openedUrl: string
}

export type PacketFacts = {
  isKey: boolean
  /** Presentation time by the clock of the stream, in ms; absent when the packet has none. */
  streamMs: number | undefined
}

export type OpenOptions = {
  options: Record<string, string>
  signal: AbortSignal
  /** The longest that opening may take; the longest that one read may take. */
  openWithinMs: number
  readWithinMs: number
  /** How long the transport waits for an answer, as told in `options`: a call that failed no sooner met silence. */
  silentAfterMs: number
}

/** An open input with one video stream and its decoder. Calls must not overlap; disposing waits for nothing but itself. */
export class MediaInput implements AsyncDisposable {
  readonly #format: FormatContext
  readonly #open: OpenOptions
  readonly #packet = new Packet()
  readonly #interrupt = () => this.#format.interrupt()
  #codec: CodecContext | undefined
  #streamIndex = -1
  #msPerTick = 0
  #facts: MediaFacts | undefined

  private constructor(open: OpenOptions) {
    this.#open = open
    this.#format = new FormatContext()
    // Without a context that exists before `openInput`, `interrupt` does not reach the opening (measured).
    this.#format.allocContext()
    this.#packet.alloc()
    open.signal.addEventListener('abort', this.#interrupt)
  }

  /** Errors: throws `MediaError`; `interrupted` when the signal ended it. */
  static async open(url: string, open: OpenOptions): Promise<MediaInput> {
    const input = new MediaInput(open)
    try {
      await input.#openWithin(url)
      return input
    } catch (error) {
      await input[Symbol.asyncDispose]()
      throw error
    }
  }

  get facts(): MediaFacts {
    if (!this.#facts) throw new MediaError('ask an input that is not open', 'broken')
    return this.#facts
  }

  async #openWithin(url: string): Promise<void> {
    await this.#limited('open the input', this.#open.openWithinMs, async () => {
      using options = Dictionary.fromObject(this.#open.options)
      const opened = await this.#format.openInput(url, null, options)
      return opened < 0 ? opened : await this.#format.findStreamInfo()
    })
    this.#streamIndex = this.#format.findBestStream(AVMEDIA_TYPE_VIDEO)
    if (this.#streamIndex < 0) throw new MediaError('the input has no video', 'notMedia')
    await this.#openDecoder()
    await this.#findSize()
  }

  async #openDecoder(): Promise<void> {
    for (const other of this.#format.streams) if (other.index !== this.#streamIndex) other.discard = AVDISCARD_ALL
    const stream = this.#format.streams[this.#streamIndex]
    const decoder = stream && Codec.findDecoder(stream.codecpar.codecId)
    if (!stream || !decoder) throw new MediaError('no decoder for this codec', 'codec')
    const codec = new CodecContext()
    this.#codec = codec
    codec.allocContext3(decoder)
    must(codec.parametersToContext(stream.codecpar), 'prepare the decoder')
    // The parallelism is the number of streams; frame threads would cost memory and delay.
    codec.threadCount = 1
    codec.pktTimebase = stream.timeBase
    must(await codec.open2(decoder), 'open the decoder')
    this.#msPerTick = (stream.timeBase.num / stream.timeBase.den) * 1000
    this.#facts = factsOf(this.#format, stream, decoder.name)
  }

  /** Some cameras name the picture size in their key frames only, which may be later than probing looks. */
  async #findSize(): Promise<void> {
    const untilMs = performance.now() + this.#open.openWithinMs
    while (this.facts.widthPx === 0 && performance.now() < untilMs && (await this.readPacket())) {
      for (const frame of await this.decode()) {
        this.#facts = { ...this.facts, widthPx: frame.widthPx, heightPx: frame.heightPx }
        frame[Symbol.dispose]()
      }
    }
    if (this.facts.widthPx === 0) throw new MediaError('the input has no picture', 'notMedia')
  }

  /** Runs one blocking call; ends it when the signal or the limit says so. */
  async #limited(attempt: string, limitMs: number, call: () => Promise<number>): Promise<number> {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      this.#format.interrupt()
    }, limitMs)
    const startedAtMs = performance.now()
    const code = await this.#unlessAborted(call).finally(() => clearTimeout(timer))
    if (code >= 0 || code === AVERROR_EOF) return code
    // An interrupted or silent opening reads as "Invalid data" with some protocols, so the clock decides.
    if (this.#open.signal.aborted) throw new MediaError(attempt, 'interrupted')
    if (isLate || performance.now() - startedAtMs > this.#open.silentAfterMs) throw new MediaError(attempt, 'silent')
    throw mediaError(attempt, code)
  }

  async #unlessAborted(call: () => Promise<number>): Promise<number> {
    return this.#open.signal.aborted ? AVERROR_EXIT : call()
  }

  /** Reads the next video packet and keeps it; `undefined` at the end of the input. */
  async readPacket(): Promise<PacketFacts | undefined> {
    for (;;) {
      this.#packet.unref()
      const code = await this.#limited('read the input', this.#open.readWithinMs, () =>
        this.#format.readFrame(this.#packet),
      )
      if (code === AVERROR_EOF) return this.#end()
      if (this.#packet.streamIndex !== this.#streamIndex) continue
      return { isKey: this.#packet.isKeyframe, streamMs: this.#ms(this.#packet.pts) }
    }
  }

  /** A cut connection to a file of known size reads as its end; only the transport knows better. */
  #end(): undefined {
    const code = this.#format.pb?.error
    if (code !== undefined && code < 0 && code !== AVERROR_EOF) throw mediaError('read the input', code)
  }

  #ms(ticks: bigint): number | undefined {
    return ticks === AV_NOPTS_VALUE ? undefined : Number(ticks) * this.#msPerTick
  }

  /** Decodes the packet that was read last. A damaged packet gives no frame and is not an error. */
  async decode(): Promise<Frame[]> {
    await this.#decoder().sendPacket(this.#packet)
    return this.#received()
  }

  /** Decodes the packet that was read last as if the stream ended with it, so that no frame is held back. */
  async decodeAlone(): Promise<Frame[]> {
    return [...(await this.decode()), ...(await this.drain())]
  }

  /** The frames that the decoder still holds. Decoding goes on at the next key frame. */
  async drain(): Promise<Frame[]> {
    await this.#decoder().sendPacket(null)
    const frames = this.#received()
    this.#decoder().flushBuffers()
    return frames
  }

  #decoder(): CodecContext {
    if (!this.#codec) throw new MediaError('decode with a closed input', 'broken')
    return this.#codec
  }

  /** `sendPacket` did the work of decoding off this thread; taking the frames costs microseconds. */
  #received(): Frame[] {
    const frames: Frame[] = []
    for (;;) {
      const native = new AvFrame()
      native.alloc()
      if (this.#decoder().receiveFrameSync(native) < 0) {
        native.free()
        return frames
      }
      frames.push(new Frame(native, this.#ms(native.bestEffortTimestamp)))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#open.signal.removeEventListener('abort', this.#interrupt)
    this.#codec?.freeContext()
    this.#codec = undefined
    this.#packet.free()
    await this.#format.closeInput()
  }
}

function factsOf(format: FormatContext, stream: FormatContext['streams'][number], codec: string | null): MediaFacts {
  const { num, den } = stream.avgFrameRate
  // Of a playlist the transport knows the size of the list only.
  const hasSize = format.iformat?.name !== 'hls' && (format.pb?.sizeSync() ?? -1n) > 0n
  return {
    formatName: format.iformat?.name ?? 'unknown',
    codec: codec ?? 'unknown',
    widthPx: stream.codecpar.width,
    heightPx: stream.codecpar.height,
    fps: den > 0 ? num / den : 0,
    hasEnd: format.duration > 0n || hasSize,
    openedUrl: format.url ?? '',
  }
}

/**
 * Encodes a picture as JPEG.
 *
 * Shape: `yuv` is planar 4:2:0 in full range, rows without padding, even width and height.
 * Units: `quality` is 1 to 100 as in libjpeg; the encoder's own scale has 30 steps.
 */
export async function encodeJpeg(
  yuv: Uint8Array,
  size: { widthPx: number; heightPx: number },
  quality: number,
): Promise<Uint8Array> {
  const encoder = Codec.findEncoder(AV_CODEC_ID_MJPEG)
  if (!encoder) throw new MediaError('no JPEG encoder', 'broken')
  using codec = new CodecContext()
  codec.allocContext3(encoder)
  Object.assign(codec, { width: size.widthPx, height: size.heightPx, pixelFormat: AV_PIX_FMT_YUVJ420P, threadCount: 1 })
  // One picture has no rate, but the encoder does not open without one.
  codec.timeBase = new Rational(1, 25)
  codec.colorRange = AVCOL_RANGE_JPEG
  codec.colorSpace = AVCOL_SPC_BT470BG
  codec.setFlags(AV_CODEC_FLAG_QSCALE)
  codec.globalQuality = FF_QP2LAMBDA * quantizer(quality)
  must(await codec.open2(encoder, null), 'open the JPEG encoder')
  const buffer = Buffer.from(yuv.buffer, yuv.byteOffset, yuv.byteLength)
  using frame = AvFrame.fromVideoBuffer(buffer, {
    width: size.widthPx,
    height: size.heightPx,
    format: AV_PIX_FMT_YUVJ420P,
  })
  frame.quality = FF_QP2LAMBDA * quantizer(quality)
  frame.pts = 0n
  must(await codec.sendFrame(frame), 'encode a JPEG')
  using packet = new Packet()
  packet.alloc()
  must(await codec.receivePacket(packet), 'encode a JPEG')
  return new Uint8Array(packet.data ?? Buffer.alloc(0))
}

/** libjpeg scales its tables by 50/q below quality 50 and by 2 - q/50 above; FFmpeg by its quantizer (2 to 31) / 8. */
function quantizer(quality: number): number {
  const scale = quality < 50 ? 50 / quality : 2 - quality / 50
  return Math.min(31, Math.max(2, Math.round(8 * scale)))
}
