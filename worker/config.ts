// The settings of `./sightline worker`: flags and their twins in the environment to Config. Flags win.
import { resolve } from 'node:path'

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]
const offlineWays = ['stop', 'continue'] as const

export type Config = {
  server: URL
  /** Absent where the node has joined before. */
  joinToken?: string
  /** Absolute. */
  dataDir: string
  logLevel: LogLevel
  labels: Record<string, string>
  /** What the node does when its lease ends while the server cannot be reached. */
  offline: (typeof offlineWays)[number]
}

/** A setting is unknown, malformed or missing. The message is the one line that the user sees. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

type Values = {
  server?: URL
  join?: string
  'data-dir'?: string
  'log-level'?: LogLevel
  label?: Record<string, string>
  offline?: 'stop' | 'continue'
}
type SettingName = keyof Values
type Setting<Value> = { expected: string; read: (text: string) => Value | undefined; isSecret?: true }

const oneOf = <Word extends string>(words: readonly Word[]): Setting<Word> => ({
  expected: `one of ${words.join(', ')}`,
  read: (text) => words.find((word) => word === text),
})

const settings: { [Name in SettingName]-?: Setting<NonNullable<Values[Name]>> } = {
  server: {
    expected: 'an address http://… or https://…',
    read: (text) => (/^https?:\/\//.test(text) && URL.canParse(text) ? new URL(text) : undefined),
  },
  join: { expected: 'a join token', read: (text) => text.trim() || undefined, isSecret: true },
  'data-dir': { expected: 'a path', read: (text) => text || undefined },
  'log-level': oneOf(logLevels),
  label: { expected: 'k=v, or a comma list of them', read: readLabels },
  offline: oneOf(offlineWays),
}

function readLabels(text: string): Record<string, string> | undefined {
  const pairs = text.split(',').map((pair) => /^([A-Za-z0-9_./-]{1,64})=(.{0,128})$/.exec(pair.trim()))
  if (!pairs.every((pair) => pair !== null)) return undefined
  return Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, value]))
}

// Twins of other commands' flags, and what is said in the environment only: known, and of no effect here.
const foreignVariables = [
  'ADDRESS_ALLOW',
  'ADDRESS_DENY',
  'ADDRESS_POLICY',
  'ADMIN_PASSWORD',
  'DATABASE_URL',
  'EXPORT_PASSPHRASE',
  'HOST',
  'MAINTENANCE',
  'NO_WORKER',
  'PORT',
  'PROJECT_ID',
  'PUBLIC_URL',
  'RATE_LIMIT',
  'SECRET_KEY',
  'STRICT',
].map((name) => `SIGHTLINE_${name}`)

/** Errors: `ConfigError` for the first fault, environment before flags. */
export function readConfig(args: readonly string[], env: Record<string, string | undefined>): Config {
  const values: Values = {}
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('SIGHTLINE_') || text === undefined || foreignVariables.includes(variable)) continue
    const name = variable.slice('SIGHTLINE_'.length).toLowerCase().replaceAll('_', '-')
    if (variable !== variable.toUpperCase() || !isSetting(name)) {
      throw new ConfigError(`${variable}: expected the twin of a flag, given an unknown variable`)
    }
    set(values, { name, where: variable, text })
  }
  for (const { flag, text } of pairsOf(args)) {
    const name = flag.slice(2)
    if (!isSetting(name)) throw new ConfigError(`${flag}: expected a flag of worker, given an unknown one`)
    if (text === undefined) throw new ConfigError(`${flag}: expected ${settings[name].expected}, given nothing`)
    set(values, { name, where: flag, text })
  }
  return toConfig(values)
}

function isSetting(name: string): name is SettingName {
  return Object.hasOwn(settings, name)
}

function set(values: Values, { name, where, text }: { name: SettingName; where: string; text: string }): void {
  const setting = settings[name]
  const value = setting.read(text)
  if (value === undefined) {
    const given = setting.isSecret ? 'something else' : JSON.stringify(text)
    throw new ConfigError(`${where}: expected ${setting.expected}, given ${given}`)
  }
  // A label may be given more than once.
  Object.assign(values, { [name]: name === 'label' ? { ...values.label, ...(value as object) } : value })
}

/** `--flag value` and `--flag=value`. */
function pairsOf(args: readonly string[]): { flag: string; text: string | undefined }[] {
  const pairs: { flag: string; text: string | undefined }[] = []
  for (let at = 0; at < args.length; at++) {
    const [, flag, text] = /^(--[a-z-]+)(?:=(.*))?$/s.exec(args[at] ?? '') ?? []
    if (flag === undefined) throw new ConfigError(`${args[at]}: expected a flag of worker, given something else`)
    const next = args[at + 1]
    const takesNext = text === undefined && next !== undefined && !next.startsWith('--')
    pairs.push({ flag, text: takesNext ? next : text })
    if (takesNext) at++
  }
  return pairs
}

function toConfig(values: Values): Config {
  if (!values.server) throw new ConfigError(`--server: expected ${settings.server.expected}, given nothing`)
  return {
    server: values.server,
    ...(values.join && { joinToken: values.join }),
    dataDir: resolve(values['data-dir'] ?? './data'),
    logLevel: values['log-level'] ?? 'info',
    labels: values.label ?? {},
    offline: values.offline ?? 'stop',
  }
}
