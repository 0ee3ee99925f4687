// How the supervising process starts an engine: `fork(engineFile, engineArguments(…), { env: engineEnvironment(…),
// serialization: 'advanced' })`.

export const engineFile = new URL('./main.ts', import.meta.url)

export type EngineOptions = {
  /** The converted model of the detector. */
  modelPath: string
  detectorThreadCount: number
  /** Opens `file:` addresses: for administrators and tests. */
  isFileAllowed: boolean
}

/** The arguments that `engine/main.ts` reads. */
export function engineArguments(options: EngineOptions): string[] {
  return [
    `--model=${options.modelPath}`,
    `--detector-threads=${options.detectorThreadCount}`,
    ...(options.isFileAllowed ? ['--allow-file'] : []),
  ]
}

/** Name look-ups may take half of the pool, and decoding and scaling need a thread beside each blocked read. */
const spareThreads = 16
const poolThreadsMax = 1024

/**
 * The variables an engine needs in its environment beside those of its parent.
 *
 * Each open or read that waits for a camera holds one thread of the pool of libuv, whose size is fixed at start: with
 * the default of 4, four silent cameras stop every other stream (100 packets fell to 5 in 4 s; none lost with 32).
 * Few malloc arenas keep those threads from spreading frames over the heap.
 */
export function engineEnvironment(streamsMax: number): Record<string, string> {
  return {
    UV_THREADPOOL_SIZE: String(Math.min(poolThreadsMax, 2 * streamsMax + spareThreads)),
    MALLOC_ARENA_MAX: '2',
  }
}
