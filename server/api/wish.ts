// Start, stop and delete write what the user wants; the reconciler makes it so.
import { wishTaken } from '../events.ts'
import { type Connection, wakeReconciler } from '../store/database.ts'
import type { TaskKey, WishedBy, WishOutcome } from '../store/tasks.ts'
import type { Caller, Door } from './call.ts'
import { apiError } from './errors.ts'

export type Wish = {
  name: 'start' | 'stop' | 'delete'
  update: (tx: Connection, key: TaskKey, wish: WishedBy) => Promise<WishOutcome>
}

/** Errors: `task_not_found`; `operation_not_allowed` where the task's state does not allow the wish. */
export async function recordWish(
  door: Door,
  wish: Wish,
  caller: Caller,
  task: Omit<TaskKey, 'projectId'>,
): Promise<void> {
  const key = { projectId: caller.project.id, ...task }
  const outcome = await door.database.transaction(async (tx) => {
    const result = await wish.update(tx, key, { nowMs: door.clock(), by: caller.name })
    if (result.kind === 'taken') await wakeReconciler(tx)
    return result
  })
  if (outcome.kind === 'absent') throw apiError('task_not_found', { id: task.id })
  if (outcome.kind === 'refused') {
    throw apiError('operation_not_allowed', { op: wish.name, id: task.id, state: outcome.state })
  }
  wishTaken(door.log, { wish: wish.name, taskId: task.id, by: caller.name })
}
