// The table of outputs that this worker can deliver to.
import type { OutputKind } from '../spool/spool.ts'
import type { OpenOutput, Output } from './output.ts'
import { openWebhook } from './webhook.ts'

const openers: Partial<Record<OutputKind, OpenOutput>> = { webhook: openWebhook }

/** What the node says it can deliver to. */
export const supportedOutputs = Object.keys(openers) as OutputKind[]

export type Outputs = ReadonlyMap<string, Output>

export function openOutputs(clock: { nowMs(): number }): Outputs {
  return new Map(Object.entries(openers).map(([kind, open]) => [kind, open({ clock })]))
}
