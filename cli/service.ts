// The services that tasks belong to.
import type { Client } from '@sightline/client'
import type { ServiceItem } from '@sightline/contract/service.ts'
import { taskProfiles } from '@sightline/contract/states.ts'
import {
  type Command,
  CommandError,
  type Given,
  noWords,
  oneWord,
  outputFlag,
  outputFormat,
  UsageError,
} from './command.ts'
import { connect, connectionFlags } from './connect.ts'
import { type Column, format } from './print.ts'

const columns: Column<ServiceItem>[] = [
  { title: 'ID', text: (service) => service.service_id },
  { title: 'NAME', text: (service) => service.service_name },
  { title: 'STATUS', text: (service) => service.status },
  { title: 'OWNER', text: (service) => service.owner },
  { title: 'PUBLISHED', text: (service) => new Date(service.publish_at).toISOString() },
]

const connectNow = (given: Given) => connect(given, process.env, Date.now())

function print(given: Given, answer: unknown, services: readonly ServiceItem[]): void {
  const name = (service: ServiceItem) => service.service_id
  process.stdout.write(format({ format: outputFormat(given), answer, items: services, columns, name }))
}

/** Those with this id or this very name; all of the project when absent. Errors: `CommandError` when none has it. */
export async function findServices(client: Client, idOrName: string | undefined): Promise<ServiceItem[]> {
  const { services } = await client.listServices({})
  if (idOrName === undefined) return services
  const found = services.filter(({ service_id, service_name }) => [service_id, service_name].includes(idOrName))
  if (found.length === 0) throw new CommandError(`service ${idOrName} does not exist`)
  return found
}

async function findService(client: Client, idOrName: string): Promise<ServiceItem> {
  const [service] = await findServices(client, idOrName)
  if (!service) throw new CommandError(`service ${idOrName} does not exist`)
  return service
}

const list: Command = {
  name: 'service list',
  words: '',
  meaning: 'Lists the services of the project.',
  flags: { ...outputFlag, ...connectionFlags },
  run: async (given) => {
    noWords(given)
    const answer = await (await connectNow(given)).listServices({})
    print(given, answer, answer.services)
    return 0
  },
}

const show: Command = {
  name: 'service show',
  words: 'SERVICE',
  meaning: 'Shows one service, by id or by name.',
  flags: { ...outputFlag, ...connectionFlags },
  run: async (given) => {
    const idOrName = oneWord(given, 'SERVICE')
    const client = await connectNow(given)
    const { service_id } = await findService(client, idOrName)
    const service = await client.showService({ service_id })
    print(given, service, [service])
    return 0
  },
}

const deploy: Command = {
  name: 'service deploy',
  words: 'NAME',
  meaning: 'Makes a service that runs an algorithm under a name of your choice.',
  flags: {
    algorithm: { expected: 'the name of an algorithm', meaning: 'what its tasks run, always needed' },
    profile: {
      expected: `one of ${taskProfiles.join(', ')}`,
      isValid: (value) => taskProfiles.some((profile) => profile === value),
      meaning: 'which runtime of the API document it follows; ief when absent',
    },
    description: { expected: 'a text of at most 100 characters', meaning: 'of the service' },
    ...outputFlag,
    ...connectionFlags,
  },
  run: async (given) => {
    const name = oneWord(given, 'NAME')
    const algorithm = given.text('algorithm')
    if (!algorithm) throw new UsageError('--algorithm: expected the name of an algorithm, given nothing')
    const client = await connectNow(given)
    const profile = taskProfiles.find((known) => known === given.text('profile')) ?? 'ief'
    const description = given.text('description')
    const answer = await client.deployService({
      body: {
        service_name: name,
        infer_type: 'edge',
        ...(description && { description }),
        config: [{ model_id: algorithm }],
        additional_properties: { video: { algorithm, task_profile: profile } },
      },
    })
    const items = [answer.service_id]
    const idColumn = [{ title: 'ID', text: (id: string) => id }]
    process.stdout.write(format({ format: outputFormat(given), answer, items, columns: idColumn, name: (id) => id }))
    return 0
  },
}

const remove: Command = {
  name: 'service delete',
  words: 'SERVICE…',
  meaning: 'Deletes services and their tasks, by id or by name.',
  flags: connectionFlags,
  run: async (given) => {
    if (given.words.length === 0) throw new UsageError('SERVICE is missing')
    const client = await connectNow(given)
    for (const idOrName of given.words) {
      const { service_id } = await findService(client, idOrName)
      await client.deleteService({ service_id })
      console.log(service_id)
    }
    return 0
  },
}

export const serviceCommands: readonly Command[] = [list, show, deploy, remove]
