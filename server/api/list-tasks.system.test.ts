// The list against a filter that is written down a second time, on random tasks and random questions.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { taskStates } from '@sightline/contract/states.ts'
import fc from 'fast-check'
import { testNowMs } from '../store/open-test-database.ts'
import { heavyMembers, taskMembers } from './task-details.ts'
import { openTestApi, type TestApi } from './test-api.ts'

type Row = {
  id: string
  name: string
  state: string
  desired: string
  armed: boolean | null
  hold: string
  labels: Record<string, string> | null
  created_at: number
  updated_at: number
}

const taskCount = 300
const words = ['gate', 'Hall', 'YARD', '门口', 'a_b']
let api: TestApi
let rows: Row[]

before(async () => {
  api = await openTestApi()
  rows = fc.sample(
    fc.record({
      id: fc.stringMatching(/^[0-9a-f]{32}$/),
      name: fc.tuple(fc.constantFrom(...words), fc.integer({ min: 0, max: 9 })).map((parts) => parts.join('-')),
      state: fc.constantFrom(...taskStates),
      desired: fc.constantFrom('run', 'stop', 'delete'),
      armed: fc.constantFrom(null, true, false),
      hold: fc.constantFrom('none', 'none', 'admin'),
      labels: fc.constantFrom(null, { floor: '1' }, { floor: '1', door: 'a=b' }, { door: 'a=b' }),
      created_at: fc.integer({ min: 0, max: 40 }).map((at) => testNowMs + at),
      updated_at: fc.integer({ min: 0, max: 40 }).map((at) => testNowMs + at * 1_000),
    }),
    { numRuns: taskCount, seed: 7 },
  )
  await api.database.query(
    `insert into task (id, project_id, service_id, name, creator, input, output, labels, schedule, armed, hold, cores,
                       memory_mib, desired, state, state_since, created_at, updated_at)
     select id, $1, $2, name, 'admin', '{"type":"url"}', '{}', labels,
            case when armed is null then null else '{"type":"daily"}'::json end, armed, hold, 0.1, 32, desired, state,
            created_at, created_at, updated_at
       from json_to_recordset($3) as t (id text, name text, state text, desired text, armed boolean, hold text,
                                        labels json, created_at timestamptz, updated_at timestamptz)`,
    [api.tasksPath.split('/')[2], api.serviceId, JSON.stringify(rows.map(toRecord))],
  )
})
after(() => api[Symbol.asyncDispose]())

const toRecord = (row: Row) => ({
  ...row,
  created_at: new Date(row.created_at).toISOString(),
  updated_at: new Date(row.updated_at).toISOString(),
})

type Question = {
  state?: string[]
  name_like?: string
  id?: string
  id_like?: string
  created_since?: number
  created_until?: number
  schedule_status?: 'ACTIVATED' | 'INACTIVATED'
  label?: string[]
  sort_key: 'name' | 'created_at' | 'updated_at'
  sort_dir: 'asc' | 'desc'
}

const shownState = (row: Row) => (row.desired === 'delete' ? 'DELETING' : row.state)

const scheduleStatus = (row: Row) => {
  if (row.armed === null) return undefined
  return row.armed && row.hold === 'none' ? 'ACTIVATED' : 'INACTIVATED'
}

function matches(row: Row, question: Question): boolean {
  return (
    (!question.state || question.state.includes(shownState(row))) &&
    (!question.name_like || row.name.toLowerCase().includes(question.name_like.toLowerCase())) &&
    (!question.id || row.id === question.id) &&
    (!question.id_like || row.id.includes(question.id_like)) &&
    (question.created_since === undefined || row.created_at >= question.created_since) &&
    (question.created_until === undefined || row.created_at <= question.created_until) &&
    (!question.schedule_status || scheduleStatus(row) === question.schedule_status) &&
    (question.label ?? []).every((pair) => {
      const equals = pair.indexOf('=')
      return row.labels?.[pair.slice(0, equals)] === pair.slice(equals + 1)
    })
  )
}

