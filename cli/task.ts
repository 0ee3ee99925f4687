// The tasks of services.
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { ApiError, type Client, type ListTasksDetailsQuery } from '@sightline/client'
import type { OperationRequest } from '@sightline/contract/operations.ts'
import { taskStates } from '@sightline/contract/states.ts'
import type { TaskDetails } from '@sightline/contract/task.ts'
import {
  type Command,
  CommandError,
  type Flags,
  type Given,
  noWords,
  oneWord,
  outputFlag,
  outputFormat,
  UsageError,
} from './command.ts'
import { connect, connectionFlags } from './connect.ts'
import { type Column, format } from './print.ts'
import { findServices } from './service.ts'
import { watch } from './watch.ts'

const serviceFlag: Flags = {
  service: { short: 's', expected: 'the id or the name of a service', meaning: 'the service; every one when absent' },
}
const watchFlag: Flags = { watch: { isSwitch: true, expected: 'nothing', meaning: 'prints again whenever it changed' } }

const isIntegerFrom = (from: number, to: number) => (value: string) =>
  /^\d{1,10}$/.test(value) && Number(value) >= from && Number(value) <= to

const columns: Column<TaskDetails>[] = [
  { title: 'ID', text: (task) => task.id },
  { title: 'NAME', text: (task) => task.name },
  { title: 'STATE', text: (task) => task.state },
  { title: 'SERVICE', text: (task) => task.service_name },
  { title: 'INPUT', text: (task) => task.input.type },
  { title: 'CREATED', text: (task) => task.created_at },
  { title: 'STATUS', text: (task) => task.error?.message ?? task.status ?? '' },
]

const connectNow = (given: Given) => connect(given, process.env, Date.now())

const list: Command = {
  name: 'task list',
  words: '',
  meaning: 'Lists tasks, the newest first.',
  flags: {
    ...serviceFlag,
    state: {
      expected: `one of ${taskStates.join(', ')}`,
      isValid: (value) => taskStates.some((state) => state === value.toUpperCase()),
      meaning: 'only tasks in this state',
    },
    'name-like': { expected: 'a part of a name', meaning: 'only tasks whose name holds this' },
    limit: {
      expected: 'an integer from 1 to 1000',
      isValid: isIntegerFrom(1, 1000),
      meaning: 'at most so many of each service; 1000 when absent',
    },
    offset: { expected: 'an integer from 0', isValid: isIntegerFrom(0, 1e9), meaning: 'leaves out so many' },
    ...watchFlag,
    ...outputFlag,
    ...connectionFlags,
  },
  run: async (given) => {
    noWords(given)
    const client = await connectNow(given)
    return watch(given.isOn('watch'), async () => {
      const services = await findServices(client, given.text('service'))
      const answers = await Promise.all(
        services.map(({ service_id }) => client.listTasksDetails({ service_id, query: toQuery(given) })),
      )
      const tasks = answers.flatMap((answer) => answer.tasks).sort((a, b) => b.created_at.localeCompare(a.created_at))
      const count = answers.reduce((sum, answer) => sum + answer.count, 0)
      return print(given, { count, tasks }, tasks)
    })
  },
}

function toQuery(given: Given): ListTasksDetailsQuery {
  const state = taskStates.find((known) => known === given.text('state')?.toUpperCase())
  const nameLike = given.text('name-like')
  return {
    ...(state && { state }),
    ...(nameLike && { name_like: nameLike }),
    limit: Number(given.text('limit') ?? 1000),
    offset: Number(given.text('offset') ?? 0),
  }
}

function print(given: Given, answer: unknown, tasks: readonly TaskDetails[]): string {
  return format({ format: outputFormat(given), answer, items: tasks, columns, name: (task) => task.id })
}

const show: Command = {
  name: 'task show',
  words: 'TASK_ID',
  meaning: 'Shows one task: what was asked of it, its state, and what went wrong if something did.',
  flags: { ...serviceFlag, ...watchFlag, ...outputFlag, ...connectionFlags },
  run: async (given) => {
    const id = oneWord(given, 'TASK_ID')
    const client = await connectNow(given)
    return watch(given.isOn('watch'), async () => {
      const task = await findTask(client, id, given.text('service'))
      return print(given, task, [task])
    })
  },
}

