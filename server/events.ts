// Business events: one function each, which logs a line and counts. `metricsText` is what GET /metrics answers.
import type { Logger } from 'pino'

const counters = {
  tasks_created: { help: 'Tasks made by create requests.', value: 0 },
  tasks_updated: { help: 'Update requests that were taken.', value: 0 },
  wishes: { help: 'Start, stop and delete requests that were taken.', value: 0 },
  services_deployed: { help: 'Services made by deploy requests.', value: 0 },
  services_deleted: { help: 'Services whose deletion was asked for.', value: 0 },
  sign_ins: { help: 'Tokens given.', value: 0 },
  sign_in_failures: { help: 'Sign-ins with a wrong name or password.', value: 0 },
  sign_in_locks: { help: 'Sign-ins refused after too many failures.', value: 0 },
}

function count(name: keyof typeof counters, by = 1): void {
  counters[name].value += by
}

export function tasksCreated(log: Logger, of: { serviceId: string; taskIds: readonly string[]; by: string }): void {
  count('tasks_created', of.taskIds.length)
  log.info({ service: of.serviceId, tasks: of.taskIds, by: of.by }, 'tasks created')
}

export function taskUpdated(log: Logger, of: { taskId: string; isReconfigured: boolean; by: string }): void {
  count('tasks_updated')
  log.info({ task: of.taskId, isReconfigured: of.isReconfigured, by: of.by }, 'task updated')
}

export function wishTaken(log: Logger, of: { wish: 'start' | 'stop' | 'delete'; taskId: string; by: string }): void {
  count('wishes')
  log.info({ task: of.taskId, wish: of.wish, by: of.by }, 'wish taken')
}

export function serviceDeployed(log: Logger, of: { serviceId: string; algorithm: string; by: string }): void {
  count('services_deployed')
  log.info({ service: of.serviceId, algorithm: of.algorithm, by: of.by }, 'service deployed')
}

export function servicesDeleted(log: Logger, of: { serviceIds: readonly string[]; by: string }): void {
  count('services_deleted', of.serviceIds.length)
  log.info({ services: of.serviceIds, by: of.by }, 'services deleted')
}

export function signedIn(log: Logger, of: { account: string; address: string }): void {
  count('sign_ins')
  log.debug(of, 'signed in')
}

export function signInFailed(log: Logger, of: { account: string; address: string }): void {
  count('sign_in_failures')
  log.warn(of, 'sign-in failed')
}

export function signInLocked(log: Logger, of: { account: string; address: string }): void {
  count('sign_in_locks')
  log.warn(of, 'sign-in locked')
}

/** In the text format of Prometheus, since this process began. */
export function metricsText(): string {
  return Object.entries(counters)
    .map(([name, { help, value }]) => {
      const metric = `sightline_${name}_total`
      return `# HELP ${metric} ${help}\n# TYPE ${metric} counter\n${metric} ${value}\n`
    })
    .join('')
}
