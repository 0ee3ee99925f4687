// For tests: a database with a project and a service, a clock that tests move, the worker-facing door, and workers that
// say what they are told to.
import { randomBytes } from 'node:crypto'
import type { AssignmentsResponse, Report } from '@sightline/contract/fleet.ts'
import type { NewTask } from '@sightline/task/task.ts'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import type { z } from 'zod'
import { createHttp } from '../api/http.ts'
import { createReconciler, type Reconciler } from '../reconcile/loop.ts'
import type { Database } from '../store/database.ts'
import { selectHistory } from '../store/history.ts'
import { openTestDatabase, testNowMs } from '../store/open-test-database.ts'
import { insertDomain, insertProject } from '../store/projects.ts'
import { createSecretBox, type SecretBox } from '../store/secrets.ts'
import { insertService } from '../store/services.ts'
import {
  insertTasks,
  selectTask,
  updateTaskWishedDelete,
  updateTaskWishedRun,
  updateTaskWishedStop,
} from '../store/tasks.ts'
import { issueJoinToken } from './credentials.ts'
import type { FleetDoor } from './door.ts'
import { fleetRoutes } from './routes.ts'

export const taskIdOf = (at: number) => at.toString(16).padStart(32, '0')
const place = { projectId: 'p1', serviceId: 's1' }

export type TestFleet = AsyncDisposable & {
  database: Database
  secretBox: SecretBox
  door: FleetDoor
  reconciler: Reconciler
  /** Moves the clock by ms, and runs what is due. */
  pass(ms: number): Promise<void>
  insert(...tasks: (Partial<NewTask> & { secrets?: Buffer })[]): Promise<void>
  /** State and what is said of it; absent when the task is gone. */
  see(taskId: string): Promise<string | undefined>
  /** The states that a task has had, in order. */
  path(taskId: string): Promise<string>
  wish(what: 'run' | 'stop' | 'delete', taskId: string): Promise<void>
  join(name: string, capabilities?: Partial<Capabilities>): Promise<TestWorker>
  post(path: string, body: object, credential?: string): Promise<{ status: number; json: Record<string, unknown> }>
}

type Capabilities = ReturnType<typeof capabilitiesOf>
const capabilitiesOf = (changes: object) => ({
  cores: 100,
  memory_mib: 100_000,
  inputs: ['url'],
  outputs: ['webhook'],
  algorithms: ['c-flowcount'],
  version: '0.1.0',
  labels: {},
  ...changes,
})

/** Time stands still unless a test moves it. */
export async function openTestFleet(): Promise<TestFleet> {
  const opened = await openTestDatabase()
  const { database } = opened
  let nowMs = testNowMs
  const secretBox = createSecretBox(randomBytes(32))
  const door: FleetDoor = {
    database,
    secretBox,
    clock: () => nowMs,
    log: pino({ level: 'silent' }),
    addressPolicy: () => ({ preset: 'lan', allow: [], deny: [], own: [] }),
  }
  await prepare(database, secretBox)
  const app = createHttp(door)
  await fleetRoutes(app, door)
  await app.ready()
  const reconciler = createReconciler(door)
  const post = postTo(app)
  return {
    database,
    secretBox,
    door,
    reconciler,
    post,
    pass: async (ms) => {
      nowMs += ms
      await reconciler.round()
    },
    insert: (...tasks) => insert(database, tasks, nowMs),
    see: (taskId) => see(database, taskId),
    path: async (taskId) => (await selectHistory(database, taskId)).map((entry) => entry.to_state).join(' '),
    wish: async (what, taskId) => {
      await wishes[what](database, { ...place, id: taskId }, { nowMs, by: 'admin' })
    },
    join: async (name, capabilities = {}) => {
      const { token } = await issueJoinToken(database, nowMs)
      const worker = new TestWorker(app, name, capabilitiesOf(capabilities))
      await worker.register(token)
      return worker
    },
    [Symbol.asyncDispose]: async () => {
      await reconciler[Symbol.asyncDispose]()
      await app.close()
      await opened[Symbol.asyncDispose]()
    },
  }
}

const wishes = { run: updateTaskWishedRun, stop: updateTaskWishedStop, delete: updateTaskWishedDelete }

