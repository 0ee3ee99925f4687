// For tests: the whole API in this process, on a database of its own and under a clock that the test moves.
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { bootstrap } from '../bootstrap.ts'
import { openTestDatabase, type TestDatabase, testNowMs } from '../store/open-test-database.ts'
import { createSecretBox } from '../store/secrets.ts'
import type { Door } from './call.ts'
import { addHealth } from './health.ts'
import { addRoutes, createHttp } from './http.ts'
import { createRoutes } from './router.ts'

export const testProjectId = 'b7221234567890abcdef1234567eb467'
export const testPassword = 'a password for tests'

export type TestRequest = {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD' | 'PATCH'
  path: string
  /** Sent as JSON, unless it is a text or bytes. */
  body?: unknown
  headers?: Record<string, string>
}
export type TestAnswer = { status: number; body: unknown; headers: Record<string, unknown> }

export type TestApi = AsyncDisposable &
  Pick<TestDatabase, 'database'> & {
    app: FastifyInstance
    door: Door
    clock: { nowMs: number }
    /** Of user admin in the first project. */
    token: string
    /** `/v1/{project}/services/{service}/tasks` of the first people-flow service. */
    tasksPath: string
    serviceId: string
    /** Asks with the token, unless `headers` hold another. */
    ask(request: TestRequest): Promise<TestAnswer>
    /** Asks for a token; the text of it. */
    signIn(user: { name: string; password: string; projectId?: string }): Promise<TestAnswer>
  }

/** The API with its first project, as a first start makes it. */
export async function openTestApi(settings: Partial<Door> = {}): Promise<TestApi> {
  const opened = await openTestDatabase()
  const { database } = opened
  const secretBox = createSecretBox(Buffer.alloc(32, 7))
  const clock = { nowMs: testNowMs }
  await bootstrap(database, { secretBox, nowMs: testNowMs, adminPassword: testPassword, projectId: testProjectId })
  const door: Door = {
    ...{ database, secretBox, clock: () => clock.nowMs, log: pino({ level: 'silent' }) },
    ...{ isStrict: false, isMaintenance: false, hasRateLimit: false },
    addressPolicy: () => ({ preset: 'lan', allow: [], deny: [], own: [] }),
    ...settings,
  }
  const app = createHttp(door)
  addHealth(app, database, '0.0.0')
  addRoutes(app, door, createRoutes(door))
  const { rows } = await database.query<{ id: string }>(`select id from service where service_name = 'c-flowcount'`)
  const serviceId = rows[0]?.id ?? ''
  const signIn: TestApi['signIn'] = ({ name, password, projectId }) =>
    inject(app, { method: 'POST', path: '/v3/auth/tokens', body: signInBody(name, password, projectId) })
  const signedIn = await signIn({ name: 'admin', password: testPassword, projectId: testProjectId })
  const token = String(signedIn.headers['x-subject-token'])
  return {
    ...{ database, app, door, clock, token, serviceId, signIn },
    tasksPath: `/v1/${testProjectId}/services/${serviceId}/tasks`,
    ask: (request) => inject(app, { ...request, headers: { 'x-auth-token': token, ...request.headers } }),
    [Symbol.asyncDispose]: async () => {
      await app.close()
      await opened[Symbol.asyncDispose]()
    },
  }
}

export function signInBody(name: string, password: string, projectId?: string): unknown {
  const user = { name, password, domain: { name: 'sightline' } }
  const scope = projectId === undefined ? undefined : { project: { id: projectId } }
  return { auth: { identity: { methods: ['password'], password: { user } }, scope } }
}

/** Sends a request to an API that listens nowhere. */
export async function inject(app: FastifyInstance, request: TestRequest): Promise<TestAnswer> {
  const { method = 'GET', path, body, headers } = request
  const isRaw = typeof body === 'string' || body instanceof Uint8Array
  const payload = isRaw ? Buffer.from(body) : Buffer.from(JSON.stringify(body) ?? '')
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  const answer = await app.inject({
    method,
    url: path,
    headers: { ...type, ...headers },
    ...(body !== undefined && { payload }),
  })
  return { status: answer.statusCode, body: read(answer.body), headers: answer.headers }
}

function read(text: string): unknown {
  return text === '' ? null : JSON.parse(text)
}
