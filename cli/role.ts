// Roles of the project: the built-in ones, and those with policy documents of its own.
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { Policy, type RoleItem } from '@sightline/contract/members.ts'
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

const columns: Column<RoleItem>[] = [
  { title: 'NAME', text: (role) => role.name },
  { title: 'DESCRIPTION', text: (role) => role.description },
]

function print(given: Given, answer: unknown, roles: readonly RoleItem[]): void {
  const name = (role: RoleItem) => role.name
  process.stdout.write(format({ format: outputFormat(given), answer, items: roles, columns, name }))
}

const list: Command = {
  name: 'role list',
  words: '',
  meaning: 'Lists the roles that users of the project may have; as JSON, with their policies.',
  flags: { ...outputFlag, ...connectionFlags },
  run: async (given) => {
    noWords(given)
    const answer = await (await connect(given, process.env, Date.now())).listRoles({})
    print(given, answer, answer.roles)
    return 0
  },
}

const create: Command = {
  name: 'role create',
  words: 'NAME',
  meaning: 'Makes a role from a policy document.',
  flags: {
    file: { short: 'f', expected: 'a path, or - for stdin', meaning: 'the policy document as JSON, always needed' },
    description: { expected: 'a text of at most 255 characters', meaning: 'of the role' },
    ...outputFlag,
    ...connectionFlags,
  },
  run: async (given) => {
    const name = oneWord(given, 'NAME')
    const policy = await readPolicy(given.text('file'))
    const description = given.text('description') ?? ''
    const client = await connect(given, process.env, Date.now())
    const role = await client.createRole({ body: { name, description, policy } })
    print(given, role, [role])
    return 0
  },
}

async function readPolicy(file: string | undefined): Promise<Policy> {
  if (file === undefined) throw new UsageError('--file: expected a path, or - for stdin, given nothing')
  const content = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8').catch(unreadable(file))
  try {
    return Policy.parse(JSON.parse(content))
  } catch (cause) {
    throw new CommandError(`${file} holds no policy document of version 1.1`, { cause })
  }
}

function unreadable(file: string): (cause: unknown) => never {
  return (cause) => {
    throw new CommandError(`${file} cannot be read`, { cause })
  }
}

const remove: Command = {
  name: 'role delete',
  words: 'NAME…',
  meaning: 'Deletes roles and takes them from the users who have them.',
  flags: connectionFlags,
  run: async (given) => {
    if (given.words.length === 0) throw new UsageError('NAME is missing')
    const client = await connect(given, process.env, Date.now())
    for (const role_name of given.words) {
      await client.deleteRole({ role_name })
      console.log(role_name)
    }
    return 0
  },
}

export const roleCommands: readonly Command[] = [list, create, remove]
