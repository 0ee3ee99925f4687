// Malformed create requests, made from the schema itself: each is a 400 that names the field, and none leaves a trace.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CreateTasksRequest } from '@sightline/contract/task.ts'
import { openTestApi, type TestApi } from '@sightline/server/api/test-api.ts'
import type { z } from 'zod'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }
type Members = { [name: string]: Json }
type Path = (string | number)[]
type Fault = { path: Path; kind: string; value: Json | undefined }

const headers = { Accept: 'text/plain' }
const everything: Members = {
  name: 'gate',
  description: 'the gate',
  output: {
    obs: { bucket: 'results', path: 'a', data_category: ['StructuredData'] },
    dis: { stream_name: 'stream', stream_id: 's1', data_category: ['StructuredData'] },
    webhook: { url: 'https://receiver.example/', headers, data_category: ['StructuredData'], freshness: 60 },
  },
  config: { line_count_interval: 2 },
  source_usage_estimate: { cpu: 0.1, memory: 32 },
  labels: { floor: '2' },
}
const frequency = { interval: 60, duration: 10, begin_at: '08:00:00', end_at: '20:00:00' }
const periods = [{ begin_at: '08:00:00', end_at: '20:00:00' }]
const url = { url: 'rtsp://camera.example/1', index: 1 }
const bodies: Members[] = [
  {
    input: { type: 'url', data: [url] },
    schedule: { type: 'daily', execution_mode: 'period', timezone: 'UTC', periods },
  },
  {
    input: {
      type: 'restful',
      data: [
        {
          url: 'https://a.example/',
          headers,
          certificate_check: true,
          rtsp_path_in_response: '/a',
          node_id: 'n',
          index: 1,
        },
      ],
    },
    schedule: { type: 'weekly', timezone: 'UTC', days_of_week: [1], frequency },
  },
  { input: { type: 'edgecamera', data: [{ id: 'c1', camera_type: 'ipc', tag: [{ a: 'b' }], index: 1 }] } },
  {
    input: {
      type: 'vcn',
      data: [{ device_id: 'd1', node_id: 'n', stream_type: 1, index: 1 }],
      vcn: { ip: '10.0.0.1', port: 443, username: 'u', password: 'p' },
    },
    schedule: { type: 'monthly', timezone: 'UTC', days_of_month: [1], periods },
  },
  { input: { type: 'obs', data: [{ bucket: 'videos', path: 'a.mp4', index: 1 }] } },
  { input: { type: 'vis', data: [{ stream_name: 'stream', index: 1 }] } },
].map((body) => ({ ...everything, ...body }))

type Def = z.core.$ZodTypeDef & {
  innerType?: z.core.$ZodType
  in?: z.core.$ZodType
  options?: z.core.$ZodType[]
  shape?: Record<string, z.core.$ZodType>
  element?: z.core.$ZodType
  valueType?: z.core.$ZodType
  values?: unknown[]
  format?: string
  checks?: z.core.$ZodCheck[]
}
const defOf = (schema: z.core.$ZodType) => schema._zod.def as Def

/** Every fault that the schema lets one think of in a good value. */
function faultsOf(schema: z.core.$ZodType, value: Json | undefined, path: Path): Fault[] {
  const def = defOf(schema)
  if (def.type === 'optional') return def.innerType ? faultsOf(def.innerType, value, path) : []
  if (def.type === 'union') {
    const chosen = def.options?.find((option) => isChosen(option, value))
    return chosen ? faultsOf(chosen, value, path) : []
  }
  return [...ownFaults(def, value, path), ...memberFaults(def, value, path)]
}

const isMembers = (value: Json | undefined): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function isChosen(option: z.core.$ZodType, value: Json | undefined): boolean {
  const type = defOf(option).shape?.type
  return isMembers(value) && type !== undefined && (defOf(type).values ?? []).includes(value.type)
}

function ownFaults(def: Def, value: Json | undefined, path: Path): Fault[] {
  if (path.length === 0 || def.type === 'unknown') return []
  const wrongType: Json = typeof value === 'string' || def.type === 'enum' || def.type === 'literal' ? 17 : 'wrong'
  const fault = (kind: string, changed: Json): Fault => ({ path, kind, value: changed })
  return [
    fault('of another type', wrongType),
    fault('a list', def.type === 'array' ? { a: 1 } : [1, 2]),
    ...(def.type === 'enum' || def.type === 'literal' ? [fault('an unknown word', 'nonsense')] : []),
    ...(def.type === 'string' && def.format === 'url' ? [fault('no address', 'camera')] : []),
    ...(def.type === 'number' && def.format === 'safeint' ? [fault('no integer', 1.5)] : []),
    ...(def.checks ?? []).flatMap(({ _zod }) => faultOfCheck(_zod.def as CheckDef, def, value, fault)),
  ]
}

