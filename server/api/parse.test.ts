import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreateTasksRequest } from '@sightline/contract/task.ts'
import { parseJsonObject } from './json.ts'
import { parse } from './parse.ts'
import { settleSpellings } from './spellings.ts'

const url = 'rtsp://camera.example/1'
const webhook = { url: 'https://receiver.example/' }
const good = { name: 'a', input: { type: 'url', data: [{ url }] }, output: { webhook } }
const frequency = { interval: 60, duration: 10 }
const schedule = { type: 'daily', timezone: '+08:00', frequency }

function textOf(body: unknown): string {
  try {
    parse(CreateTasksRequest, settleSpellings(parseJsonObject(Buffer.from(JSON.stringify(body)))))
    return 'accepted'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

for (const { name, body, expected } of [
  { name: 'a good request', body: good, expected: 'accepted' },
  {
    name: 'a null member, which is absent',
    body: { ...good, schedule: null, description: null },
    expected: 'accepted',
  },
  { name: 'an unknown member', body: { ...good, extra: 1 }, expected: 'accepted' },
  {
    name: 'a required member that is null',
    body: { ...good, input: null },
    expected: 'Invalid argument. The field [input] is required and cannot be empty.',
  },
  {
    name: 'an empty name',
    body: { ...good, name: '' },
    expected: 'Invalid argument. The field [name] is required and cannot be empty.',
  },
  {
    name: 'an empty list of inputs',
    body: { ...good, input: { type: 'url', data: [] } },
    expected: 'Invalid argument. The field [input.data] is required and cannot be empty.',
  },
  {
    name: 'an input without its type',
    body: { ...good, input: { data: [{ url }] } },
    expected: 'Invalid argument. The field [input.type] is required and cannot be empty.',
  },
  {
    name: 'an unknown input type',
    body: { ...good, input: { type: 'usb', data: [{ url }] } },
    expected: 'Invalid argument. The field [input.type] should be one of [restful, url, edgecamera, vcn, obs, vis].',
  },
  {
    name: 'a name that is too long',
    body: { ...good, name: 'a'.repeat(101) },
    expected: 'Invalid argument. The length of the field [name] should be in the range of [1, 100].',
  },
  {
    name: 'a name with a space',
    body: { ...good, name: 'a b' },
    expected: 'Invalid argument. The field [name] does not match ^[\\u4E00-\\u9FA5A-Za-z0-9_-]{1,100}$.',
  },
  {
    name: 'a name that is a number',
    body: { ...good, name: 1 },
    expected: 'Invalid argument. The field [name] should be a string.',
  },
  {
    name: 'a description that is too long',
    body: { ...good, description: 'a'.repeat(501) },
    expected: 'Invalid argument. The length of the field [description] should be in the range of [0, 500].',
  },
  {
    name: 'an interval out of range',
    body: { ...good, schedule: { ...schedule, frequency: { ...frequency, interval: 4 } } },
    expected: 'Invalid argument. The field [schedule.frequency.interval] should be in the range of [5, 720].',
  },
  {
    name: 'an interval that is no integer',
    body: { ...good, schedule: { ...schedule, frequency: { ...frequency, interval: 5.5 } } },
    expected: 'Invalid argument. The field [schedule.frequency.interval] should be an integer.',
  },
  {
    name: 'too many periods',
    body: { ...good, schedule: { ...schedule, periods: Array(11).fill({ begin_at: '08:00:00', end_at: '09:00:00' }) } },
    expected: 'Invalid argument. The length of the field [schedule.periods] should be in the range of [1, 10].',
  },
  {
    name: 'too many inputs',
    body: { ...good, input: { type: 'url', data: Array(101).fill({ url }) } },
    expected: 'Invalid argument. The length of the field [input.data] should be in the range of [1, 100].',
  },
  {
    name: 'a time of day that is none',
    body: { ...good, schedule: { ...schedule, periods: [{ begin_at: '25:00:00', end_at: '09:00:00' }] } },
    expected:
      'Invalid argument. The field [schedule.periods[0].begin_at] does not match hh:mm:ss, or yyyy-MM-ddThh:mm:ss for a once schedule.',
  },
  {
    name: 'an address without its host',
    body: { ...good, input: { type: 'url', data: [{ url }, { url: 'camera' }] } },
    expected: 'Invalid argument. The field [input.data[1].url] should be an absolute URL.',
  },
  {
    name: 'a boolean given as text',
    body: {
      ...good,
      input: {
        type: 'restful',
        data: [{ url: 'https://a.example', certificate_check: 'no', rtsp_path_in_response: '/a' }],
      },
    },
    expected: 'Invalid argument. The field [input.data[0].certificate_check] should be a boolean.',
  },
  {
    name: 'too many headers',
    body: {
      ...good,
      output: {
        webhook: { ...webhook, headers: Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`h${at}`, 'x'])) },
      },
    },
    expected: 'Invalid argument. The length of the field [output.webhook.headers] should be in the range of [1, 10].',
  },
  {
    name: 'a header that is too long',
    body: { ...good, output: { webhook: { ...webhook, headers: { a: 'x'.repeat(4097) } } } },
    expected:
      'Invalid argument. The length of the field [output.webhook.headers.a] should be in the range of [0, 4096].',
  },
  {
    name: 'a port out of range, in the member that the type chooses',
    body: {
      ...good,
      input: {
        type: 'vcn',
        data: [{ device_id: 'd' }],
        vcn: { ip: '10.0.0.1', port: 0, username: 'u', password: 'p' },
      },
    },
    expected: 'Invalid argument. The field [input.vcn.port] should be in the range of [1, 65535].',
  },
  {
    name: 'a name that is an object whose length does not compare',
    body: { ...good, name: { length: { toString: 'a' } } },
    expected: 'Invalid argument. The field [name] should be a string.',
  },
  {
    name: 'a need for no cores',
    body: { ...good, source_usage_estimate: { cpu: 0, memory: 32 } },
    expected: 'Invalid argument. The field [source_usage_estimate.cpu] should be greater than 0.',
  },
  {
    name: 'a schedule of an unknown type',
    body: { ...good, schedule: { ...schedule, type: 'hourly' } },
    expected: 'Invalid argument. The field [schedule.type] should be one of [once, daily, weekly, monthly].',
  },
  {
    name: 'two faults, of which the first in document order is told',
    body: { ...good, output: { obs: {} }, schedule: { type: 'x' } },
    expected: 'Invalid argument. The field [schedule.type] should be one of [once, daily, weekly, monthly].',
  },
  {
    name: 'other spellings',
    body: {
      ...good,
      input: {
        type: 'EdgeRestful',
        data: [{ url: 'https://a.example', certificate_check: false, rtsp_path_in_response: '/a' }],
      },
      schedule: { ...schedule, type: 'DAILY' },
      output: { webhook: { ...webhook, dataCategory: ['StructuredData'] } },
    },
    expected: 'accepted',
  },
]) {
  test(`a create request with ${name}`, () => assert.equal(textOf(body), expected))
}
