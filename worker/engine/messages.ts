// What the supervising process and the engine child process say to each other (IPC, structured clone).
import type { Assignment } from '@sightline/contract/fleet.ts'
import type { TaskError } from '@sightline/contract/task.ts'

/**
 * One execution of a pipeline inside the engine. A pipeline never retries: it ends, throws or is stopped, and the
 * supervising process decides whether a new one, with a new id, is started.
 */
export type PipelineId = string

export type ToEngine =
  | { kind: 'start'; pipelineId: PipelineId; assignment: Assignment }
  | { kind: 'stop'; pipelineId: PipelineId }
  /** The spool holds the result for good. A pipeline waits when 64 of its results are not yet stored. */
  | { kind: 'stored'; pipelineId: PipelineId; resultId: number }
  /** Stop all pipelines, free everything native, exit 0. */
  | { kind: 'close' }

export type SourceFacts = {
  codec: string
  widthPx: number
  heightPx: number
  fps: number
  isLive: boolean
  /** Absent until two key frames were seen. */
  keyframeIntervalMs?: number
}

export type FromEngine =
  | { kind: 'ready' }
  | { kind: 'opened'; pipelineId: PipelineId; source: SourceFacts }
  /** Once a second while frames are analysed; the first one at once with the first analysed frame. */
  | { kind: 'progress'; pipelineId: PipelineId; framesAnalysed: number; framesDropped: number }
  | { kind: 'result'; pipelineId: PipelineId; resultId: number; result: EngineResult }
  /** The finite input was analysed to its end and every result is stored. Nothing native is held any more. */
  | { kind: 'ended'; pipelineId: PipelineId }
  /** Answer to `stop`; nothing native is held any more. */
  | { kind: 'stopped'; pipelineId: PipelineId }
  | { kind: 'threw'; pipelineId: PipelineId; error: TaskError; isPermanent: boolean }

export type EngineResult = {
  eventType: number
  category: string
  /** Epoch ms of the alarm. */
  atMs: number
  /** Epoch ms when the frame was read from the source. */
  capturedAtMs: number
  ptsMs: number
  data: Record<string, unknown>
  /** JPEG. */
  picture?: Uint8Array
}
