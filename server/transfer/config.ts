// Words and environment of `export`, `import` and `secrets` to what they ask for.
import { resolve } from 'node:path'
import { type Setting, settings } from '@sightline/contract/settings.ts'
import { ConfigError } from '../config.ts'
import { readers } from '../settings.ts'

export const transferCommands = ['export', 'import', 'secrets'] as const
export type TransferCommand = (typeof transferCommands)[number]

export type TransferConfig = {
  command: TransferCommand
  /** FILE of export and import, `rotate` of secrets. */
  operand: string
  /** Absolute. */
  dataDir: string
  /** Absent: the embedded database of the data directory. */
  databaseUrl?: string
  secretKey?: string
  newSecretKey?: string
  hasSecrets: boolean
  passphrase?: string
}

const usage = {
  export: 'export FILE [--data-dir DIR | --database-url URL] [--with-secrets]',
  import: 'import FILE [--data-dir DIR | --database-url URL]',
  secrets: 'secrets rotate [--data-dir DIR | --database-url URL]',
} as const satisfies Record<TransferCommand, string>

const readText = (text: string) => text || undefined
const read: Record<string, (text: string) => unknown> = {
  ...readers,
  'with-secrets': readers['no-worker'],
  SIGHTLINE_EXPORT_PASSPHRASE: readText,
  SIGHTLINE_NEW_SECRET_KEY: readers['secret-key'],
}
const known: readonly Setting[] = settings
// Where the tests' PostgreSQL is.
const testVariable = 'SIGHTLINE_TEST_DATABASE_URL'

/** Errors: `ConfigError` for the first fault, environment before words. */
export function readTransferConfig(words: readonly string[], env: Record<string, string | undefined>): TransferConfig {
  const command = transferCommands.find((name) => name === words[0])
  if (!command) throw new ConfigError(`expected one of ${transferCommands.join(', ')}, given ${words[0] ?? 'nothing'}`)
  const values = new Map<string, unknown>()
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('SIGHTLINE_') || variable === testVariable || text === undefined) continue
    const row = known.find((setting) => setting.variable === variable)
    if (!row) throw new ConfigError(`${variable}: expected the twin of a flag, given an unknown variable`)
    if (row.commands.includes(command)) set(values, row, variable, text)
  }
  const { operands, flags } = split(command, words.slice(1))
  for (const { row, text } of flags) set(values, row, `--${row.flag}`, text)
  return toConfig(command, operandOf(command, operands), values)
}

function set(values: Map<string, unknown>, row: Setting, where: string, text: string): void {
  const name = row.flag ?? row.variable
  const value = read[name]?.(text)
  if (value === undefined) {
    const given = row.isSecret ? 'something else' : JSON.stringify(text)
    throw new ConfigError(`${where}: expected ${row.expected}, given ${given}`)
  }
  values.set(name, value)
}

type Flag = { row: Setting; text: string }

function split(command: TransferCommand, words: readonly string[]): { operands: string[]; flags: Flag[] } {
  const operands: string[] = []
  const flags: Flag[] = []
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? ''
    const [, name, text] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word) ?? []
    if (name === undefined) {
      operands.push(word)
      continue
    }
    const row = known.find(({ flag, commands }) => flag === name && commands.includes(command))
    if (!row) throw new ConfigError(`--${name}: expected a flag of ${command}, given an unknown one`)
    if (text !== undefined || row.isSwitch) flags.push({ row, text: text ?? 'true' })
    else flags.push({ row, text: words[++at] ?? '' })
  }
  return { operands, flags }
}

function operandOf(command: TransferCommand, operands: readonly string[]): string {
  const [operand, ...others] = operands
  const isRight = operand !== undefined && others.length === 0 && (command !== 'secrets' || operand === 'rotate')
  if (!isRight) throw new ConfigError(`usage: ./sightline ${usage[command]}`)
  return operand
}

function toConfig(command: TransferCommand, operand: string, values: ReadonlyMap<string, unknown>): TransferConfig {
  const text = (name: string) => {
    const value = values.get(name)
    return typeof value === 'string' ? value : undefined
  }
  const [databaseUrl, secretKey] = [text('database-url'), text('secret-key')]
  const [newSecretKey, passphrase] = [text('SIGHTLINE_NEW_SECRET_KEY'), text('SIGHTLINE_EXPORT_PASSPHRASE')]
  return {
    command,
    operand,
    dataDir: resolve(text('data-dir') ?? './data'),
    hasSecrets: values.get('with-secrets') === true,
    ...(databaseUrl && { databaseUrl }),
    ...(secretKey && { secretKey }),
    ...(newSecretKey && { newSecretKey }),
    ...(passphrase && { passphrase }),
  }
}
