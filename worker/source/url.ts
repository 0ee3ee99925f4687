// The input type `url`: the address as the user wrote it. Source: inputs and outputs, 1.2.
import type { TaskInput } from '@sightline/contract/task.ts'
import { openMedia, type Source } from './open-media.ts'
import type { SourceContext } from './routes.ts'

/** Errors: throws `SourceError`, also for a `file:` address where those are not allowed. */
export async function openUrl(input: Extract<TaskInput, { type: 'url' }>, context: SourceContext): Promise<Source> {
  const [entry] = input.data
  return openMedia(entry?.url ?? '', context)
}
