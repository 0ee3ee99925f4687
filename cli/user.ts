// Users of the project.
import type { Client } from '@sightline/client'
import type { UserItem } from '@sightline/contract/members.ts'
import { askSecret } from './ask-secret.ts'
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

const columns: Column<UserItem>[] = [
  { title: 'ID', text: (user) => user.id },
  { title: 'NAME', text: (user) => user.name },
  { title: 'ROLES', text: (user) => user.roles.join(',') },
  { title: 'ENABLED', text: (user) => String(user.enabled) },
]

const connectNow = (given: Given) => connect(given, process.env, Date.now())

function print(given: Given, answer: unknown, users: readonly UserItem[]): void {
  const name = (user: UserItem) => user.id
  process.stdout.write(format({ format: outputFormat(given), answer, items: users, columns, name }))
}

async function findUser(client: Client, idOrName: string): Promise<UserItem> {
  const { users } = await client.listUsers({})
  const user = users.find(({ id, name }) => [id, name].includes(idOrName))
  if (!user) throw new CommandError(`user ${idOrName} does not exist`)
  return user
}

const roleFlag: Flags = {
  role: { isMultiple: true, expected: 'the name of a role', meaning: 'what the user may do in the project' },
}

const list: Command = {
  name: 'user list',
  words: '',
  meaning: 'Lists the users of the project.',
  flags: { ...outputFlag, ...connectionFlags },
  run: async (given) => {
    noWords(given)
    const answer = await (await connectNow(given)).listUsers({})
    print(given, answer, answer.users)
    return 0
  },
}

const create: Command = {
  name: 'user create',
  words: 'NAME',
  meaning: 'Makes a user; asks for the password, or takes it from stdin.',
  flags: { ...roleFlag, ...outputFlag, ...connectionFlags },
  run: async (given) => {
    const name = oneWord(given, 'NAME')
    const roles = given.texts('role')
    if (roles.length === 0) throw new UsageError('--role: expected the name of a role, given nothing')
    const client = await connectNow(given)
    const password = await askPassword(name)
    const user = await client.createUser({ body: { name, password, roles } })
    print(given, user, [user])
    return 0
  },
}

const update: Command = {
  name: 'user update',
  words: 'USER',
  meaning: 'Changes the roles of a user, by id or by name, or sets a new password, or lets the user in or not.',
  flags: {
    ...roleFlag,
    'new-password': { isSwitch: true, expected: 'nothing', meaning: 'asks for a new password, or takes it from stdin' },
    enable: { isSwitch: true, expected: 'nothing', meaning: 'lets the user in' },
    disable: { isSwitch: true, expected: 'nothing', meaning: 'does not let the user in' },
    ...outputFlag,
    ...connectionFlags,
  },
  run: async (given) => {
    const idOrName = oneWord(given, 'USER')
    if (given.isOn('enable') && given.isOn('disable')) throw new UsageError('--enable: expected not with --disable')
    const client = await connectNow(given)
    const { id, name } = await findUser(client, idOrName)
    const roles = given.texts('role')
    const body = {
      ...(roles.length > 0 && { roles }),
      ...(given.isOn('new-password') && { password: await askPassword(name) }),
      ...(given.isOn('enable') && { enabled: true }),
      ...(given.isOn('disable') && { enabled: false }),
    }
    const user = await client.updateUser({ user_id: id, body })
    print(given, user, [user])
    return 0
  },
}

async function askPassword(name: string): Promise<string> {
  const password = await askSecret(`new password of ${name}: `)
  if (password === '') throw new CommandError('no password was given')
  return password
}

const remove: Command = {
  name: 'user delete',
  words: 'USER…',
  meaning: 'Takes users out of the project, by id or by name; who is in no other project is deleted.',
  flags: connectionFlags,
  run: async (given) => {
    if (given.words.length === 0) throw new UsageError('USER is missing')
    const client = await connectNow(given)
    for (const idOrName of given.words) {
      const { id } = await findUser(client, idOrName)
      await client.deleteUser({ user_id: id })
      console.log(id)
    }
    return 0
  },
}

export const userCommands: readonly Command[] = [list, create, update, remove]