function expectedIds(question: Question): string[] {
  const sign = question.sort_dir === 'asc' ? 1 : -1
  const compare = (one: string | number, other: string | number) => (one < other ? -1 : one > other ? 1 : 0)
  const bytes = (value: string | number) => (typeof value === 'string' ? Buffer.from(value).toString('hex') : value)
  return rows
    .filter((row) => matches(row, question))
    .sort(
      (one, other) =>
        sign * compare(bytes(one[question.sort_key]), bytes(other[question.sort_key])) || compare(one.id, other.id),
    )
    .map(({ id }) => id)
}

function toQuery(question: Question, rest: Record<string, string | number>): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...question, ...rest })) {
    if (value === undefined) continue
    if (name === 'label') for (const pair of value as string[]) query.append(name, pair)
    else query.append(name, Array.isArray(value) ? value.join(',') : String(value))
  }
  return query.toString()
}

type Listed = { count: number; tasks: Record<string, unknown>[]; next_cursor?: string }

async function list(query: string): Promise<Listed> {
  const { status, body } = await api.ask({ path: `${api.tasksPath}?${query}` })
  assert.equal(status, 200, JSON.stringify(body))
  return body as Listed
}

const maybe = <Value>(values: fc.Arbitrary<Value>) => fc.option(values, { nil: undefined, freq: 2 })
const questions = fc
  .record({
    state: maybe(fc.uniqueArray(fc.constantFrom(...taskStates), { minLength: 1, maxLength: 4 })),
    name_like: maybe(fc.constantFrom('gat', 'HALL', 'y', '门', '_', 'a_b-1', '%', '-3')),
    id_like: maybe(fc.constantFrom('0', 'ab', 'f1')),
    created_since: maybe(fc.integer({ min: -5, max: 45 }).map((at) => testNowMs + at)),
    created_until: maybe(fc.integer({ min: -5, max: 45 }).map((at) => testNowMs + at)),
    schedule_status: maybe(fc.constantFrom('ACTIVATED' as const, 'INACTIVATED' as const)),
    label: maybe(fc.constantFrom(['floor=1'], ['door=a=b'], ['floor=1', 'door=a=b'], ['floor=2'])),
    sort_key: fc.constantFrom('name' as const, 'created_at' as const, 'updated_at' as const),
    sort_dir: fc.constantFrom('asc' as const, 'desc' as const),
  })
  .map(
    (question) => Object.fromEntries(Object.entries(question).filter(([, value]) => value !== undefined)) as Question,
  )

const runs = { numRuns: 60 }

test('every combination of filters and orders answers what a plain filter says, page by page', () =>
  fc.assert(
    fc.asyncProperty(
      questions,
      fc.integer({ min: 0, max: 320 }),
      fc.integer({ min: 1, max: 90 }),
      async (question, offset, limit) => {
        const expected = expectedIds(question)
        const { count, tasks } = await list(toQuery(question, { offset, limit }))
        assert.equal(count, expected.length)
        assert.deepEqual(
          tasks.map(({ id }) => id),
          expected.slice(offset, offset + limit),
        )
      },
    ),
    runs,
  ))

test('a walk by cursor sees every matching task once, in order', () =>
  fc.assert(
    fc.asyncProperty(questions, fc.integer({ min: 40, max: 130 }), async (question, limit) => {
      const seen: unknown[] = []
      let cursor: string | undefined = ''
      while (cursor !== undefined) {
        const page: Listed = await list(toQuery(question, { cursor, limit, fields: 'id' }))
        seen.push(...page.tasks.map(({ id }) => id))
        cursor = page.next_cursor
      }
      assert.deepEqual(seen, expectedIds(question))
    }),
    { numRuns: 25 },
  ))

