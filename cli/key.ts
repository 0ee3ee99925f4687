// Access keys of the caller.
import type { KeyItem } from '@sightline/contract/members.ts'
import { type Command, noWords, outputFlag, outputFormat, UsageError } from './command.ts'
import { connect, connectionFlags } from './connect.ts'
import { type Column, format } from './print.ts'

const columns: Column<KeyItem>[] = [
  { title: 'ACCESS', text: (key) => key.access },
  { title: 'CREATED', text: (key) => key.created_at },
  { title: 'DESCRIPTION', text: (key) => key.description },
]

const list: Command = {
  name: 'key list',
  words: '',
  meaning: 'Lists your access keys.',
  flags: { ...outputFlag, ...connectionFlags },
  run: async (given) => {
    noWords(given)
    const answer = await (await connect(given, process.env, Date.now())).listKeys({})
    const name = (key: KeyItem) => key.access
    process.stdout.write(format({ format: outputFormat(given), answer, items: answer.keys, columns, name }))
    return 0
  },
}

const create: Command = {
  name: 'key create',
  words: '',
  meaning: 'Makes an access key. Its secret is shown this once.',
  flags: {
    description: { expected: 'a text of at most 255 characters', meaning: 'what the key is for' },
    ...outputFlag,
    ...connectionFlags,
  },
  run: async (given) => {
    noWords(given)
    const description = given.text('description') ?? ''
    const answer = await (await connect(given, process.env, Date.now())).createKey({ body: { description } })
    const secretColumn = { title: 'SECRET', text: (key: typeof answer) => key.secret }
    const shown = {
      ...{ format: outputFormat(given), answer, items: [answer], columns: [...columns.slice(0, 1), secretColumn] },
      name: (key: typeof answer) => key.access,
    }
    process.stdout.write(format(shown))
    return 0
  },
}

const remove: Command = {
  name: 'key delete',
  words: 'ACCESS…',
  meaning: 'Deletes access keys; what they sign is refused from then on.',
  flags: connectionFlags,
  run: async (given) => {
    if (given.words.length === 0) throw new UsageError('ACCESS is missing')
    const client = await connect(given, process.env, Date.now())
    for (const access of given.words) {
      await client.deleteKey({ access })
      console.log(access)
    }
    return 0
  },
}

export const keyCommands: readonly Command[] = [list, create, remove]
