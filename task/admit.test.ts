import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiErrors } from '@sightline/contract/errors.ts'
import { CreateTasksRequest } from '@sightline/contract/task.ts'
import { type AdmitContext, admit } from './admit.ts'
import type { Refusal } from './refusal.ts'

const context: AdmitContext = {
  service: { id: 's1', projectId: 'p1', algorithm: 'c-flowcount', version: '1.0', profile: 'ief' },
  creator: 'ann',
  nowMs: 1_000,
  taskIds: ['a', 'b', 'c'],
  isStrict: false,
  mayReadFiles: false,
  addressPolicy: { preset: 'lan', allow: [], deny: [], own: [] },
  quota: { taskCount: 0, taskCountMax: 100 },
}
const strict: AdmitContext = { ...context, isStrict: true }
const strictEdge: AdmitContext = { ...strict, service: { ...context.service, profile: 'edge' } }

const url = (address: string) => ({ type: 'url', data: [{ url: address }] })
const base = {
  name: 'gate',
  input: url('rtsp://192.168.1.9/live'),
  output: { dis: { stream_name: 'events' } },
}
const request = (changes: object) => CreateTasksRequest.parse({ ...base, ...changes })

function textOf(refusal: Refusal): string {
  const { code, message } = apiErrors[refusal.error]
  return `${code} ${message.replace(/\{(\w+)\}/g, (_, name: string) => refusal.params[name] ?? '?')}`
}

function refusalText(changes: object, inContext: AdmitContext = context): string {
  const admission = admit(request(changes), inContext)
  return 'refusal' in admission ? textOf(admission.refusal) : 'admitted'
}

test('a request for one input gives one task that waits for a worker', () => {
  assert.deepEqual(admit(request({ description: 'd', labels: { hall: 'A' } }), context), {
    tasks: [
      {
        id: 'a',
        projectId: 'p1',
        serviceId: 's1',
        name: 'gate',
        description: 'd',
        creator: 'ann',
        input: base.input,
        output: base.output,
        labels: { hall: 'A' },
        cores: 0.1,
        memoryMib: 32,
        isFinite: false,
        createdAtMs: 1_000,
        cause: 'created',
        desired: 'run',
        state: 'PENDING',
        dueAtMs: 1_000,
      },
    ],
  })
})

test('each input becomes a task of its own, with a number at the end of its name', () => {
  const data = [{ url: 'rtsp://a.example/1' }, { url: 'https://b.example/2.mp4' }, { url: 'rtmp://c.example/3' }]
  const admission = admit(request({ name: 'x'.repeat(100), input: { type: 'url', data } }), context)
  assert.ok('tasks' in admission)
  assert.deepEqual(
    admission.tasks.map((task) => ({ id: task.id, name: task.name, input: task.input, isFinite: task.isFinite })),
    [
      { id: 'a', name: `${'x'.repeat(98)}_0`, input: { type: 'url', data: [data[0]] }, isFinite: false },
      { id: 'b', name: `${'x'.repeat(98)}_1`, input: { type: 'url', data: [data[1]] }, isFinite: true },
      { id: 'c', name: `${'x'.repeat(98)}_2`, input: { type: 'url', data: [data[2]] }, isFinite: false },
    ],
  )
})

test('a scheduled task is born stopped and disarmed', () => {
  const schedule = { type: 'daily', timezone: '+08:00', periods: [{ begin_at: '08:00', end_at: '20:00:00' }] }
  const admission = admit(request({ schedule }), context)
  assert.ok('tasks' in admission)
  const { desired, armed, state, dueAtMs } = admission.tasks[0] ?? assert.fail()
  assert.deepEqual(
    { desired, armed, state, dueAtMs },
    { desired: 'stop', armed: false, state: 'STOPPED', dueAtMs: undefined },
  )
})

test('a webhook without headers says that it sends JSON', () => {
  const admission = admit(request({ output: { webhook: { url: 'https://hook.example/' } } }), context)
  assert.ok('tasks' in admission)
  assert.deepEqual(admission.tasks[0]?.output.webhook?.headers, { 'Content-Type': 'application/json' })
})

test('parameters that the algorithm does not know are named in the first line of the history', () => {
  const admission = admit(request({ config: { line_count_interval: 2, common: { colour: 1 } } }), context)
  assert.ok('tasks' in admission)
  assert.equal(admission.tasks[0]?.cause, 'created; ignored parameters: colour')
})

