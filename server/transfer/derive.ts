// What an import takes where a line leaves a member out, and an export therefore does not write.
import { algorithms } from '@sightline/contract/algorithms.ts'
import type { TaskState } from '@sightline/contract/states.ts'
import { restStates } from '@sightline/task/lifecycle.ts'
import type { Desired, Hold } from '@sightline/task/task.ts'

export const serviceByDefault = { description: '', inferType: 'edge', workspaceId: '0', config: '[]' }
/** As a creation that names none. */
export const usageByDefault = { cpu: 0.1, memory: 32 }
const versionOfUnknown = '1.0'

/** The one that this version of the platform offers. */
export function derivedVersion(algorithm: string): string {
  return Object.entries(algorithms).find(([name]) => name === algorithm)?.[1].version ?? versionOfUnknown
}

/** What a user must have wanted for a task to be in this state. */
export function derivedDesired(state: TaskState): Desired {
  if (state === 'DELETING') return 'delete'
  if (state === 'FROZEN' || state === 'FREEZING') return 'run'
  return state === 'STOPPING' || restStates.includes(state) ? 'stop' : 'run'
}

export const derivedHold = (state: TaskState): Hold => (state === 'FROZEN' || state === 'FREEZING' ? 'admin' : 'none')

/** Whether a schedule acts: not for a task that a user stopped, which nothing tells from one outside its window. */
export function derivedArmed({ state, desired }: { state: TaskState; desired: Desired }): boolean {
  return desired === 'run' || !['STOPPED', 'STOPPING', 'DELETING'].includes(state)
}
