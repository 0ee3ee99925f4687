// What this node says of itself when it registers.
import { availableParallelism, hostname, totalmem } from 'node:os'
import { algorithms } from '@sightline/contract/algorithms.ts'
import type { NodeCapabilities } from '@sightline/contract/fleet.ts'
import { supportedOutputs } from './output/outputs.ts'
import packageJson from './package.json' with { type: 'json' }

/** What the engine opens; its own table pulls native code in, so that this one repeats it. */
export const supportedInputs = ['url'] as const

const nameMost = 64

export const nodeName = () => hostname().slice(0, nameMost) || 'worker'

export function capabilities(labels: Record<string, string>): NodeCapabilities {
  return {
    cores: availableParallelism(),
    memory_mib: Math.floor(totalmem() / 2 ** 20),
    inputs: [...supportedInputs],
    outputs: supportedOutputs,
    algorithms: Object.keys(algorithms),
    version: packageJson.version,
    labels,
  }
}
