// The table of input types this worker can open.
import { taskErrorCodes } from '@sightline/contract/errors.ts'
import type { InputType } from '@sightline/contract/states.ts'
import type { TaskInput } from '@sightline/contract/task.ts'
import type { Source } from './open-media.ts'
import type { SourceContext } from './routes.ts'
import { SourceError } from './source-error.ts'
import { openUrl } from './url.ts'

/** Opens the one entry of an input; asked again at every connect, because most addresses are short-lived. */
export type OpenSource<Type extends InputType> = (
  input: Extract<TaskInput, { type: Type }>,
  context: SourceContext,
) => Promise<Source>

const openers = { url: openUrl } satisfies { [Type in InputType]?: OpenSource<Type> }

/** What a node says of itself in `capabilities.inputs`. */
export const openableInputs = Object.keys(openers) as (keyof typeof openers)[]

/** Errors: throws `SourceError`; the signal's reason when it is aborted. */
export async function openSource(input: TaskInput, context: SourceContext): Promise<Source> {
  const open = (openers as Partial<Record<InputType, (input: never, context: SourceContext) => Promise<Source>>>)[
    input.type
  ]
  if (open) return open(input as never, context)
  throw new SourceError(`this worker opens no input of type ${input.type}`, taskErrorCodes.urlAddress, {
    isPermanent: true,
  })
}
