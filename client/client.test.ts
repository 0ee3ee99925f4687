import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { TaskDetails } from '@sightline/contract/task.ts'
import { createClient } from './client.ts'

const credentials = { user: 'admin', password: 'secret' }
const hourMs = 3_600_000

function tokenReply(value: string, validForMs: number): Response {
  const named = { id: 'p1', name: 'default' }
  const token = {
    expires_at: new Date(Date.now() + validForMs).toISOString(),
    issued_at: new Date().toISOString(),
    methods: ['password'],
    user: { ...named, domain: named },
    project: { ...named, domain: named },
    roles: [],
  }
  return Response.json({ token }, { status: 201, headers: { 'x-subject-token': value } })
}

type Reply = (path: string, init: RequestInit) => Response

/** A platform that answers by this function; tokens are counted t1, t2, … and valid as long as asked. */
function aPlatform(reply: Reply, tokenValidForMs = 24 * hourMs) {
  const seen: string[] = []
  let tokenCount = 0
  const fetch = async (input: string | URL | Request, init: RequestInit = {}) => {
    const url = new URL(String(input))
    const path = url.pathname + url.search
    const token = new Headers(init.headers).get('x-auth-token')
    seen.push(`${init.method} ${path}${token ? ` ${token}` : ''}${init.body ? ` ${init.body}` : ''}`)
    if (url.pathname === '/v3/auth/tokens') return tokenReply(`t${++tokenCount}`, tokenValidForMs)
    return reply(path, init)
  }
  return { seen, client: createClient({ endpoint: 'http://platform/', credentials, fetch }) }
}

const emptyList: Reply = () => Response.json({ count: 0, tasks: [] })
const isToken = (line: string) => line.startsWith('POST /v3/auth/tokens')

describe('tokens', () => {
  test('calls at once share one token, which names the project', async () => {
    const { client, seen } = aPlatform(emptyList)
    await Promise.all([client.listTasksDetails({ service_id: 's1' }), client.listTasksDetails({ service_id: 's1' })])
    await client.listTasksDetails({ service_id: 's 2', query: { limit: 5, name_like: 'ä&' } })
    assert.deepEqual(
      seen.filter((line) => !isToken(line)),
      [
        'GET /v1/p1/services/s1/tasks t1',
        'GET /v1/p1/services/s1/tasks t1',
        'GET /v1/p1/services/s%202/tasks?limit=5&name_like=%C3%A4%26 t1',
      ],
    )
    assert.equal(seen.filter(isToken).length, 1)
  })

  test('one that ends within minutes is renewed', async () => {
    const { client, seen } = aPlatform(emptyList, 60_000)
    await client.listTasksDetails({ service_id: 's1' })
    await client.listTasksDetails({ service_id: 's1' })
    assert.equal(seen.filter(isToken).length, 2)
  })

  test('one that is refused is renewed, and the call sent again', async () => {
    const { client, seen } = aPlatform((_, init) =>
      new Headers(init.headers).get('x-auth-token') === 't1'
        ? Response.json({ error_code: 'ModelArts.0203', error_msg: 'Invalid token.' }, { status: 401 })
        : new Response(null, { status: 202 }),
    )
    assert.equal(await client.stopTask({ service_id: 's1', task_id: 'a' }), undefined)
    assert.deepEqual(seen.slice(1, 2).concat(seen.slice(3)), [
      'POST /v1/p1/services/s1/tasks/a/stop t1',
      'POST /v1/p1/services/s1/tasks/a/stop t2',
    ])
  })

  test('a given token is used as it is', async () => {
    const seen: string[] = []
    const fetch = async (input: string | URL | Request) => {
      seen.push(String(input))
      return Response.json({ total_count: 0, count: 0, services: [] })
    }
    const client = createClient({ endpoint: 'http://platform', token: 't', projectId: 'p9', fetch })
    assert.deepEqual(await client.listServices({}), { total_count: 0, count: 0, services: [] })
    assert.deepEqual(seen, ['http://platform/v1/p9/services'])
  })
})

test('every task of many pages comes once, in order', async () => {
  const all = Array.from({ length: 25 }, (_, at) => ({ id: String(at) }) as TaskDetails)
  const { client } = aPlatform((path) => {
    const query = new URL(path, 'http://x').searchParams
    const [offset, limit] = [Number(query.get('offset')), Number(query.get('limit'))]
    return Response.json({ count: all.length, tasks: all.slice(offset, offset + limit) })
  })
  const ids = await Array.fromAsync(client.eachTask({ service_id: 's1', query: { limit: 10 } }), (task) => task.id)
  assert.deepEqual(
    ids,
    all.map((task) => task.id),
  )
})

test('an id that is missing is refused before anything is sent', async () => {
  const { client, seen } = aPlatform(emptyList)
  await assert.rejects(client.showTask({ service_id: 's1', task_id: '' }), /task_id must be a text/)
  assert.deepEqual(
    seen.filter((line) => !isToken(line)),
    [],
  )
})

/** Never called: each line must compile, or must not. */
export async function typesOfTheClient({ client }: ReturnType<typeof aPlatform>): Promise<void> {
  const { tasks } = await client.createTasks({
    service_id: 's',
    body: {
      name: 'a',
      input: { type: 'url', data: [{ url: 'rtsp://camera/1' }] },
      output: { webhook: { url: 'http://receiver/' } },
    },
  })
  const id: string | undefined = tasks[0]?.id
  // @ts-expect-error a task has an id in its path
  await client.showTask({ service_id: 's' })
  // @ts-expect-error a task needs an input
  await client.createTasks({ service_id: 's', body: { name: 'a', output: {} } })
  // @ts-expect-error no such state
  await client.listTasksDetails({ service_id: 's', query: { state: 'SLEEPING' } })
  const nothing: undefined = await client.startTask({ service_id: 's', task_id: id ?? '' })
  return nothing
}
