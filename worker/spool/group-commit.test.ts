import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { openGroupCommit } from './group-commit.ts'

const openTable = () => {
  const db = new DatabaseSync(':memory:')
  db.exec('create table t (value)')
  return db
}
const insert = (value: unknown) => (db: DatabaseSync) => {
  db.prepare('insert into t values (?)').run(String(value))
}
const valuesOf = (db: DatabaseSync) =>
  db
    .prepare('select value from t order by rowid')
    .all()
    .map(({ value }) => value)
const unexpected = {
  rolledBack: (cause: unknown) => {
    throw cause
  },
  damaged: (cause: unknown) => {
    throw cause
  },
}

test('writes of one turn are made in order', async () => {
  using db = openTable()
  const group = openGroupCommit(db, unexpected)
  await Promise.all([group.write(insert(1)), group.writeSoon(insert(2)), group.write(insert(3))])
  assert.deepEqual(valuesOf(db), ['1', '2', '3'])
})

test('a write that throws is rejected and leaves the others in the commit', async () => {
  using db = openTable()
  const group = openGroupCommit(db, unexpected)
  const broken = group.write((inside) => {
    insert(2)(inside)
    throw new Error('a bug')
  })
  const settled = await Promise.allSettled([group.write(insert(1)), broken, group.write(insert(3))])
  assert.deepEqual(
    settled.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(valuesOf(db), ['1', '3'])
})

test('a full disk delays the commit and loses nothing', async () => {
  using db = openTable()
  const { promise: delayed, resolve } = Promise.withResolvers<unknown>()
  const group = openGroupCommit(db, { ...unexpected, rolledBack: resolve })
  db.exec('pragma max_page_count = 4')
  const written = Promise.all([group.write(insert('x'.repeat(50_000))), group.write(insert('y'))])
  assert.match(String(await delayed), /full/)
  assert.deepEqual(valuesOf(db), [])
  db.exec('pragma max_page_count = 1000')
  await written
  assert.deepEqual(
    valuesOf(db).map((value) => String(value).length),
    [50_000, 1],
  )
})

test('a damaged file gives way to another one, which gets the writes', async () => {
  using db = openTable()
  using other = openTable()
  const group = openGroupCommit(db, { ...unexpected, damaged: () => other })
  const corrupt = Object.assign(new Error('database disk image is malformed'), { errcode: 11 })
  let tries = 0
  const write = group.write((inside) => {
    if (tries++ === 0) throw corrupt
    insert(2)(inside)
  })
  await Promise.all([group.write(insert(1)), write])
  assert.deepEqual([valuesOf(db), valuesOf(other)], [[], ['2', '1']])
})

test('closing commits what waits, and nothing comes after it', async () => {
  using db = openTable()
  const group = openGroupCommit(db, unexpected)
  const written = group.write(insert(1))
  group.close()
  await written
  assert.deepEqual(valuesOf(db), ['1'])
  await assert.rejects(group.write(insert(2)), /closed/)
})
