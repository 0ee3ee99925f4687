// A fixed number of inference threads and one queue before them. Thread: opening -> idle <-> busy; any of them -> gone
// when the thread dies or takes too long, and a new one opens in its place.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { ModelOutputs, PictureSize } from './decode-objects.ts'
import type { ThreadAnswer, ThreadRequest } from './inference-thread.ts'

export type InferencePool = {
  run(picture: PictureSize & { rgb: Uint8Array }): Promise<ModelOutputs>
  close(): Promise<void>
}

export class DetectorBusyError extends Error {
  override name = 'DetectorBusyError'
}

export class DetectorFailedError extends Error {
  override name = 'DetectorFailedError'
}

/** Pictures that wait for a thread; at 440 KB each the queue holds 56 MB. When it is full, a call is refused. */
const waitingMax = 128

/** From the hand-over to a thread; a picture takes some 25 ms. */
const answerWithinMs = 30_000

/** How long closing waits for the picture that a thread works on, or for a model that is being loaded. */
const endWithinMs = 3_000

/** Pause before a thread that died while opening is opened again. */
const reopenAfterMs = 1_000

type Call = {
  picture: PictureSize & { rgb: Uint8Array }
  resolve(outputs: ModelOutputs): void
  reject(error: Error): void
}

type Slot = {
  worker: Worker
  state: 'opening' | 'idle' | 'busy' | 'gone'
  call?: Call | undefined
  timer?: NodeJS.Timeout | undefined
}

type Pool = {
  modelPath: string
  threadFile: URL
  slots: Set<Slot>
  waiting: Call[]
  isClosed: boolean
  callCount: number
  reopenTimers: Set<NodeJS.Timeout>
}

/**
 * `threadFile` is what runs on each thread and answers as `inference-thread.ts` does.
 *
 * Errors: throws when the first threads cannot load the model.
 */
export async function openInferencePool(options: {
  modelPath: string
  threadCount: number
  threadFile?: URL
}): Promise<InferencePool> {
  const pool: Pool = {
    modelPath: options.modelPath,
    threadFile: options.threadFile ?? new URL('./inference-thread.ts', import.meta.url),
    slots: new Set(),
    waiting: [],
    isClosed: false,
    callCount: 0,
    reopenTimers: new Set(),
  }
  const opened = Array.from({ length: options.threadCount }, () => openSlot(pool))
  const results = await Promise.allSettled(opened)
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) {
    await close(pool)
    throw new DetectorFailedError(`the detector model ${options.modelPath} cannot be loaded`, { cause: failed.reason })
  }
  return { run: (picture) => run(pool, picture), close: () => close(pool) }
}

function run(pool: Pool, picture: PictureSize & { rgb: Uint8Array }): Promise<ModelOutputs> {
  const { promise, resolve, reject } = Promise.withResolvers<ModelOutputs>()
  if (pool.isClosed) reject(new DetectorFailedError('the detector is closed'))
  else if (picture.rgb.length !== picture.widthPx * picture.heightPx * 3)
    reject(new DetectorFailedError(`${picture.rgb.length} bytes are not ${picture.widthPx}x${picture.heightPx} rgb24`))
  else if (pool.waiting.length >= waitingMax)
    reject(new DetectorBusyError(`${waitingMax} pictures already wait for the detector`))
  else {
    pool.waiting.push({ picture, resolve, reject })
    handOver(pool)
  }
  return promise
}

/** Gives the oldest waiting pictures to idle threads. */
function handOver(pool: Pool): void {
  for (const slot of pool.slots) {
    if (slot.state !== 'idle') continue
    const call = pool.waiting.shift()
    if (!call) return
    slot.state = 'busy'
    slot.call = call
    slot.timer = setTimeout(() => void slot.worker.terminate(), answerWithinMs)
    const rgb = ownBuffer(call.picture.rgb)
    const request: ThreadRequest = { ...call.picture, rgb, callId: ++pool.callCount }
    slot.worker.postMessage(request, [rgb.buffer])
  }
}

/** The bytes in an ArrayBuffer of their own, which can be handed to a thread without a copy. */
function ownBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength) return new Uint8Array(buffer)
  return new Uint8Array(bytes)
}

/** Opens one thread. The promise settles when it is ready, or rejects when it died before that. */
function openSlot(pool: Pool): Promise<void> {
  const ready = Promise.withResolvers<void>()
  const worker = new Worker(pool.threadFile, { workerData: { modelPath: pool.modelPath } })
  const slot: Slot = { worker, state: 'opening' }
  let cause: unknown
  pool.slots.add(slot)
  worker.on('message', (answer: ThreadAnswer) => {
    if (answer.kind === 'ready') ready.resolve()
    else settle(slot, answer)
    slot.state = 'idle'
    handOver(pool)
  })
  worker.on('error', (error) => {
    cause = error
  })
  worker.on('exit', () => {
    const wasOpening = slot.state === 'opening'
    ready.reject(cause ?? new Error('the inference thread ended while it opened'))
    lose(pool, slot, cause)
    if (pool.isClosed) return
    // While no thread can open, a caller is better told at once than left to wait.
    if (wasOpening && pool.slots.size === 0) rejectWaiting(pool, 'no inference thread can be opened', cause)
    reopen(pool, wasOpening ? reopenAfterMs : 0)
  })
  return ready.promise
}

function settle(slot: Slot, answer: Exclude<ThreadAnswer, { kind: 'ready' }>): void {
  clearTimeout(slot.timer)
  if (answer.kind === 'outputs') slot.call?.resolve(answer.outputs)
  else slot.call?.reject(new DetectorFailedError('the detector refused the picture', { cause: answer.message }))
  slot.call = undefined
}

function lose(pool: Pool, slot: Slot, cause: unknown): void {
  clearTimeout(slot.timer)
  slot.state = 'gone'
  pool.slots.delete(slot)
  slot.call?.reject(new DetectorFailedError('the inference thread died', { cause }))
  slot.call = undefined
}

function reopen(pool: Pool, afterMs: number): void {
  const timer = setTimeout(() => {
    pool.reopenTimers.delete(timer)
    // A thread that dies again comes back here by its exit.
    openSlot(pool).catch(() => {})
  }, afterMs)
  pool.reopenTimers.add(timer)
}

function rejectWaiting(pool: Pool, message: string, cause: unknown): void {
  for (const call of pool.waiting.splice(0)) call.reject(new DetectorFailedError(message, { cause }))
}

async function close(pool: Pool): Promise<void> {
  pool.isClosed = true
  for (const timer of pool.reopenTimers) clearTimeout(timer)
  rejectWaiting(pool, 'the detector is closed', undefined)
  await Promise.all([...pool.slots].map(endThread))
}

/** A thread that is ended while it is inside native code aborts the whole process, so its answer is awaited first. */
async function endThread(slot: Slot): Promise<void> {
  if (slot.state !== 'idle') {
    const signal = AbortSignal.timeout(endWithinMs)
    await Promise.race([once(slot.worker, 'message', { signal }), once(slot.worker, 'exit', { signal })]).catch(
      () => {},
    )
  }
  await slot.worker.terminate()
}
