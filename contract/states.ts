/** The fifteen states of a service task, in the order of the API document. */
export const taskStates = [
  'PENDING',
  'RECOVERING',
  'STARTING',
  'UPGRADING',
  'CREATE_FAILED',
  'START_FAILED',
  'RUNNING',
  'STOPPING',
  'STOPPED',
  'ABNORMAL',
  'SUCCEEDED',
  'FAILED',
  'DELETING',
  'FREEZING',
  'FROZEN',
] as const
export type TaskState = (typeof taskStates)[number]

export const scheduleStatuses = ['ACTIVATED', 'INACTIVATED'] as const
export type ScheduleStatus = (typeof scheduleStatuses)[number]

export const serviceStatuses = [
  'running',
  'deploying',
  'concerning',
  'failed',
  'stopped',
  'finished',
  'stopping',
  'deleting',
  'pending',
  'waiting',
] as const
export type ServiceStatus = (typeof serviceStatuses)[number]

export const inputTypes = ['restful', 'url', 'edgecamera', 'vcn', 'obs', 'vis'] as const
export type InputType = (typeof inputTypes)[number]

export const outputKinds = ['obs', 'dis', 'webhook'] as const
export type OutputKind = (typeof outputKinds)[number]

/** The two runtimes that the documents mix; an attribute of a service. */
export const taskProfiles = ['ief', 'edge'] as const
export type TaskProfile = (typeof taskProfiles)[number]
