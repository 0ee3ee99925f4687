import assert from 'node:assert/strict'
import { test } from 'node:test'
import { safeUrl, sourceError } from './source-error.ts'

for (const { name, url, safe } of [
  { name: 'user and password', url: 'rtsp://admin:secret@10.0.0.1:554/ch1', safe: 'rtsp://10.0.0.1:554/ch1' },
  {
    name: 'secret query values',
    url: 'http://a.example/x?ch=1&token=secret',
    safe: 'http://a.example/x?ch=1&token=****',
  },
  { name: 'the fragment', url: 'http://a.example/x#secret', safe: 'http://a.example/x' },
]) {
  test(`an address is shown without ${name}`, () => assert.equal(safeUrl(new URL(url)), safe))
}

test('a fault of a source says what is wrong with which address', () => {
  const { message, code, isPermanent } = sourceError('credentials', new URL('rtsp://u:p@10.0.0.1/ch1'))
  assert.deepEqual(
    { message, code, isPermanent },
    { message: 'rtsp://10.0.0.1/ch1 refuses the credentials', code: 'VIN.207', isPermanent: true },
  )
})