type CheckDef = z.core.$ZodCheckDef & { minimum?: number; maximum?: number; value?: number; format?: string }

function faultOfCheck(
  check: CheckDef,
  def: Def,
  value: Json | undefined,
  fault: (kind: string, changed: Json) => Fault,
): Fault[] {
  switch (check.check) {
    case 'max_length': {
      const length = (check.maximum ?? 0) + 1
      const long: Json = Array.isArray(value) ? Array(length).fill(value[0] ?? 'a') : longText(def, value, length)
      return [fault('too long', long)]
    }
    case 'min_length':
      return [fault('too short', Array.isArray(value) ? [] : 'a'.repeat(Math.max(0, (check.minimum ?? 1) - 1)))]
    case 'less_than':
      return [fault('too large', (check.value ?? 0) + 1)]
    case 'greater_than':
      return [fault('too small', (check.value ?? 0) - 1)]
    case 'string_format':
      return check.format === 'regex' ? [fault('of another pattern', '<~>')] : []
    default:
      return []
  }
}

/** Long, and otherwise as good as the value. */
function longText(def: Def, value: Json | undefined, length: number): string {
  const start = def.format === 'url' ? String(value) : ''
  return start + 'a'.repeat(length - start.length)
}

function memberFaults(def: Def, value: Json | undefined, path: Path): Fault[] {
  if (Array.isArray(value)) return def.element ? faultsOf(def.element, value[0], [...path, 0]) : []
  if (!isMembers(value)) return []
  if (def.valueType) {
    const [name] = Object.keys(value)
    return name === undefined ? [] : faultsOf(def.valueType, value[name], [...path, name])
  }
  return Object.entries(def.shape ?? {}).flatMap(([name, member]) => {
    const isOptional = defOf(member).type === 'optional'
    const missing: Fault[] = ['missing', 'null'].map((kind) => ({
      path: [...path, name],
      kind,
      value: kind === 'null' ? null : undefined,
    }))
    const faults = name in value ? faultsOf(member, value[name], [...path, name]) : []
    return [...(isOptional ? [] : missing), ...faults]
  })
}

/** The body with the value at a path replaced, or left out. */
function replaced(body: Json, [step, ...rest]: Path, value: Json | undefined): Json | undefined {
  if (step === undefined) return value
  if (Array.isArray(body)) return body.map((item, at) => (at === step ? (replaced(item, rest, value) ?? null) : item))
  if (!isMembers(body)) return body
  const member = replaced(body[step] ?? null, rest, value)
  const { [step]: _, ...others } = body
  return member === undefined ? others : { ...others, [step]: member }
}

const fieldOf = (path: Path) =>
  path
    .reduce<string>((field, step) => (typeof step === 'number' ? `${field}[${step}]` : `${field}.${step}`), '')
    .slice(1)

let api: TestApi
before(async () => {
  api = await openTestApi()
})
after(() => api[Symbol.asyncDispose]())

const cases = bodies.flatMap((body) => faultsOf(CreateTasksRequest, body, []).map((fault) => ({ body, fault })))

test('the good requests that the faults are put into are good', async () => {
  for (const body of bodies) {
    // What only admission knows is not asked here: the schema must find nothing.
    assert.equal(CreateTasksRequest.safeParse(body).error, undefined)
  }
})

test(`${cases.length} malformed requests: at least 200, each a 400 that names its field, nothing stored`, async () => {
  assert.ok(cases.length >= 200)
  for (const { body, fault } of cases) {
    const answer = await api.ask({ method: 'POST', path: api.tasksPath, body: replaced(body, fault.path, fault.value) })
    const { error_code, error_msg } = answer.body as { error_code: string; error_msg: string }
    const said = `${fieldOf(fault.path)} ${fault.kind}: ${answer.status} ${error_msg}`
    assert.deepEqual([answer.status, error_code], [400, 'ModelArts.0101'], said)
    assert.ok(error_msg.includes(`[${fieldOf(fault.path)}]`), said)
  }
  const { rows } = await api.database.query(
    'select (select count(*) from task) as tasks, (select count(*) from task_history) as entries',
  )
  assert.deepEqual(rows, [{ tasks: 0, entries: 0 }])
})
