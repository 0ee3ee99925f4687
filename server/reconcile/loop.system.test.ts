import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestFleet, type TestFleet, taskIdOf } from '../fleet/test-fleet.ts'
import { wakeReconciler } from '../store/database.ts'
import { startReconciler } from './loop.ts'

const t1 = taskIdOf(1)

/** What the database says of a task, once it is no longer what it was. */
async function seeChanged(fleet: TestFleet, from: string): Promise<string | undefined> {
  for (;;) {
    const said = await fleet.see(t1).catch(() => from)
    if (said !== from) return said
  }
}

test('a reconciler that runs by itself acts when it is woken', async () => {
  await using fleet = await openTestFleet()
  await using _ = await startReconciler(fleet.door)
  const worker = await fleet.join('north')
  await fleet.insert({ id: t1 })
  await wakeReconciler(fleet.database)
  assert.equal(await seeChanged(fleet, 'PENDING'), 'STARTING')
  await worker.report(t1, 1, 'running')
  assert.equal(await seeChanged(fleet, 'STARTING'), 'RUNNING')
})

test('a reconciler that runs by itself acts without being woken', async () => {
  await using fleet = await openTestFleet()
  await using _ = await startReconciler(fleet.door)
  await fleet.join('north')
  await fleet.insert({ id: t1 })
  assert.equal(await seeChanged(fleet, 'PENDING'), 'STARTING')
})

test('a reconciler goes on after the database has cut every connection', async () => {
  await using fleet = await openTestFleet()
  await using _ = await startReconciler(fleet.door)
  await fleet.join('north')
  await fleet.database.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()',
  )
  await fleet.insert({ id: t1 })
  assert.equal(await seeChanged(fleet, 'PENDING'), 'STARTING')
})