const daily = (changes: object) => ({
  schedule: { type: 'daily', timezone: 'UTC', periods: [{ begin_at: '08:00:00', end_at: '20:00:00' }], ...changes },
})
const once = (begin_at: string, end_at: string) => daily({ type: 'once', periods: [{ begin_at, end_at }] })
const webhook = (changes: object) => ({ output: { webhook: { url: 'https://hook.example/x', ...changes } } })
const roi = (value: unknown) => ({ config: { target_roi: value } })
const square = [
  [0, 0],
  [9, 0],
  [9, 9],
]

for (const { name, changes, inContext, expected } of [
  {
    name: 'no output',
    changes: { output: {} },
    expected: 'ModelArts.0101 Invalid argument. The field [output] is required and cannot be empty.',
  },
  {
    name: 'an object with a schedule',
    changes: { ...daily({}), input: { type: 'obs', data: [{ bucket: 'clips', path: 'a.mp4' }] } },
    expected: 'ModelArts.0101 Invalid argument. The field [schedule] cannot be used with inputs of type [obs].',
  },
  {
    name: 'a file address with a schedule',
    changes: { ...daily({}), input: url('https://v.example/clip.mp4') },
    expected: 'ModelArts.0101 Invalid argument. The field [schedule] cannot be used with https addresses of this kind.',
  },
  {
    name: 'a live https address with a schedule',
    changes: { ...daily({}), input: url('https://v.example/live/s') },
    expected: 'admitted',
  },
  {
    name: 'a playlist with a schedule',
    changes: { ...daily({}), input: url('http://v.example/a.m3u8?k=1') },
    expected: 'admitted',
  },
  {
    name: 'a live https address with a schedule, strictly',
    changes: { ...daily({}), input: url('https://v.example/live/s') },
    inContext: strict,
    expected: 'ModelArts.0101 Invalid argument. The field [schedule] cannot be used with https addresses of this kind.',
  },
  {
    name: 'a scheme that no source opens',
    changes: { input: url('ftp://v.example/a') },
    expected:
      'ModelArts.0101 Invalid argument. The field [input.data[0].url] should be one of [http://, https://, rtsp://, rtsps://, rtmp://, rtmps://].',
  },
  {
    name: 'a file of the node',
    changes: { input: url('file:///etc/passwd') },
    expected:
      'ModelArts.0101 Invalid argument. The field [input.data[0].url] should be one of [http://, https://, rtsp://, rtsps://, rtmp://, rtmps://].',
  },
  {
    name: 'a file of the node, by an administrator',
    changes: { input: url('file:///clips/a.mp4') },
    inContext: { ...context, mayReadFiles: true },
    expected: 'admitted',
  },
  {
    name: 'a loopback address',
    changes: { input: url('http://127.0.0.1:8080/a') },
    expected: 'ModelArts.9505 The address in the field [input.data[0].url] is not allowed by the address policy.',
  },
  {
    name: 'the metadata service as a webhook',
    changes: webhook({ url: 'http://169.254.169.254/latest' }),
    expected: 'ModelArts.9505 The address in the field [output.webhook.url] is not allowed by the address policy.',
  },
  {
    name: 'an IP camera without a tag',
    changes: { input: { type: 'edgecamera', data: [{ id: 'c1', camera_type: 'ipc' }] } },
    expected: 'ModelArts.0101 Invalid argument. The field [input.data[0].tag] is required and cannot be empty.',
  },
  {
    name: 'a webhook header of HTTP itself',
    changes: webhook({ headers: { Host: 'x' } }),
    expected: 'ModelArts.0101 Invalid argument. The field [output.webhook.headers.Host] is not supported by webhooks.',
  },
  {
    name: 'a webhook header that ends the header',
    changes: webhook({ headers: { 'X-A': 'a\r\nX-B: b' } }),
    expected: 'ModelArts.0101 Invalid argument. The field [output.webhook.headers.X-A] does not match a header value.',
  },
  {
    name: 'a webhook without headers, strictly',
    changes: webhook({}),
    inContext: strict,
    expected: 'ModelArts.0101 Invalid argument. The field [output.webhook.headers] is required and cannot be empty.',
  },
  {
    name: 'a data category that nobody knows, strictly',
    changes: { output: { dis: { stream_name: 's', data_category: ['Sound'] } } },
    inContext: strict,
    expected:
      'ModelArts.0101 Invalid argument. The field [output.dis.data_category[0]] should be one of [StructuredData, OriginImage, FaceImage, Heatmap, Health].',
  },
  {
    name: 'periods and frequency at once',
    changes: daily({ frequency: { interval: 10, duration: 5 } }),
    expected: 'ModelArts.0107 The values of the request parameters (schedule.periods,schedule.frequency) are invalid.',
  },
  {
    name: 'a mode that the members contradict',
    changes: daily({ execution_mode: 'frequency' }),
    expected:
      'ModelArts.0107 The values of the request parameters (schedule.execution_mode,schedule.periods) are invalid.',
  },
  {
    name: 'neither periods nor frequency',
    changes: daily({ periods: undefined }),
    expected: 'ModelArts.0101 Invalid argument. The field [schedule.periods] is required and cannot be empty.',
  },
  {
    name: 'a weekly schedule without days',
    changes: daily({ type: 'weekly' }),
    expected: 'ModelArts.0101 Invalid argument. The field [schedule.days_of_week] is required and cannot be empty.',
  },
  {
    name: 'a monthly schedule without days',
    changes: daily({ type: 'monthly' }),
    expected: 'ModelArts.0101 Invalid argument. The field [schedule.days_of_month] is required and cannot be empty.',
  },
  { name: 'days of another type', changes: daily({ days_of_week: [1] }), expected: 'admitted' },
  {
    name: 'days of another type, strictly',
    changes: daily({ days_of_week: [1] }),
    inContext: strict,
    expected:
      'ModelArts.0101 Invalid argument. The field [schedule.days_of_week] is not supported by schedules of type [daily].',
  },
  {
    name: 'a period over midnight',
    changes: daily({ periods: [{ begin_at: '22:00', end_at: '06:00' }] }),
    expected: 'admitted',
  },
  {
    name: 'the whole day',
    changes: daily({ periods: [{ begin_at: '00:00:00', end_at: '24:00:00' }] }),
    expected: 'admitted',
  },
  {
    name: 'a begin with 24 minutes',
    changes: daily({ periods: [{ begin_at: '10:24:00', end_at: '11:00' }] }),
    expected: 'admitted',
  },
  {
    name: 'a period that ends when it begins',
    changes: daily({ periods: [{ begin_at: '08:00:00', end_at: '08:00' }] }),
    expected:
      'ModelArts.0107 The values of the request parameters (schedule.periods[0].begin_at,schedule.periods[0].end_at) are invalid.',
  },
  {
    name: 'a begin at 24:00',
    changes: daily({ periods: [{ begin_at: '24:00:00', end_at: '08:00' }] }),
    expected: 'ModelArts.0101 Invalid argument. The field [schedule.periods[0].begin_at] does not match hh:mm:ss.',
  },
  {
    name: 'a date in a daily period',
    changes: daily({ periods: [{ begin_at: '2027-01-01T08:00:00', end_at: '20:00:00' }] }),
    expected: 'ModelArts.0101 Invalid argument. The field [schedule.periods[0].begin_at] does not match hh:mm:ss.',
  },
  { name: 'a stretch of one night', changes: once('2027-01-01T22:00:00', '2027-01-02T06:00'), expected: 'admitted' },
  {
    name: 'a once period that ends before it begins',
    changes: once('2027-01-02T22:00:00', '2027-01-02T06:00:00'),
    expected:
      'ModelArts.0107 The values of the request parameters (schedule.periods[0].begin_at,schedule.periods[0].end_at) are invalid.',
  },
  {
    name: 'a day that no calendar has',
    changes: once('2027-02-30T22:00:00', '2027-03-02T06:00:00'),
    expected:
      'ModelArts.0101 Invalid argument. The field [schedule.periods[0].begin_at] does not match yyyy-MM-ddThh:mm:ss.',
  },
  {
    name: 'a once frequency with a date',
    changes: daily({ type: 'once', periods: undefined, date: '2027-01-01', frequency: { interval: 30, duration: 5 } }),
    expected: 'admitted',
  },
  {
    name: 'a once frequency without a day',
    changes: daily({ type: 'once', periods: undefined, frequency: { interval: 30, duration: 5 } }),
    expected:
      'ModelArts.0101 Invalid argument. The field [schedule.frequency.begin_at] is required and cannot be empty.',
  },
  {
    name: 'a daily frequency of the whole day',
    changes: daily({ periods: undefined, frequency: { interval: 30, duration: 5 } }),
    expected: 'admitted',
  },
  ...['+14:00', '-12:00', 'Z', 'UTC+8', 'GMT-3:30', 'Europe/Berlin', 'Asia/Kolkata'].map((timezone) => ({
    name: `the zone ${timezone}`,
    changes: daily({ timezone }),
    expected: 'admitted',
  })),
  ...['+14:01', '-12:30', '+08', '+08:60', 'europe/berlin', 'Mars/Olympus', '08:00'].map((timezone) => ({
    name: `the zone ${timezone}`,
    changes: daily({ timezone }),
    expected:
      'ModelArts.0101 Invalid argument. The field [schedule.timezone] should be a UTC offset or the name of a time zone.',
  })),
  {
    name: 'a parameter out of range',
    changes: { config: { line_count_interval: 0 } },
    expected:
      'ModelArts.0101 Invalid argument. The field [config.line_count_interval] should be in the range of [1, 86400].',
  },
  {
    name: 'a common parameter out of range',
    changes: { config: { common: { image_compression_ratio: 101 } } },
    expected:
      'ModelArts.0101 Invalid argument. The field [config.common.image_compression_ratio] should be in the range of [20, 100].',
  },
  {
    name: 'a flat parameter before a common one',
    changes: { config: { line_count_interval: 5, common: { line_count_interval: 0 } } },
    expected: 'admitted',
  },
  {
    name: 'a switch that is neither on nor off',
    changes: { config: { line_detection_sw: 2 } },
    expected: 'ModelArts.0101 Invalid argument. The field [config.line_detection_sw] should be one of [0, 1].',
  },
  {
    name: 'a text where a number is due',
    changes: { config: { line_count_interval: '2' } },
    expected: 'ModelArts.0101 Invalid argument. The field [config.line_count_interval] should be an integer.',
  },
  {
    name: 'sizes that cross',
    changes: { config: { detection_min_size: 100, detection_max_size: 90 } },
    inContext: { ...context, service: { ...context.service, algorithm: 'c-intrusiondetection' } },
    expected:
      'ModelArts.0101 Invalid argument. The field [config.detection_max_size] should be in the range of [detection_min_size, 4000].',
  },
  {
    name: 'an unknown parameter, strictly',
    changes: { config: { colour: 1 } },
    inContext: strict,
    expected:
      'ModelArts.0101 Invalid argument. The field [config.colour] is not supported by the algorithm [c-flowcount].',
  },
  {
    name: 'a region as a string',
    changes: roi(JSON.stringify({ polygons: [{ data: square, name: 'a' }] })),
    expected: 'admitted',
  },
  { name: 'no region', changes: roi(''), expected: 'admitted' },
  {
    name: 'a region that is no JSON',
    changes: roi('left half'),
    expected:
      'ModelArts.0101 Invalid argument. The field [config.target_roi] should be a string of JSON with polygons and lines.',
  },
  {
    name: 'too many polygons',
    changes: roi({ polygons: Array.from({ length: 11 }, () => ({ data: square })) }),
    expected:
      'ModelArts.0101 Invalid argument. The length of the field [config.target_roi.polygons] should be in the range of [0, 10].',
  },
  {
    name: 'an edge service without an estimate, strictly',
    changes: {},
    inContext: strictEdge,
    expected: 'ModelArts.0101 Invalid argument. The field [source_usage_estimate] is required and cannot be empty.',
  },
  {
    name: 'a configuration for an edge service, strictly',
    changes: { config: {} },
    inContext: strictEdge,
    expected: 'ModelArts.0101 Invalid argument. The field [config] is not supported by services of profile [edge].',
  },
  {
    name: 'one task more than the project may have',
    changes: {},
    inContext: { ...context, quota: { taskCount: 100, taskCountMax: 100 } },
    expected: 'ModelArts.0118 The expected number of tasks exceeds the quota limit.',
  },
]) {
  test(`${name}: ${expected}`, () => assert.equal(refusalText(changes, inContext), expected))
}
