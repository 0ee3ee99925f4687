import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maskInput, maskOutput, maskUrl } from './mask.ts'

for (const { name, url, expected } of [
  { name: 'no secret', url: 'rtsp://cam.example:554/1?channel=2', expected: 'rtsp://cam.example:554/1?channel=2' },
  { name: 'a password', url: 'rtsp://u:p@cam.example/1', expected: 'rtsp://u:****@cam.example/1' },
  { name: 'a user without a password', url: 'rtsp://u@cam.example/1', expected: 'rtsp://u@cam.example/1' },
  {
    name: 'a password with an @ and a colon',
    url: 'rtsp://u:p@:q@cam.example/1',
    expected: 'rtsp://u:****@cam.example/1',
  },
  { name: 'an @ in the path', url: 'https://h.example/a:b@c', expected: 'https://h.example/a:b@c' },
  {
    name: 'secret query values',
    url: 'https://h.example/a?Token=x&b=c&api_KEY=y#z',
    expected: 'https://h.example/a?Token=****&b=c&api_KEY=****#z',
  },
  { name: 'a key in percent form', url: 'https://h.example/?%74oken=x', expected: 'https://h.example/?%74oken=****' },
  { name: 'an odd start', url: 'https:\\\\u:p@h.example/', expected: 'https:\\\\u:****@h.example/' },
  { name: 'one slash only', url: 'https:/u:p@h.example/', expected: 'https://u:****@h.example/' },
]) {
  test(`a URL with ${name}`, () => assert.equal(maskUrl(url), expected))
}

test('passwords and secret headers of an input are masked, names and other headers are not', () => {
  const restful = {
    type: 'restful' as const,
    data: [
      {
        url: 'https://h.example/?sign=1&signature=2',
        headers: { Authorization: 'x', Accept: 'y', 'X-Session-Id': 'z' },
        certificate_check: true,
        rtsp_path_in_response: '/a',
      },
    ],
  }
  assert.deepEqual(maskInput(restful), {
    type: 'restful',
    data: [
      {
        url: 'https://h.example/?sign=1&signature=****',
        headers: { Authorization: '****', Accept: 'y', 'X-Session-Id': '****' },
        certificate_check: true,
        rtsp_path_in_response: '/a',
      },
    ],
  })
  const vcn = { ip: '10.0.0.1', port: 1, username: 'u', password: 'p' }
  assert.deepEqual(maskInput({ type: 'vcn', data: [{ device_id: 'd' }], vcn }), {
    type: 'vcn',
    data: [{ device_id: 'd' }],
    vcn: { ...vcn, password: '****' },
  })
})

test('a webhook without headers gets none', () => {
  assert.deepEqual(maskOutput({ webhook: { url: 'https://u:p@h.example/' }, dis: { stream_name: 's' } }), {
    webhook: { url: 'https://u:****@h.example/' },
    dis: { stream_name: 's' },
  })
})
