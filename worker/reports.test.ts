import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Report } from '@sightline/contract/fleet.ts'
import { Reports } from './reports.ts'

const aReport = (over: Partial<Report> = {}): Report => ({
  task_id: 't1',
  generation: 1,
  seq: 1,
  phase: 'opening',
  ...over,
})
const signal = () => new AbortController().signal

test('a newer view takes the place of an older one of the same run', async () => {
  const reports = new Reports()
  const views = [
    aReport(),
    aReport({ task_id: 't2' }),
    aReport({ seq: 2, phase: 'running' }),
    aReport({ generation: 2 }),
  ]
  for (const view of views) reports.put(view)
  assert.deepEqual(await reports.next(signal()), [views[2], views[1], views[3]])
})

test('what was taken goes, unless a newer view came meanwhile', async () => {
  const reports = new Reports()
  reports.put(aReport())
  reports.put(aReport({ task_id: 't2' }))
  const sent = await reports.next(signal())
  const newer = aReport({ seq: 2, phase: 'running' })
  reports.put(newer)
  reports.taken(sent)
  assert.deepEqual(await reports.next(signal()), [newer])
})

test('who asks while there is none waits for the next one, or for the end', async () => {
  const reports = new Reports()
  const next = reports.next(signal())
  reports.put(aReport())
  assert.deepEqual(await next, [aReport()])
  reports.clear()
  const ending = new AbortController()
  const never = reports.next(ending.signal)
  ending.abort(new Error('over'))
  await assert.rejects(never, /over/)
})

test('a request carries a thousand at most', async () => {
  const reports = new Reports()
  for (let index = 0; index < 1500; index++) reports.put(aReport({ task_id: `t${index}` }))
  const first = await reports.next(signal())
  reports.taken(first)
  assert.deepEqual([first.length, (await reports.next(signal())).length], [1000, 500])
})
