// What an assignment means for the spool: where its results go, and what a result of it is.
import type { Assignment } from '@sightline/contract/fleet.ts'
import type { EngineResult } from './engine/messages.ts'
import { shareOf } from './output/data-category.ts'
import { streamIdOf } from './output/stream-id.ts'
import type { NewResult, OutputConfig, OutputKind } from './spool/spool.ts'

/** The outputs of an assignment, each with what a delivery needs to know. */
export function outputsOf({ output, signing_secrets, address_policy }: Assignment): [OutputKind, OutputConfig][] {
  return (Object.keys(output) as OutputKind[]).flatMap((kind) => {
    const settings = output[kind]
    if (!settings) return []
    return [[kind, { settings, signingSecrets: signing_secrets, addressPolicy: address_policy }]]
  })
}

/** The outputs that want a result, and whether with its picture. */
export function wantedBy({ output }: Assignment, { category, picture }: EngineResult): NewResult['outputs'] {
  return (Object.keys(output) as OutputKind[]).flatMap((kind) => {
    const share = shareOf(output[kind]?.data_category, category, picture !== undefined)
    return share === 'nothing' ? [] : [{ kind, picture: share === 'data_and_picture' ? picture : undefined }]
  })
}

export function toNewResult(assignment: Assignment, result: EngineResult, outputs: NewResult['outputs']): NewResult {
  const { eventType, atMs, capturedAtMs, data } = result
  return {
    taskId: assignment.task_id,
    generation: assignment.generation,
    lastSequence: assignment.last_sequence,
    streamId: streamIdOf(assignment.input),
    eventType,
    atMs,
    capturedAtMs,
    data,
    outputs,
  }
}
