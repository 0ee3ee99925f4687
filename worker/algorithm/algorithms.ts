// The table of algorithms.
import { type AlgorithmName, IntrusionConfig, PeopleFlowConfig } from '@sightline/contract/algorithms.ts'
import { type Algorithm, ConfigError, type FrameSize, type RunningAlgorithm } from './algorithm.ts'
import { openIntrusion } from './intrusion.ts'
import { openPeopleFlow } from './people-flow.ts'
import { readRoi, shapesOf } from './roi.ts'
import { sampleEvery } from './targets.ts'

/** A row for every algorithm of the contract. */
export const algorithms = {
  'c-flowcount': row(PeopleFlowConfig, openPeopleFlow),
  'c-intrusiondetection': row(IntrusionConfig, openIntrusion),
} satisfies Record<AlgorithmName, Algorithm>

/** What every config holds; algorithm catalogue, section 2. */
type SharedConfig = {
  image_compression_ratio: number
  render_result_sw: 0 | 1
  render_roi_sw: 0 | 1
  target_roi?: string | Record<string, unknown> | undefined
  video_sampling_interval: number
  sampling_time_interval?: number | undefined
}

type Schema<Config> = {
  safeParse(
    config: unknown,
  ): { success: true; data: Config } | { success: false; error: { issues: { path: PropertyKey[]; message: string }[] } }
}

function row<Config extends SharedConfig>(
  schema: Schema<Config>,
  open: (config: Config, frame: FrameSize) => RunningAlgorithm,
): Algorithm {
  const read = (config: Record<string, unknown>): Config => {
    const parsed = schema.safeParse(config)
    if (parsed.success) return parsed.data
    const [fault] = parsed.error.issues
    throw new ConfigError(`${fault?.path.map(String).join('.') || 'config'}: ${fault?.message}`)
  }
  return {
    open: (config, frame) => open(read(config), frame),
    sampleEveryMs: (config) => sampleEvery(read(config)),
    pictureStyle(config, frame) {
      const { image_compression_ratio, render_result_sw, render_roi_sw, target_roi } = read(config)
      return {
        quality: image_compression_ratio,
        drawBoxes: render_result_sw === 1,
        roi: render_roi_sw ? shapesOf(readRoi(target_roi, frame)) : undefined,
      }
    },
  }
}
