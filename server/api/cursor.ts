// Where a page of a list begins, as a text that only this list can read: sealed with the deployment's key, together with
// the question it belongs to.
import { type SealContext, SecretKeyError } from '../store/secrets.ts'
import type { PageStart, TaskFilter, TaskOrder } from '../store/task-list.ts'
import type { Door } from './call.ts'
import { apiError } from './errors.ts'

type After = Extract<PageStart, { after: object }>['after']
type Question = { filter: TaskFilter; order: TaskOrder }

export function writeCursor({ secretBox }: Pick<Door, 'secretBox'>, question: Question, after: After): string {
  return secretBox.seal(JSON.stringify([after.key, after.id]), contextOf(question)).toString('base64url')
}

/** Errors: `invalid_argument` for a cursor that this list did not give, or gave for another question. */
export function readCursor({ secretBox }: Pick<Door, 'secretBox'>, question: Question, cursor: string): After {
  try {
    const [key, id] = JSON.parse(secretBox.open(Buffer.from(cursor, 'base64url'), contextOf(question)))
    return { key, id }
  } catch (error) {
    if (!(error instanceof SecretKeyError)) throw error
    const detail = 'The param [cursor] is not one that this list gave for these filters and this order.'
    throw apiError('invalid_argument', { detail })
  }
}

/** No task has such an id, so that no stored secret opens as a cursor. */
function contextOf({ filter, order }: Question): SealContext {
  return { table: 'task', id: `cursor ${JSON.stringify([filter, order])}`, projectId: filter.projectId }
}
