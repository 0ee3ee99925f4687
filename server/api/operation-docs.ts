// What the OpenAPI document and the reference page say of each operation beside its schemas. Long because every
// operation has a row with its parameters, errors and examples.
import type { ApiErrorName } from '@sightline/contract/errors.ts'
import type { OperationName } from '@sightline/contract/operations.ts'
import { eventTypes } from '@sightline/contract/service-extras.ts'
import { scheduleStatuses, serviceStatuses, taskStates } from '@sightline/contract/states.ts'
import { serviceSortKeys } from '../store/services.ts'
import { sortDirections, taskSortKeys } from '../store/task-list.ts'
import { taskMembers } from './task-details.ts'

type Json = Record<string, unknown>
export type Parameter = { name: string; in: 'query' | 'header'; description: string; schema: Json }
export type OperationDoc = {
  summary: string
  parameters?: readonly Parameter[]
  /** Beside those that every operation has. */
  errors: readonly ApiErrorName[]
  request?: unknown
  response?: unknown
}

/** Of every operation below a project. */
export const errorsOfAll: readonly ApiErrorName[] = [
  ...([
    'invalid_argument',
    'no_token',
    'invalid_token',
    'token_expired',
    'not_authorized',
    'project_mismatch',
  ] as const),
  ...(['too_many_requests', 'not_ready'] as const),
]

const query = (name: string, description: string, schema: Json): Parameter => ({
  name,
  in: 'query',
  description,
  schema,
})
const header = (name: string, description: string): Parameter => ({
  ...{ name, in: 'header', description },
  schema: { type: 'string' },
})
const time = { type: 'integer', format: 'int64' }
const text = { type: 'string' }
const flag = { type: 'boolean', default: false }
const offset = query('offset', 'Records to skip.', { type: 'integer', minimum: 0, default: 0 })
const limit = query('limit', 'Records to answer with.', { type: 'integer', minimum: 1, maximum: 1000, default: 1000 })
const verbose = query('verbose', 'Shows source_usage_estimate too.', flag)

const projectId = '0123456789abcdef0123456789abcdef'
const serviceId = '2a2db77f-9cb3-4a76-8f3b-4fca4c3d31a1'
const taskId = '4f1b2c3d4e5f60718293a4b5c6d7e8f9'
const input = { type: 'url', data: [{ url: 'rtsp://camera.example/1' }] }
const output = {
  webhook: { url: 'https://receiver.example/hook', headers: { 'Content-Type': 'application/json' } },
}
const created = { name: 'gate', input, output, labels: { floor: '1' } }
const task = {
  ...{ id: taskId, name: 'gate', service_name: 'c-flowcount', creator: 'admin', project_id: projectId },
  ...{
    service_id: serviceId,
    created_at: '2027-01-01T00:00:10Z',
    updated_at: '2027-01-01T00:00:12Z',
    state: 'RUNNING',
  },
  ...{ input, output, labels: { floor: '1' } },
}
const service = {
  ...{ service_id: serviceId, service_name: 'c-flowcount', description: '', owner: 'admin', tenant: 'd1' },
  ...{ project: projectId, infer_type: 'edge', status: 'running', workspace_id: '0', publish_at: 1798761610000 },
  ...{ transition_at: 1798761610000, invocation_times: 0, failed_times: 0, is_shared: false, shared_count: 0 },
  ...{ is_free: true, is_opened_sample_collection: false },
}
const ofService = { service_id: serviceId, service_name: 'c-flowcount' }
const user = { id: 'u1', name: 'guard', enabled: true, roles: ['viewer'], created_at: '2027-01-01T00:00:10Z' }
const findsService = ['service_not_found'] as const
const findsTask = ['service_not_found', 'task_not_found'] as const
const wishes = [...findsTask, 'operation_not_allowed'] as const
const specifies = ['invalid_values', 'address_not_allowed', 'incorrect_json'] as const

