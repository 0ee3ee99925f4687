// What a command is, and how its flags are read.
import { parseArgs } from 'node:util'

/** The call was wrong, not the world: exit 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** The command did not do what it was asked to, and one line says why: exit 1. */
export class CommandError extends Error {
  override name = 'CommandError'
}

export type Flag = {
  /** One character, for `-o`. */
  short?: string
  /** Stands alone. */
  isSwitch?: true
  isMultiple?: true
  /** What a message says was expected. */
  expected: string
  isValid?: (text: string) => boolean
  isSecret?: true
  meaning: string
}

export type Flags = Record<string, Flag>

export type Given = {
  text: (flag: string) => string | undefined
  texts: (flag: string) => string[]
  isOn: (flag: string) => boolean
  /** What is not a flag. */
  words: string[]
}

export type Command = {
  /** As typed, `task list`. */
  name: string
  /** What follows the name, `TASK_ID…`; empty when nothing does. */
  words: string
  meaning: string
  flags: Flags
  /** Gives the exit code. */
  run: (given: Given) => Promise<number>
}

export const outputFormats = ['table', 'json', 'yaml', 'name'] as const
export type OutputFormat = (typeof outputFormats)[number]

export const outputFlag: Flags = {
  output: {
    short: 'o',
    expected: `one of ${outputFormats.join(', ')}`,
    isValid: (text) => outputFormats.some((format) => format === text),
    meaning: 'how to print it; table when absent',
  },
}

const helpFlag: Flags = { help: { short: 'h', isSwitch: true, expected: 'nothing', meaning: 'prints this' } }

/** Errors: `UsageError` that names the first wrong flag, what was expected and what was given. */
export function readArguments(command: Command, args: readonly string[]): Given {
  const flags = { ...command.flags, ...helpFlag }
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, toOption(flag)])),
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  const values = new Map<string, string[]>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined
    if (!flag) throw new UsageError(`${token.rawName}: ${command.name} has no such flag`)
    values.set(token.name, [...(values.get(token.name) ?? []), readValue(token.rawName, flag, token.value)])
  }
  for (const [name, flag] of Object.entries(flags)) {
    if (!flag.isMultiple && (values.get(name) ?? []).length > 1) throw new UsageError(`--${name}: given more than once`)
  }
  return {
    text: (name) => values.get(name)?.at(-1),
    texts: (name) => values.get(name) ?? [],
    isOn: (name) => values.has(name),
    words: positionals,
  }
}

function toOption({ isSwitch, short }: Flag): { type: 'boolean' | 'string'; multiple: true; short?: string } {
  return { type: isSwitch ? 'boolean' : 'string', multiple: true, ...(short ? { short } : {}) }
}

/** Errors: `UsageError`, which shows what was given unless it is a secret. */
export function readValue(rawName: string, flag: Flag, value: string | undefined): string {
  const { isSwitch, isSecret, isValid = (text) => text !== '', expected } = flag
  if (isSwitch) {
    if (value !== undefined) throw new UsageError(`${rawName}: stands alone, given ${JSON.stringify(value)}`)
    return ''
  }
  if (value === undefined) throw new UsageError(`${rawName}: expected ${expected}, given nothing`)
  if (!isValid(value)) {
    throw new UsageError(
      `${rawName}: expected ${expected}, given ${isSecret ? 'something else' : JSON.stringify(value)}`,
    )
  }
  return value
}

/** Exactly one word, named in the message when it is missing. */
export function oneWord({ words }: Given, name: string): string {
  const [word, second] = words
  if (word === undefined) throw new UsageError(`${name} is missing`)
  if (second !== undefined) throw new UsageError(`${JSON.stringify(second)}: expected nothing after ${name}`)
  return word
}

export function noWords({ words }: Given): void {
  if (words[0] !== undefined) throw new UsageError(`${JSON.stringify(words[0])}: expected flags only`)
}

export function outputFormat(given: Given): OutputFormat {
  return outputFormats.find((format) => format === given.text('output')) ?? 'table'
}

/** The help of one command. */
export function helpOf(command: Command): string {
  const rows = Object.entries({ ...command.flags, ...helpFlag }).map(([name, flag]) => {
    const long = `--${name}${flag.isSwitch ? '' : ` ${name.toUpperCase().replaceAll('-', '_')}`}`
    return [`${flag.short ? `-${flag.short}, ` : '    '}${long}`, flagMeaning(flag)] as const
  })
  const width = Math.max(...rows.map(([left]) => left.length))
  const usage = ['usage: ./sightline', command.name, command.words, '[FLAG...]'].filter((part) => part !== '').join(' ')
  const flags = rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
  return `${usage}\n\n${command.meaning}\n\n${flags.join('\n')}\n`
}

function flagMeaning({ isSwitch, meaning, expected, isMultiple }: Flag): string {
  const kind = isSwitch ? '' : ` (${expected}${isMultiple ? '; may come several times' : ''})`
  return `${meaning}${kind}`
}
