// Rows to what clients see, as one text: stored JSON is spliced in, not parsed and printed again.
import type { Service } from '../store/services.ts'
import type { TaskRow } from '../store/tasks.ts'

/** ISO 8601, UTC, whole seconds. */
export function toIsoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

const statesWithError: readonly string[] = ['FAILED', 'START_FAILED', 'CREATE_FAILED', 'ABNORMAL']

/** The JSON text of TaskDetails; members without a value are left out. */
export function taskDetailsText(row: TaskRow, service: Pick<Service, 'serviceName'>, isVerbose = false): string {
  const members: (string | undefined)[] = [
    member('id', row.id),
    member('name', row.name),
    member('service_name', service.serviceName),
    member('creator', row.creator),
    member('project_id', row.project_id),
    row.description === null ? undefined : member('description', row.description),
    member('service_id', row.service_id),
    member('created_at', toIsoSeconds(row.created_at)),
    member('updated_at', toIsoSeconds(row.updated_at)),
    member('state', row.state),
    row.status === null ? undefined : member('status', row.status),
    errorMember(row),
    row.schedule === null ? undefined : member('schedule_status', scheduleStatusOf(row)),
    spliced('schedule', row.schedule),
    spliced('input', row.input),
    spliced('output', row.output),
    spliced('config', row.config),
    spliced('labels', row.labels),
    isVerbose ? member('source_usage_estimate', { cpu: row.cores, memory: row.memory_mib }) : undefined,
  ]
  return `{${members.filter((text) => text !== undefined).join(',')}}`
}

const member = (name: string, value: unknown) => `"${name}":${JSON.stringify(value)}`
const spliced = (name: string, json: string | null) => (json === null ? undefined : `"${name}":${json}`)

function errorMember(row: TaskRow): string | undefined {
  if (row.error_code === null || !statesWithError.includes(row.state)) return undefined
  return member('error', { code: row.error_code, message: row.error_message })
}

function scheduleStatusOf(row: TaskRow): string {
  return row.armed && row.hold === 'none' ? 'ACTIVATED' : 'INACTIVATED'
}
