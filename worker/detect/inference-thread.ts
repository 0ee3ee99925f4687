// A worker thread that holds one session of the detector model and answers one picture at a time.
import { parentPort, workerData } from 'node:worker_threads'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import type { ModelOutputs, PictureSize } from './decode-objects.ts'

export type ThreadRequest = PictureSize & { callId: number; rgb: Uint8Array }

export type ThreadAnswer =
  | { kind: 'ready' }
  | { kind: 'outputs'; callId: number; outputs: ModelOutputs }
  | { kind: 'failed'; callId: number; message: string }

if (parentPort) await serve(parentPort, (workerData as { modelPath: string }).modelPath)

async function serve(port: NonNullable<typeof parentPort>, modelPath: string): Promise<void> {
  // Two threads inside one session are slower than two sessions with one each.
  const session = await InferenceSession.create(modelPath, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
  })
  port.on('message', async (request: ThreadRequest) => port.postMessage(await answer(session, request)))
  port.postMessage({ kind: 'ready' } satisfies ThreadAnswer)
}

async function answer(session: InferenceSession, request: ThreadRequest): Promise<ThreadAnswer> {
  const { callId } = request
  try {
    const { scores, classes, cells, extents } = await session.run({
      rgb: new Tensor('uint8', request.rgb, [1, request.heightPx, request.widthPx, 3]),
    })
    const outputs = {
      scores: numbers(scores),
      classes: numbers(classes),
      cells: numbers(cells),
      extents: numbers(extents),
    }
    return { kind: 'outputs', callId, outputs }
  } catch (error) {
    return { kind: 'failed', callId, message: error instanceof Error ? error.message : String(error) }
  }
}

function numbers(tensor: Tensor | undefined): Float32Array {
  if (!tensor) throw new Error('the model lacks an output')
  if (tensor.data instanceof Float32Array) return tensor.data
  if (tensor.data instanceof BigInt64Array) return Float32Array.from(tensor.data, Number)
  throw new Error(`the model gives ${tensor.type}`)
}
