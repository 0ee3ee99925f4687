// The limit of decoding: FFmpeg in this process with nothing around it. Prints {"cpuMs", "frames"}.
// node limit-decode.ts FILE all|key SAMPLE_EVERY_MS WIDTH HEIGHT: decodes every frame or key frames only, scales one frame a sample.
import { AV_PIX_FMT_RGB24, AV_PKT_FLAG_KEY, AVMEDIA_TYPE_VIDEO, SWS_AREA } from 'node-av/constants'
import { Codec, CodecContext, FFmpegError, FormatContext, Frame, Packet, SoftwareScaleContext } from 'node-av/lib'

const [file = '', mode, everyMs, width, height] = process.argv.slice(2)
const format = new FormatContext()
format.allocContext()
FFmpegError.throwIfError(await format.openInput(file, null, null), 'open')
FFmpegError.throwIfError(await format.findStreamInfo(null), 'probe')
const stream = format.streams.find((one) => one.codecpar.codecType === AVMEDIA_TYPE_VIDEO)
if (!stream) throw new Error('no video')
const codec = Codec.findDecoder(stream.codecpar.codecId)
if (!codec) throw new Error('no decoder')
const decoder = new CodecContext()
decoder.allocContext3(codec)
decoder.parametersToContext(stream.codecpar)
decoder.threadCount = 1
FFmpegError.throwIfError(await decoder.open2(codec, null), 'open the decoder')
const packet = new Packet()
packet.alloc()
const frame = new Frame()
frame.alloc()
const small = new Frame()
small.alloc()
small.width = Number(width)
small.height = Number(height)
small.format = AV_PIX_FMT_RGB24
small.getBuffer()
const scaler = new SoftwareScaleContext()
scaler.getContext(
  stream.codecpar.width,
  stream.codecpar.height,
  stream.codecpar.format as never,
  small.width,
  small.height,
  AV_PIX_FMT_RGB24,
  SWS_AREA,
)
const msPerTick = (1000 * stream.timeBase.num) / stream.timeBase.den

const before = process.cpuUsage()
let frames = 0
let dueMs = 0
const take = async () => {
  while ((await decoder.receiveFrame(frame)) >= 0) {
    const atMs = Number(frame.bestEffortTimestamp) * msPerTick
    if (atMs + 1 >= dueMs) {
      await scaler.scaleFrame(small, frame)
      frames++
      dueMs = Math.max(dueMs + Number(everyMs), atMs + Number(everyMs) / 2)
    }
    frame.unref()
  }
}
while ((await format.readFrame(packet)) >= 0) {
  if (packet.streamIndex === stream.index && (mode === 'all' || packet.flags & AV_PKT_FLAG_KEY)) {
    await decoder.sendPacket(packet)
    await take()
  }
  packet.unref()
}
await decoder.sendPacket(null)
await take()
const { user, system } = process.cpuUsage(before)
console.log(JSON.stringify({ cpuMs: (user + system) / 1000, frames }))
