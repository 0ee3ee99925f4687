import assert from 'node:assert/strict'
import { test } from 'node:test'
import { taskStates } from '@sightline/contract/states.ts'
import fc from 'fast-check'
import type { Database } from './database.ts'
import { describeStore, testNowMs } from './open-test-database.ts'
import { countTasksOfProject, countTasksOfService, foldTaskCounts } from './task-counts.ts'

const services = ['s1', 's2', 's3']

async function prepare(database: Database): Promise<void> {
  await database.query(`insert into domain (id, name) values ('d1', 'sightline')`)
  await database.query(`insert into project (id, domain_id, name, created_at) values ('p1', 'd1', 'default', $1)`, [
    new Date(testNowMs),
  ])
  await database.query(
    `insert into service (project_id, id, service_name, algorithm, version, task_profile, infer_type, status, owner,
                          created_at, transition_at)
     select 'p1', name, name, 'c-flowcount', '1.0', 'ief', 'edge', 'running', 'admin', $2, $2
       from unnest($1::text[]) as s (name)`,
    [services, new Date(testNowMs)],
  )
}

type Act = (database: Database) => Promise<unknown>

const acts = fc.oneof(
  fc
    .record({
      service: fc.constantFrom(...services),
      state: fc.constantFrom(...taskStates),
      count: fc.integer({ min: 1, max: 20 }),
    })
    .map(({ service, state, count }): Act => {
      return (database) =>
        database.query(
          `insert into task (id, project_id, service_id, name, creator, input, output, cores, memory_mib, desired,
                             state, state_since, created_at, updated_at)
           select replace(gen_random_uuid()::text, '-', ''), 'p1', $1, 'x', 'admin', '{}', '{}', 0.1, 32, 'run', $2,
                  $3, $3, $3
             from generate_series(1, $4)`,
          [service, state, new Date(testNowMs), count],
        )
    }),
  fc.record({ from: fc.constantFrom(...taskStates), to: fc.constantFrom(...taskStates) }).map(({ from, to }): Act => {
    return (database) => database.query(`update task set state = $2 where state = $1`, [from, to])
  }),
  fc.constantFrom(...taskStates).map((state): Act => {
    return (database) => database.query(`update task set desired = 'delete' where state = $1`, [state])
  }),
  fc.constantFrom(...taskStates).map((state): Act => {
    return (database) => database.query(`delete from task where state = $1 and desired = 'delete'`, [state])
  }),
  fc.constant<Act>((database) => database.query('update task set due_at = state_since')),
  fc.constant<Act>((database) => foldTaskCounts(database)),
)

async function assertCounted(database: Database): Promise<void> {
  const { rows } = await database.query<{ service_id: string; state: string; count: number }>(
    `select service_id, shown_state as state, count(*) as count from task group by 1, 2`,
  )
  for (const serviceId of services) {
    for (const state of taskStates) {
      const expected = rows.find((row) => row.service_id === serviceId && row.state === state)?.count ?? 0
      const counted = await countTasksOfService(database, { projectId: 'p1', serviceId, states: [state] })
      assert.equal(counted, expected, `${serviceId} ${state}`)
    }
  }
  const all = rows.reduce((sum, { count }) => sum + count, 0)
  assert.equal(await countTasksOfProject(database, 'p1'), all)
}

/** A statement that met another one in the wrong order is run again, as a transaction of the server is. */
const again = (act: Act, database: Database) =>
  database.transaction(async (tx) => {
    await act({ ...database, query: tx.query })
  })

describeStore('the numbers of tasks', (database) => {
  test('are exact whatever is written at the same time, before and after they are folded', async () => {
    await prepare(database())
    await fc.assert(
      fc.asyncProperty(fc.array(acts, { minLength: 5, maxLength: 30 }), async (chosen) => {
        await Promise.all(chosen.map((act) => again(act, database())))
        await assertCounted(database())
      }),
      { numRuns: 15 },
    )
    await foldTaskCounts(database())
    await assertCounted(database())
  })
})
