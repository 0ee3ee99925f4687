// Rows to what clients see, as one text: stored JSON is spliced in, not parsed and printed again.
import type { TaskRow } from '../store/tasks.ts'

/** ISO 8601, UTC, whole seconds; from epoch ms, or from PostgreSQL's own text. */
export function toIsoSeconds(at: number | string): string {
  if (typeof at === 'string') return `${at.slice(0, 10)}T${at.slice(11, 19)}Z`
  return `${new Date(at).toISOString().slice(0, 19)}Z`
}

const statesWithError: readonly string[] = ['FAILED', 'START_FAILED', 'CREATE_FAILED', 'ABNORMAL']

/** The members of TaskDetails, in order; the last one is given in a verbose answer only. */
export const taskMembers = [
  ...(['id', 'name', 'service_name', 'creator', 'project_id', 'description', 'service_id', 'created_at'] as const),
  ...(['updated_at', 'state', 'status', 'error', 'schedule_status', 'schedule', 'input', 'output'] as const),
  ...(['config', 'labels', 'source_usage_estimate'] as const),
]
export type TaskMember = (typeof taskMembers)[number]
/** What a summary leaves out: the large ones. */
export const heavyMembers: readonly TaskMember[] = ['input', 'output', 'config']

/** Absent `members`: all, but what is for verbose answers only. */
export type DetailsView = { isVerbose: boolean; members?: ReadonlySet<TaskMember> }

type Told = Omit<TaskRow, 'created_at' | 'updated_at'> & {
  created_at: number | string
  updated_at: number | string
  service_name: string
}

/** The JSON text of each member; undefined where it has no value. */
const texts: Record<TaskMember, (row: Told) => string | undefined | null> = {
  id: (row) => quoted(row.id),
  name: (row) => quoted(row.name),
  service_name: (row) => quoted(row.service_name),
  creator: (row) => quoted(row.creator),
  project_id: (row) => quoted(row.project_id),
  description: (row) => (row.description === null ? undefined : quoted(row.description)),
  service_id: (row) => quoted(row.service_id),
  created_at: (row) => quoted(toIsoSeconds(row.created_at)),
  updated_at: (row) => quoted(toIsoSeconds(row.updated_at)),
  state: (row) => quoted(row.state),
  status: (row) => (row.status === null ? undefined : quoted(row.status)),
  error: errorText,
  schedule_status: (row) => (row.schedule === null ? undefined : quoted(scheduleStatusOf(row))),
  schedule: (row) => row.schedule,
  input: (row) => row.input,
  output: (row) => row.output,
  config: (row) => row.config,
  labels: (row) => row.labels,
  source_usage_estimate: (row) => JSON.stringify({ cpu: row.cores, memory: row.memory_mib }),
}
const writers = taskMembers.map((name) => ({ name, start: `"${name}":`, text: texts[name] }))

/** The JSON text of TaskDetails; members without a value are left out. */
export function taskText(row: Told, { isVerbose, members }: DetailsView): string {
  let text = ''
  for (const { name, start, text: write } of writers) {
    if (members ? !members.has(name) : name === 'source_usage_estimate' && !isVerbose) continue
    const value = write(row)
    if (value !== undefined && value !== null) text += text === '' ? start + value : `,${start}${value}`
  }
  return `{${text}}`
}

const quoted = (text: string) => JSON.stringify(text)

function errorText(row: Pick<TaskRow, 'state' | 'error_code' | 'error_message'>): string | undefined {
  if (row.error_code === null || !statesWithError.includes(row.state)) return undefined
  return JSON.stringify({ code: row.error_code, message: row.error_message })
}

/** Whether the schedule is acted on. */
export function scheduleStatusOf({ armed, hold }: Pick<TaskRow, 'armed' | 'hold'>): 'ACTIVATED' | 'INACTIVATED' {
  return armed && hold === 'none' ? 'ACTIVATED' : 'INACTIVATED'
}
