// What is refused, and how it is said, where nothing is forgiven. Source: tasks API page, sections 3.3 and 3.4; error codes page.
import type { Call, Door } from './call.ts'
import { ApiError, apiError } from './errors.ts'

type Profiled = { profile: 'ief' | 'edge' }
type Strictness = Pick<Door, 'isStrict'>

const notSupported = (what: string, by: string) =>
  apiError('invalid_argument', { detail: `${what} is not supported by ${by}.` })

/** Refuses to start or stop a task of a service whose profile has no such call. */
export function checkProfileStarts({ isStrict }: Strictness, { profile }: Profiled, operation: 'start' | 'stop'): void {
  if (isStrict && profile === 'edge') {
    throw notSupported(`The operation [${operation}]`, `services of profile [${profile}]`)
  }
}

// In the order of the document. A page of a list is all that the profile `edge` has.
const edgeLacks = [
  ...['state', 'name_like', 'id', 'id_like', 'created_since', 'created_until', 'sort_key', 'sort_dir', 'order'],
  ...['schedule_status', 'label'],
]

/** Refuses to filter or sort a list of a service whose profile has pages only. */
export function checkProfileQuery({ isStrict }: Strictness, { profile }: Profiled, query: Call['query']): void {
  if (!isStrict || profile !== 'edge') return
  const used = edgeLacks.find((name) => query.has(name))
  if (used !== undefined) throw notSupported(`The field [${used}]`, `services of profile [${profile}]`)
}

/** Refuses outputs that only an old sibling has; elsewhere they are ignored, as every unknown member is. */
export function checkOldOutputs({ isStrict }: Strictness, body: Record<string, unknown>): void {
  const { output } = body
  if (!isStrict || typeof output !== 'object' || output === null) return
  const old = ['hosting', 'localpath'].find((name) => Object.hasOwn(output, name))
  if (old !== undefined) throw notSupported(`The field [output.${old}]`, 'service tasks')
}

/** The error under a code that the documents know; its text still tells what is the matter. */
export function underDocumentedCode(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error
  if (error.api === 'task_not_found') return new ApiError('service_not_found', error.message, error.headers)
  if (error.api !== 'operation_not_allowed') return error
  return apiError('invalid_argument', { detail: error.message }, error.headers)
}