test('the answer shows the members that are asked for, and no other', () =>
  fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.constantFrom(...taskMembers), { minLength: 1 }), async (fields) => {
      const all = (await list('limit=3&verbose=true')).tasks
      const { tasks } = await list(`limit=3&fields=${fields.join(',')}`)
      const cut = all.map((task) =>
        Object.fromEntries(Object.entries(task).filter(([name]) => fields.some((field) => field === name))),
      )
      assert.deepEqual(tasks, cut)
    }),
    { numRuns: 30 },
  ))

test('a summary leaves the large members out, and a list without extras carries no cursor', async () => {
  const [full, summary] = [await list('limit=2'), await list('limit=2&view=summary')]
  const without = full.tasks.map((task) =>
    Object.fromEntries(Object.entries(task).filter(([name]) => !heavyMembers.some((heavy) => heavy === name))),
  )
  assert.deepEqual(summary, { count: taskCount, tasks: without })
  assert.deepEqual(Object.keys(full), ['count', 'tasks'])
})

test('a page beyond the middle of many tasks is read from their end', async () => {
  const insert = `insert into task (id, project_id, service_id, name, creator, input, output, cores, memory_mib, desired,
                                    state, state_since, created_at, updated_at)
                  select md5(n::text), project_id, service_id, 'far', creator, input, output, 0.1, 32, 'stop',
                         case n % 3 when 0 then 'STOPPED' else 'FAILED' end, $2::timestamptz, $2::timestamptz + n / 7 * interval '1 s', $2::timestamptz
                    from task, generate_series(1, 6000) as s (n)
                   where id = $1`
  await api.database.query(insert, [rows[0]?.id, new Date(testNowMs)])
  const near = await list('name_like=far&sort_dir=asc&limit=1000&fields=id')
  for (const filter of ['name_like=far', 'name_like=far&state=FAILED', 'state=FAILED']) {
    const all: unknown[] = []
    for (let offset = 0; offset < 6_400; offset += 800) {
      all.push(...(await list(`${filter}&offset=${offset}&limit=800&fields=id`)).tasks.map(({ id }) => id))
    }
    const walked: unknown[] = []
    let cursor: string | undefined = ''
    while (cursor !== undefined) {
      const page: Listed = await list(`${filter}&cursor=${cursor}&limit=1000&fields=id`)
      walked.push(...page.tasks.map(({ id }) => id))
      cursor = page.next_cursor
    }
    assert.deepEqual(all, walked, filter)
  }
  assert.equal(near.count, 6_000)
  await api.database.query(`delete from task where name = 'far'`)
})

for (const { query, says } of [
  { query: 'cursor=abc', says: 'The param [cursor] is not one that this list gave for these filters and this order.' },
  { query: 'cursor=&offset=1', says: 'The values of the request parameters (cursor,offset) are invalid.' },
  { query: 'schedule_status=ON', says: 'The param [schedule_status] should be one of [ACTIVATED, INACTIVATED]' },
  { query: 'label=floor', says: 'The param [label] does not match name=value.' },
  { query: 'view=tiny', says: 'The param [view] should be one of [full, summary]' },
  { query: 'fields=id,size', says: `The param [fields] should be one of [${taskMembers.join(', ')}]` },
]) {
  test(`the query ${query} is refused`, async () => {
    const { status, body } = await api.ask({ path: `${api.tasksPath}?${query}` })
    assert.equal(status, 400)
    assert.match((body as { error_msg: string }).error_msg, new RegExp(says.replace(/[[\]().]/g, '\\$&')))
  })
}

test('a cursor is refused for another question, and when one character of it is changed', async () => {
  const { next_cursor: cursor = '' } = await list('cursor=&limit=5')
  const other = cursor[20] === 'A' ? 'B' : 'A'
  for (const query of [
    `cursor=${cursor}&state=RUNNING`,
    `cursor=${cursor}&sort_dir=asc`,
    `cursor=${cursor.slice(0, 20)}${other}${cursor.slice(21)}`,
  ]) {
    assert.equal((await api.ask({ path: `${api.tasksPath}?${query}` })).status, 400, query)
  }
})