/** Asks every service, or the given one. Errors: `CommandError` when none has the task. */
async function findTask(client: Client, taskId: string, service: string | undefined): Promise<TaskDetails> {
  const services = await findServices(client, service)
  const answers = await Promise.all(
    services.map(({ service_id }) =>
      client.showTask({ service_id, task_id: taskId }).catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 404) return undefined
        throw error
      }),
    ),
  )
  const task = answers.find((answer) => answer !== undefined)
  if (!task) throw new CommandError(`task ${taskId} does not exist${service ? ` in service ${service}` : ''}`)
  return task
}

const create: Command = {
  name: 'task create',
  words: '',
  meaning: 'Creates tasks from flags, or from a file that holds the body of CreateTasks as JSON.',
  flags: {
    service: { short: 's', expected: 'the id or the name of a service', meaning: 'the service, always needed' },
    file: { short: 'f', expected: 'a path, or - for stdin', meaning: 'the whole body; other flags add to it' },
    name: { expected: 'a name', meaning: 'of the task' },
    description: { expected: 'a text', meaning: 'of the task' },
    url: { isMultiple: true, expected: 'the address of a stream or file', meaning: 'an input; each makes a task' },
    webhook: { expected: 'an address http://… or https://…', meaning: 'where results are posted' },
    header: {
      isMultiple: true,
      expected: 'NAME=VALUE',
      isValid: (value) => /^[^=]+=/.test(value),
      meaning: 'a header of the webhook',
    },
    config: { expected: 'a JSON object', isValid: isJsonObject, meaning: 'the parameters of the algorithm' },
    ...outputFlag,
    ...connectionFlags,
  },
  run: async (given) => {
    noWords(given)
    const service = given.text('service')
    if (!service) throw new UsageError('--service: expected the id or the name of a service, given nothing')
    const body = await readBody(given)
    const client = await connectNow(given)
    const [found] = await findServices(client, service)
    if (!found) throw new CommandError(`service ${service} does not exist`)
    const answer = await client.createTasks({ service_id: found.service_id, body })
    const printed = { answer, items: answer.tasks, columns: idColumn, name: ({ id }: { id: string }) => id }
    process.stdout.write(format({ format: outputFormat(given), ...printed }))
    return 0
  },
}

const idColumn = [{ title: 'ID', text: ({ id }: { id: string }) => id }]

function isJsonObject(value: string): boolean {
  try {
    const parsed: unknown = JSON.parse(value)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
  } catch {
    return false
  }
}

/** Not checked here: the platform names the fault better, and knows its own version of the contract. */
async function readBody(given: Given): Promise<OperationRequest<'CreateTasks'>> {
  const file = given.text('file')
  const fromFile = file === undefined ? '{}' : await readText(file)
  if (!isJsonObject(fromFile)) throw new UsageError(`--file: expected a JSON object, given something else`)
  const urls = given.texts('url')
  const [name, description, config, webhook] = ['name', 'description', 'config', 'webhook'].map((flag) =>
    given.text(flag),
  )
  return {
    ...JSON.parse(fromFile),
    ...(name && { name }),
    ...(description && { description }),
    ...(urls.length > 0 && { input: { type: 'url', data: urls.map((url) => ({ url })) } }),
    ...(webhook && { output: { webhook: { url: webhook, headers: headersOf(given) } } }),
    ...(config && { config: JSON.parse(config) }),
  }
}

async function readText(file: string): Promise<string> {
  if (file === '-') return text(process.stdin)
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new UsageError(`--file: ${file} cannot be read`, { cause })
  })
}

/** The API document wants at least one. */
function headersOf(given: Given): Record<string, string> {
  const pairs = given
    .texts('header')
    .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])
  return pairs.length > 0 ? Object.fromEntries(pairs) : { 'Content-Type': 'application/json' }
}

type Act = 'deleteTask' | 'startTask' | 'stopTask'

function commandThat(act: Act, verb: string, meaning: string): Command {
  return {
    name: `task ${verb}`,
    words: 'TASK_ID…',
    meaning,
    flags: { ...serviceFlag, ...connectionFlags },
    run: async (given) => {
      if (given.words.length === 0) throw new UsageError('TASK_ID is missing')
      const client = await connectNow(given)
      for (const id of given.words) {
        const task = await findTask(client, id, given.text('service'))
        await client[act]({ service_id: task.service_id, task_id: id })
        console.log(id)
      }
      return 0
    },
  }
}

export const taskCommands: readonly Command[] = [
  list,
  show,
  create,
  commandThat('deleteTask', 'delete', 'Deletes tasks. Each is gone once its worker has let go of it.'),
  commandThat('startTask', 'start', 'Starts tasks that are stopped.'),
  commandThat('stopTask', 'stop', 'Stops tasks; they stay and can be started again.'),
]
