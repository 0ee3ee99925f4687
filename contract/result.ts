// Result messages: what an algorithm says, as every output receives it. Source: inputs and outputs, part 3.
import { z } from 'zod'

/** Pixels of the source frame; x, y is the upper-left corner. */
export const BoundingBox = z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() })
export type BoundingBox = z.infer<typeof BoundingBox>

export const eventTypes = {
  peopleFlowLine: 131073,
  peopleFlowRegion: 131074,
  peopleFlowHeatmap: 131075,
  intrusion: 196609,
  loitering: 196610,
} as const

export const dataCategories = ['StructuredData', 'OriginImage', 'FaceImage', 'Heatmap', 'Health'] as const
export type DataCategory = (typeof dataCategories)[number]

/** Ours, beside what the documents know: `sequence` counts from 1 per task and never skips but for a drop. */
export const ResultExtension = z.looseObject({
  sequence: z.int().min(1),
  generation: z.int().min(1),
  /** Epoch ms at which the frame was read from the source. */
  captured_at_ms: z.int().optional(),
})

export const ResultMessage = z.object({
  event_type: z.int(),
  task_id: z.string(),
  stream_id: z.string(),
  /** Epoch seconds; of an interval, its end. */
  timestamp: z.int(),
  /** An upper-case UUID; the same in every attempt to deliver. */
  message_id: z.string(),
  image_base64: z.string().optional(),
  data: z.looseObject({ event_set: z.array(z.unknown()).optional(), ext: ResultExtension.optional() }),
})
export type ResultMessage = z.infer<typeof ResultMessage>
