// Users who see and act on those tasks only that carry certain labels. Source: auth page, section 5; decisions/0023.
import type { OperationName } from '@sightline/contract/operations.ts'
import { taskIdPattern } from '@sightline/contract/task.ts'
import { hasLabels } from '../store/task-labels.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { apiError } from './errors.ts'
import { parseJsonObject, parseJsonWithNulls } from './json.ts'

type Labels = Readonly<Record<string, string>>
type Answering = (call: Call) => Promise<Answer>
type Limited = { door: Door; caller: Caller; labels: Labels; action: string }

/** What neither shows a task nor touches one; whatever is not listed here and names no task is refused. */
const harmless: readonly OperationName[] = ['ListServices', 'ShowService', 'ListKeys', 'CreateKey', 'DeleteKey']

/** The same answer, for the tasks that a caller with labels may see. Errors: `not_authorized`, `task_not_found`. */
export function limitedToLabels(
  limited: Limited,
  operation: { name: OperationName; path: string },
  answer: Answering,
): Answering {
  const { labels, action } = limited
  if (harmless.includes(operation.name)) return answer
  if (operation.path.includes('{task_id}')) {
    return async (call) => {
      await checkTask(limited, call)
      if (operation.name === 'UpdateTask') checkNewLabels(limited, call)
      return answer(call)
    }
  }
  if (operation.name === 'ListTasksDetails') return async (call) => answer(withLabels(call, labels, action))
  if (operation.name === 'CreateTasks') {
    return async (call) => {
      if (!carries(parseJsonObject(call.body).labels, labels)) throw apiError('not_authorized', { action })
      return answer(call)
    }
  }
  throw apiError('not_authorized', { action })
}

/** A task that is not the caller's to see is told like one that is not there. */
async function checkTask({ door, caller, labels }: Limited, { params }: Call): Promise<void> {
  const key = { projectId: caller.project.id, serviceId: params.service_id ?? '', id: params.task_id ?? '' }
  // What is left of a task that is gone carries no labels any more. A malformed id is the operation's to refuse.
  if (!taskIdPattern.test(key.id) || (await hasLabels(door.database, key, labels))) return
  throw apiError('task_not_found', { id: key.id })
}

/** A task may get more labels, or others beside them. */
function checkNewLabels({ labels, action }: Limited, { body }: Call): void {
  const update = parseJsonWithNulls(body)
  if ('labels' in update && !carries(update.labels, labels)) throw apiError('not_authorized', { action })
}

/** Errors: `not_authorized` for a question about tasks that carry other values. */
function withLabels(call: Call, labels: Labels, action: string): Call {
  const own = Object.entries(labels)
  const isContrary = call.labels.some((pair) =>
    own.some(([name, value]) => pair.startsWith(`${name}=`) && pair !== `${name}=${value}`),
  )
  if (isContrary) throw apiError('not_authorized', { action })
  return { ...call, labels: [...call.labels, ...own.map(([name, value]) => `${name}=${value}`)] }
}

function carries(given: unknown, labels: Labels): boolean {
  if (typeof given !== 'object' || given === null) return false
  return Object.entries(labels).every(
    ([name, value]) => Object.hasOwn(given, name) && Reflect.get(given, name) === value,
  )
}
