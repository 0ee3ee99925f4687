// The algorithms and their `config`. Source: algorithm catalogue, sections 1 to 4.
import { z } from 'zod'

/** A switch: 0 or 1; true and false are accepted. */
const sw = (byDefault: 0 | 1) =>
  z
    .union([z.literal(0), z.literal(1), z.boolean()])
    .transform((value): 0 | 1 => (value ? 1 : 0))
    .prefault(byDefault)

const seconds = (from: number, to: number) => z.int().min(from).max(to)

const shared = {
  image_compression_ratio: z.int().min(20).max(100).prefault(90),
  render_result_sw: sw(0),
  render_roi_sw: sw(0),
  /** A string of JSON; an object is accepted. */
  target_roi: z.union([z.string(), z.record(z.string(), z.unknown())]).optional(),
  /** Analyse every n-th sample. */
  video_sampling_interval: z.int().min(1).max(3600).prefault(1),
  /** Seconds between analysed frames; wins over `video_sampling_interval`. */
  sampling_time_interval: seconds(1, 3600).optional(),
  event_disappear_alert_sw: sw(0),
  repeat_alert_sw: sw(0),
  /** Seconds in which alarms of one target are merged. */
  alert_detection_interval: seconds(1, 3600).optional(),
  alert_mode: z.string().max(64).prefault('single'),
}

export const PeopleFlowConfig = z.object({
  ...shared,
  line_count_interval: seconds(1, 86400).prefault(2),
  region_count_interval: seconds(1, 86400).prefault(2),
  line_detection_sw: sw(1),
  region_detection_sw: sw(1),
  heatmap_detection_sw: sw(0),
  heatmap_detection_interval: seconds(10, 86400).prefault(10),
  /** Frames between two points of the heat map. */
  heatmap_point_interval: z.int().min(1).max(10000).prefault(4),
})
export type PeopleFlowConfig = z.infer<typeof PeopleFlowConfig>

export const IntrusionConfig = z
  .object({
    ...shared,
    person_detection_sw: sw(1),
    car_detection_sw: sw(0),
    detection_min_size: z.int().min(60).max(4000).prefault(60),
    detection_max_size: z.int().min(60).max(4000).prefault(4000),
    line_detection_sw: sw(1),
    region_detection_sw: sw(1),
    loitering_detection_sw: sw(0),
    all_print_sw: sw(0),
    loitering_time_threshold: seconds(1, 3600).prefault(10),
  })
  .refine((config) => config.detection_max_size >= config.detection_min_size, {
    path: ['detection_max_size'],
    params: { range: '[detection_min_size, 4000]' },
  })
export type IntrusionConfig = z.infer<typeof IntrusionConfig>

/** Service API names without the `-edge` or `-cloud` suffix. A row here must have one in the worker's table. */
export const algorithms = {
  'c-flowcount': { title: 'People flow counting', version: '1.0', config: PeopleFlowConfig },
  'c-intrusiondetection': { title: 'Intrusion and loitering', version: '1.0', config: IntrusionConfig },
} as const
export type AlgorithmName = keyof typeof algorithms

export const Roi = z.object({
  polygons: z
    .array(
      z.object({
        data: z
          .array(z.tuple([z.number(), z.number()]))
          .min(3)
          .max(100),
        name: z.string().max(100).prefault(''),
      }),
    )
    .max(10)
    .prefault([]),
  lines: z
    .array(
      z.object({
        data: z.tuple([z.tuple([z.number(), z.number()]), z.tuple([z.number(), z.number()])]),
        name: z.string().max(100).optional(),
        properties: z
          .object({ side1_name: z.string().max(100).optional(), side2_name: z.string().max(100).optional() })
          .optional(),
      }),
    )
    .max(10)
    .prefault([]),
})
/** Where to look: polygons and lines in pixels of the source frame, or fractions of it when all values lie in 0…1. */
export type Roi = z.infer<typeof Roi>
