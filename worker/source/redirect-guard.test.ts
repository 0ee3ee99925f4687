import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRedirectGuard } from './redirect-guard.ts'

function aGuard() {
  const locations: string[] = []
  const guard = createRedirectGuard((location) => void locations.push(location))
  const pass = (text: string) => guard.fromServer(Buffer.from(text, 'latin1'))?.toString('latin1')
  return { guard, pass, locations }
}

const described = 'RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 5\r\n\r\nv=0\r\n'
const moved = 'RTSP/1.0 302 Found\r\nCSeq: 2\r\nLocation: rtsp://10.0.0.1/x\r\n\r\n'

test('answers are passed on whole, also when they come in pieces', () => {
  const { pass } = aGuard()
  assert.deepEqual(
    [pass(described.slice(0, 10)), pass(described.slice(10, 50)), pass(described.slice(50) + described)],
    ['', '', described + described],
  )
})

test('interleaved data between answers is passed on', () => {
  const { pass } = aGuard()
  assert.equal(pass(`$\0\0\x04RTSP${described}`), `$\0\0\x04RTSP${described}`)
})

for (const { name, answer, location } of [
  { name: 'a redirect', answer: moved, location: 'rtsp://10.0.0.1/x' },
  { name: 'a redirect behind another answer', answer: described + moved, location: 'rtsp://10.0.0.1/x' },
  { name: 'a redirect behind an empty line', answer: `\r\n${moved}`, location: 'rtsp://10.0.0.1/x' },
  { name: 'a redirect with lines of its own kind', answer: moved.replaceAll('\r', ''), location: 'rtsp://10.0.0.1/x' },
  { name: 'a status that may be read as 302', answer: moved.replace('302', '0302'), location: 'rtsp://10.0.0.1/x' },
]) {
  test(`${name} is cut, and where it leads is told`, () => {
    const { pass, locations } = aGuard()
    assert.equal(pass(answer), undefined)
    assert.deepEqual(locations, [location])
  })
}

test('an answer that promises no sensible length is cut', () =>
  assert.equal(aGuard().pass('RTSP/1.0 200 OK\r\nContent-Length: -5\r\n\r\n'), undefined))

test('after PLAY nothing is looked at', () => {
  const { guard, pass } = aGuard()
  guard.fromClient(Buffer.from('PLAY rtsp://a.example/ RTSP/1.0\r\n'))
  assert.deepEqual([pass('anything'), guard.isDone()], ['anything', true])
})
