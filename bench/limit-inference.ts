// The limit of detection: the model alone on ONNX Runtime, one thread. Prints {"cpuMs", "count"}.
// node limit-inference.ts MODEL WIDTH HEIGHT COUNT
import { InferenceSession, Tensor } from 'onnxruntime-node'

const [model = '', width, height, count] = process.argv.slice(2)
const session = await InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 })
const shape = [1, Number(height), Number(width), 3]
const rgb = new Uint8Array(Number(width) * Number(height) * 3).map((_, position) => (position * 31) % 251)
const feeds = { [session.inputNames[0] ?? '']: new Tensor('uint8', rgb, shape) }
await session.run(feeds)
const before = process.cpuUsage()
for (let run = 0; run < Number(count); run++) await session.run(feeds)
const { user, system } = process.cpuUsage(before)
console.log(JSON.stringify({ cpuMs: (user + system) / 1000, count: Number(count) }))
