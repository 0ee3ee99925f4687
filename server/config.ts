// Flags and environment to Config. Flags win over their twins.
import { resolve } from 'node:path'
import type { addressPresets, LogLevel } from './settings.ts'
import { type SettingName, type SettingValues, serveSettings } from './settings.ts'

export type Config = {
  host: string
  /** 0 takes a free one. */
  port: number
  /** Absolute. */
  dataDir: string
  /** Absent: the embedded database. */
  databaseUrl?: string
  hasLocalWorker: boolean
  isMaintenance: boolean
  isStrict: boolean
  addresses: { preset: (typeof addressPresets)[number]; allow: string[]; deny: string[] }
  /** Of user admin; absent: made at the first start. */
  adminPassword?: string
  /** Of the first project; absent: made at the first start. */
  projectId?: string
  hasRateLimit: boolean
  logLevel: LogLevel
  /** What the catalogue of a token shows; absent: made from the request's Host header. */
  publicUrl?: string
  /** 64 hexadecimal digits; absent: a file in the data directory holds it. */
  secretKey?: string
}

/** A setting is unknown, malformed or out of range. The message is the one line that the user sees. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

// Twins of other commands' flags, and what is said in the environment only: known, and of no effect here.
const foreignVariables = [
  'SIGHTLINE_JOIN',
  'SIGHTLINE_SERVER',
  'SIGHTLINE_LABEL',
  'SIGHTLINE_OFFLINE',
  'SIGHTLINE_EXPORT_PASSPHRASE',
]

/** Errors: `ConfigError` for the first fault, environment before flags. */
export function readConfig(args: readonly string[], env: Record<string, string | undefined>): Config {
  const values: SettingValues = {}
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('SIGHTLINE_') || text === undefined || foreignVariables.includes(variable)) continue
    set(values, settingOf(variable), variable, text)
  }
  for (const { flag, text } of pairsOf(args)) {
    const name = flag.slice(2)
    if (!isSetting(name)) throw new ConfigError(`${flag}: expected a flag of serve, given an unknown one`)
    const setting = serveSettings[name]
    const given = text ?? ('alone' in setting ? setting.alone : undefined)
    if (given === undefined) throw new ConfigError(`${flag}: expected ${setting.expected}, given nothing`)
    set(values, name, flag, given)
  }
  return toConfig(values)
}

function settingOf(variable: string): SettingName {
  const name = variable.slice('SIGHTLINE_'.length).toLowerCase().replaceAll('_', '-')
  if (variable !== variable.toUpperCase() || !isSetting(name)) {
    throw new ConfigError(`${variable}: expected the twin of a flag, given an unknown variable`)
  }
  return name
}

function isSetting(name: string): name is SettingName {
  return Object.hasOwn(serveSettings, name)
}

function set(values: SettingValues, name: SettingName, where: string, text: string): void {
  const setting = serveSettings[name]
  const value = setting.read(text)
  if (value === undefined) {
    const given = 'isSecret' in setting ? 'something else' : JSON.stringify(text)
    throw new ConfigError(`${where}: expected ${setting.expected}, given ${given}`)
  }
  Object.assign(values, { [name]: value })
}

/** `--flag value`, `--flag=value`, and `--flag` alone. */
function pairsOf(args: readonly string[]): { flag: string; text?: string }[] {
  const pairs: { flag: string; text?: string }[] = []
  for (let at = 0; at < args.length; at++) {
    const [, flag, text] = /^(--[a-z-]+)(?:=(.*))?$/s.exec(args[at] ?? '') ?? []
    if (flag === undefined) throw new ConfigError(`${args[at]}: expected a flag of serve, given something else`)
    const next = args[at + 1]
    if (text !== undefined) pairs.push({ flag, text })
    else if (next !== undefined && !next.startsWith('--') && !standsAlone(flag)) {
      pairs.push({ flag, text: next })
      at++
    } else pairs.push({ flag })
  }
  return pairs
}

function standsAlone(flag: string): boolean {
  const name = flag.slice(2)
  return isSetting(name) && 'alone' in serveSettings[name]
}

function toConfig(values: SettingValues): Config {
  return {
    host: values.host ?? '127.0.0.1',
    port: values.port ?? 8080,
    dataDir: resolve(values['data-dir'] ?? './data'),
    ...(values['database-url'] && { databaseUrl: values['database-url'] }),
    hasLocalWorker: !values['no-worker'],
    isMaintenance: values.maintenance === true,
    isStrict: values.strict === true,
    addresses: {
      preset: values['address-policy'] ?? 'lan',
      allow: values['address-allow'] ?? [],
      deny: values['address-deny'] ?? [],
    },
    ...(values['admin-password'] && { adminPassword: values['admin-password'] }),
    ...(values['project-id'] && { projectId: values['project-id'] }),
    hasRateLimit: values['rate-limit'] !== 'off',
    logLevel: values['log-level'] ?? 'info',
    ...(values['public-url'] && { publicUrl: values['public-url'] }),
    ...(values['secret-key'] && { secretKey: values['secret-key'] }),
  }
}
