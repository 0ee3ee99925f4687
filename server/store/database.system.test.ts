import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DatabaseUnavailableError, wakeReconciler } from './database.ts'
import { describeStore } from './open-test-database.ts'

describeStore('the database', (database) => {
  test('gives numbers, times, json and arrays back as the page says', async () => {
    const { rows } = await database().query(
      `select 42::bigint as int8, 7::integer as int4, 0.5::real as real, 1.25::numeric as numeric,
              $1::timestamptz as at, '{"b": 1, "a": 2}'::json as json, '{"b": 1}'::jsonb as jsonb,
              array['x', 'y'] as list, '\\x0102'::bytea as bytes, null::timestamptz as absent, true as yes`,
      [new Date(Date.UTC(2026, 10, 24, 1, 2, 3, 456))],
    )
    assert.deepEqual(rows, [
      {
        int8: 42,
        int4: 7,
        real: 0.5,
        numeric: '1.25',
        at: Date.UTC(2026, 10, 24, 1, 2, 3, 456),
        json: '{"b": 1, "a": 2}',
        jsonb: '{"b": 1}',
        list: ['x', 'y'],
        bytes: Buffer.from([1, 2]),
        absent: null,
        yes: true,
      },
    ])
  })

  test('a transaction that throws leaves nothing behind', async () => {
    const failed = database().transaction(async (tx) => {
      await tx.query(`insert into domain (id, name) values ('d1', 'gone')`)
      throw new Error('on purpose')
    })
    await assert.rejects(failed, /on purpose/)
    const { rows } = await database().query(`select id from domain where id = 'd1'`)
    assert.deepEqual(rows, [])
  })

  test('a connection that ends inside a transaction is an unavailable database, and nothing more', async () => {
    const ended = database().transaction(async (tx) => {
      const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid')
      await database().query('select pg_terminate_backend($1, 1000)', [rows[0]?.pid])
      await tx.query('select 1')
    })
    await assert.rejects(ended, DatabaseUnavailableError)
  })

  test('a listener hears a wake-up after its commit, and once when it connects', async () => {
    const end = new AbortController()
    let heard = Promise.withResolvers<void>()
    await database().listen('reconcile', () => heard.resolve(), end.signal)
    await heard.promise
    heard = Promise.withResolvers<void>()
    await database().transaction(wakeReconciler)
    await heard.promise
    end.abort()
  })

  test('a listener comes back when its connection is ended', async () => {
    const end = new AbortController()
    let heard = Promise.withResolvers<void>()
    await database().listen('assignments', () => heard.resolve(), end.signal)
    await heard.promise
    heard = Promise.withResolvers<void>()
    await database().query(`select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%'`)
    await heard.promise
    end.abort()
  })
})