/** A new operation without a row does not compile. */
export const operationDocs: Record<OperationName, OperationDoc> = {
  CreateToken: {
    summary: 'Signs in; the token is in the header X-Subject-Token.',
    errors: ['sign_in_refused', 'sign_in_locked', 'too_many_requests'],
    request: {
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: 'admin', password: '…', domain: { name: 'sightline' } } },
        },
        scope: { project: { name: 'default' } },
      },
    },
  },
  ListServices: {
    summary: 'One page of the services of a project.',
    parameters: [
      query('service_id', 'The whole id.', text),
      query('service_name', 'Part of the name; letter case is ignored.', text),
      query('infer_type', 'The whole word.', text),
      query('status', 'One status.', { enum: serviceStatuses }),
      query('workspace_id', 'The whole id.', text),
      query('sort_by', 'What to sort by.', { enum: serviceSortKeys, default: 'publish_at' }),
      query('order', 'The direction of sorting.', { enum: sortDirections, default: 'desc' }),
      query('page_mode', 'With `page`, offset counts pages.', { enum: ['page'] }),
      ...[offset, limit],
    ],
    errors: [],
    response: { total_count: 1, count: 1, services: [service] },
  },
  DeployService: {
    summary: 'Offers an algorithm under an id.',
    errors: ['service_exists', 'incorrect_json'],
    request: { service_name: 'doors', infer_type: 'edge', config: [{ model_id: 'c-flowcount' }] },
    response: { service_id: serviceId, resource_ids: [] },
  },
  ShowService: { summary: 'One service.', errors: findsService, response: service },
  UpdateService: {
    summary: 'Describes, starts or stops a service; its tasks follow.',
    errors: [...findsService, 'service_state', 'incorrect_json'],
    request: { status: 'stopped' },
  },
  DeleteService: {
    summary: 'Deletes a service with its tasks; several ids are joined by commas.',
    errors: [...findsService, 'not_owner'],
  },
  CreateTasks: {
    summary: 'Makes one task for each entry of input.data, all of them or none.',
    parameters: [
      header('Idempotency-Key', 'The same key and body within 24 hours give the first answer again.'),
      query(
        'dry_run',
        'Makes nothing, and answers 200 with every fault, the node of each input and how many more fit.',
        flag,
      ),
    ],
    errors: [...findsService, 'service_unavailable', 'quota_exceeded', 'key_of_another_body', ...specifies],
    request: created,
    response: { tasks: [{ id: taskId }] },
  },
  ListTasksDetails: {
    summary: 'One page of the matching tasks of a service, and how many match.',
    parameters: [
      query('state', 'One of the states, or several joined by commas.', { enum: taskStates }),
      query('name_like', 'Part of the name; letter case is ignored.', text),
      query('id', 'The whole id.', text),
      query('id_like', 'Part of the id.', text),
      query('created_since', 'Epoch ms, inclusive.', time),
      query('created_until', 'Epoch ms, inclusive.', time),
      query('schedule_status', 'Of tasks with a schedule only.', { enum: scheduleStatuses }),
      query('label', 'name=value; may be repeated, and all must match.', text),
      query('sort_key', 'What to sort by.', { enum: taskSortKeys, default: 'created_at' }),
      query('sort_dir', 'The direction of sorting.', { enum: sortDirections, default: 'desc' }),
      query('order', 'key:DIRECTION, where the two above are absent.', text),
      ...[offset, limit],
      query('cursor', 'Empty for the first page, then the next_cursor of the page before. Not with offset.', text),
      query('fields', 'Members to show, joined by commas.', { enum: taskMembers }),
      query('view', '`summary` leaves out input, output and config.', { enum: ['full', 'summary'], default: 'full' }),
      verbose,
      query('watch', 'Answers with server-sent events, one `task` event for every change of a matching task.', flag),
      header('Last-Event-ID', 'With watch: reads on after this event.'),
    ],
    errors: [...findsService, 'invalid_values'],
    response: { count: 1, tasks: [task] },
  },
  ShowTask: { summary: 'One task.', parameters: [verbose], errors: findsTask, response: task },
  DeleteTask: { summary: 'Deletes a task; it is DELETING until its node has let go.', errors: findsTask },
  StartTask: { summary: 'Runs a task, or arms its schedule.', errors: [...wishes, 'service_unavailable'] },
  StopTask: { summary: 'Stops a task, and disarms its schedule.', errors: wishes },
  UpdateTask: {
    summary: 'Changes what was written of a task. A masked secret keeps its value while its address stays.',
    parameters: [header('If-Match', 'The ETag that the task was shown with; another one is refused with 409.')],
    errors: [...wishes, 'task_changed', 'mask_not_kept', ...specifies],
    request: { name: 'door', schedule: null, config: { line_count_interval: 9 } },
    response: { ...task, name: 'door', config: { line_count_interval: 9 } },
  },
  ShowTaskHistory: {
    summary: 'Every change of a task, newest first; also of a task that is gone.',
    parameters: [offset, limit],
    errors: findsTask,
    response: {
      count: 2,
      history: [
        {
          time: 1798761612000,
          from: 'PENDING',
          to: 'STARTING',
          cause: 'placed on north',
          node_id: 'n1',
          generation: 1,
        },
        { time: 1798761610000, to: 'PENDING', cause: 'created', actor: 'admin', generation: 0 },
      ],
    },
  },
  BatchTasks: {
    summary: 'Starts, stops or deletes many tasks; one that refuses holds up no other.',
    parameters: [query('dry_run', 'As the member: shows what it would touch.', flag)],
    errors: [...findsService, 'service_unavailable', 'incorrect_json'],
    request: { action: 'stop', filter: { state: 'RUNNING', label: ['floor=1'] } },
    response: { dry_run: false, count: 1, tasks: [{ id: taskId, accepted: true, state: 'RUNNING' }] },
  },
  ListSpecifications: {
    summary: 'On what a service may run.',
    parameters: [query('infer_type', 'Of services.', { enum: ['real-time', 'batch', 'edge'] })],
    errors: [],
    response: {
      ...{ total_count: 1, count: 1 },
      specifications: [
        {
          ...{ specification: 'custom', category: 'CPU', cpu_info: { arch: 'x86_64', cpu: 4 } },
          ...{ memory_info: { unit: 'MB', memory: 8192 }, is_open: true, spec_status: 'normal', is_free: true },
          ...{ over_quota: false, display_en: 'Custom', display_cn: '自定义' },
        },
      ],
    },
  },
  ListServiceEvents: {
    summary: 'What happened to a service and to its tasks.',
    parameters: [
      query('event_type', 'One of the two.', { enum: eventTypes }),
      query('event_info', 'Part of the text; letter case is ignored.', text),
      query('start_time', 'Epoch ms, inclusive.', time),
      query('end_time', 'Epoch ms, inclusive.', time),
      query('order', 'By time.', { enum: sortDirections, default: 'desc' }),
      ...[offset, limit],
    ],
    errors: findsService,
    response: {
      ...{ ...ofService, total_count: 1, count: 1 },
      events: [
        {
          ...{ event_type: 'normal', event_info: `[task ${taskId}] PENDING -> STARTING: placed on north` },
          occur_time: 1798761612000,
        },
      ],
    },
  },
  ShowServiceMonitor: {
    summary: 'What the live runs of a service take and did.',
    parameters: [query('node_id', 'Of one node only.', text)],
    errors: findsService,
    response: {
      ...{ ...ofService, service_instance_count: 1, service_running_instance_count: 1, req_count_per_min: 300 },
      monitors: [
        {
          ...{
            model_id: 'c-flowcount',
            model_name: 'c-flowcount',
            model_version: '1.0',
            node_id: 'n1',
            node_name: 'north',
          },
          ...{ invocation_times: 600, failed_times: 0, cpu_core_usage: 0.5, cpu_core_total: 4, cpu_memory_usage: 64 },
          ...{ cpu_memory_total: 8192, model_instance_count: 1, model_running_instance_count: 1 },
        },
      ],
    },
  },
  ListServiceLogs: {
    summary: 'What was deployed, and to which nodes.',
    parameters: [query('update_time', 'Epoch ms of one entry.', time)],
    errors: findsService,
    response: {
      ...ofService,
      logs: [
        {
          ...{ update_time: 1798761610000, result: 'SUCCESS', config: [{ model_id: 'c-flowcount' }], success_num: 1 },
          failed_num: 0,
          result_detail: [{ node_id: 'n1', node_name: 'north', operation: 'deploy', result: true }],
        },
      ],
    },
  },
  ListKeys: {
    summary: 'Access keys of the caller.',
    errors: [],
    response: { keys: [{ access: 'AKEXAMPLE', description: 'ci', created_at: '2027-01-01T00:00:10Z' }] },
  },
  CreateKey: {
    summary: 'Makes an access key; its secret is shown this once.',
    errors: ['incorrect_json'],
    request: { description: 'ci' },
    response: { access: 'AKEXAMPLE', description: 'ci', created_at: '2027-01-01T00:00:10Z', secret: '…' },
  },
  DeleteKey: { summary: 'Deletes an access key.', errors: ['key_not_found'] },
  ListUsers: { summary: 'Users of the project.', errors: [], response: { users: [user] } },
  CreateUser: {
    summary: 'Makes a user.',
    errors: ['user_exists', 'incorrect_json'],
    request: { name: 'guard', password: 'Correct horse 1', roles: ['viewer'] },
    response: user,
  },
  ShowUser: { summary: 'One user.', errors: ['user_not_found'], response: user },
  UpdateUser: {
    summary: 'Changes the password, the roles or whether a user may sign in.',
    errors: ['user_not_found', 'incorrect_json'],
    request: { enabled: false },
    response: { ...user, enabled: false },
  },
  DeleteUser: { summary: 'Deletes a user.', errors: ['user_not_found'] },
  ListRoles: { summary: 'Roles of the project.', errors: [] },
  CreateRole: {
    summary: 'Makes a role of a policy document.',
    errors: ['role_exists', 'incorrect_json'],
    request: {
      name: 'watcher',
      policy: { Version: '1.1', Statement: [{ Effect: 'Allow', Action: ['modelarts:serviceTask:list'] }] },
    },
  },
  UpdateRole: {
    summary: 'Changes a role.',
    errors: ['role_not_found', 'incorrect_json'],
    request: { description: 'Looks and does not touch.' },
  },
  DeleteRole: { summary: 'Deletes a role.', errors: ['role_not_found'] },
  ListAudit: {
    summary: 'Who did what, newest first.',
    parameters: [
      query('from', 'Epoch ms, inclusive.', time),
      query('to', 'Epoch ms, exclusive.', time),
      query('scope', 'Of the project, or of calls outside of projects.', { enum: ['project', 'deployment'] }),
      query('limit', 'Records to answer with.', { type: 'integer', minimum: 1, maximum: 1000, default: 100 }),
      query('cursor', 'The next_cursor of the page before.', text),
    ],
    errors: [],
  },
}