async function prepare(database: Database, secretBox: SecretBox): Promise<void> {
  await insertDomain(database, { id: 'd1', name: 'sightline' })
  const signingSecrets = [secretBox.seal('whsec_AAAA', { table: 'project', id: 'p1', projectId: 'p1' })]
  await insertProject(database, { id: 'p1', domainId: 'd1', name: 'default', signingSecrets, createdAtMs: testNowMs })
  await insertService(database, {
    projectId: 'p1',
    id: 's1',
    serviceName: 'c-flowcount',
    description: '',
    algorithm: 'c-flowcount',
    version: '1.0',
    profile: 'ief',
    inferType: 'edge',
    status: 'running',
    owner: 'admin',
    workspaceId: '0',
    config: '[]',
    createdAtMs: testNowMs,
  })
}

async function insert(
  database: Database,
  tasks: (Partial<NewTask> & { secrets?: Buffer })[],
  nowMs: number,
): Promise<void> {
  const rows = tasks.map(({ secrets, ...changes }) => {
    const task: NewTask = {
      ...place,
      id: taskIdOf(1),
      name: 'gate',
      creator: 'admin',
      input: { type: 'url', data: [{ url: 'rtsp://camera.example/1' }] },
      output: { webhook: { url: 'https://receiver.example/' } },
      cores: 0.1,
      memoryMib: 32,
      isFinite: false,
      desired: 'run',
      state: 'PENDING',
      createdAtMs: nowMs,
      dueAtMs: nowMs,
      cause: 'created',
      ...changes,
    }
    const stored = {
      input: JSON.stringify(task.input),
      output: JSON.stringify(task.output),
      ...(secrets && { secrets }),
    }
    return { task, stored }
  })
  await database.transaction((tx) => insertTasks(tx, rows))
}

async function see(database: Database, id: string): Promise<string | undefined> {
  const row = await selectTask(database, { ...place, id })
  return row && [row.state, row.error_code, row.status].filter(Boolean).join(', ')
}

function postTo(app: FastifyInstance) {
  return async (path: string, body: object, credential?: string) => {
    const headers = credential === undefined ? {} : { authorization: `Bearer ${credential}` }
    const { statusCode, body: text } = await app.inject({ method: 'POST', url: path, payload: body, headers })
    return { status: statusCode, json: JSON.parse(text) as Record<string, unknown> }
  }
}

/** Speaks for one node. */
export class TestWorker {
  nodeId = ''
  credential = ''
  epoch = 0
  readonly #app: FastifyInstance
  readonly #name: string
  readonly #capabilities: object
  #seq = 0

  constructor(app: FastifyInstance, name: string, capabilities: object) {
    this.#app = app
    this.#name = name
    this.#capabilities = capabilities
  }

  /** With a token the first time; later with its credential, as after a restart. */
  async register(token?: string): Promise<void> {
    const body = {
      name: this.#name,
      capabilities: this.#capabilities,
      ...(token !== undefined && { join_token: token }),
    }
    const { json } = await postTo(this.#app)(
      '/v1/fleet/register',
      body,
      token === undefined ? this.credential : undefined,
    )
    this.nodeId = String(json.node_id)
    this.epoch = Number(json.epoch)
    if (token !== undefined) this.credential = String(json.credential)
  }

  async renew(): Promise<number> {
    const { status } = await postTo(this.#app)('/v1/fleet/lease', { epoch: this.epoch }, this.credential)
    return status
  }

  async assignments(version?: number, waitMs = 0): Promise<z.infer<typeof AssignmentsResponse>> {
    const query = new URLSearchParams({ epoch: String(this.epoch), wait_ms: String(waitMs) })
    if (version !== undefined) query.set('version', String(version))
    const { body } = await this.#app.inject({
      method: 'GET',
      url: `/v1/fleet/assignments?${query}`,
      headers: { authorization: `Bearer ${this.credential}` },
    })
    return JSON.parse(body)
  }

  /** Task and generation of what it should run. */
  async assigned(): Promise<[string, number][]> {
    const { assignments } = await this.assignments()
    return assignments.map(({ task_id, generation }) => [task_id, generation])
  }

  /** How many reports were taken, or the status of a refusal. */
  async report(
    taskId: string,
    generation: number,
    phase: Report['phase'],
    rest: Partial<Report> = {},
  ): Promise<number | string> {
    this.#seq++
    const reports = [{ task_id: taskId, generation, seq: this.#seq, phase, ...rest }]
    const { status, json } = await postTo(this.#app)(
      '/v1/fleet/reports',
      { epoch: this.epoch, reports },
      this.credential,
    )
    return status === 200 ? Number(json.accepted_count) : `${status} ${json.error_code}`
  }
}
