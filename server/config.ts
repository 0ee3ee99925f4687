// Flags and environment to Config. Flags win over their twins.
import { resolve } from 'node:path'
import { settings } from '@sightline/contract/settings.ts'
import {
  type AddressPreset,
  isServeSetting,
  type LogLevel,
  readers,
  type ServeSetting,
  type SettingValues,
  settingOf,
} from './settings.ts'

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
  addresses: { preset: AddressPreset; allow: string[]; deny: string[] }
  /** Of user admin; absent: made at the first start. */
  adminPassword?: string
  /** Of the first project; absent: made at the first start. */
  projectId?: string
  hasRateLimit: boolean
  /** Bad signatures are answered as the cloud's gateway does. */
  isGatewayStyle: boolean
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

// Where the tests' PostgreSQL is; a platform that a test starts inherits it.
const testVariable = 'SIGHTLINE_TEST_DATABASE_URL'

/** Errors: `ConfigError` for the first fault, environment before flags. */
export function readConfig(args: readonly string[], env: Record<string, string | undefined>): Config {
  const values: SettingValues = {}
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('SIGHTLINE_') || variable === testVariable || text === undefined) continue
    const flag = flagOf(variable)
    // Twins of other commands' flags are known, and of no effect here.
    if (flag !== undefined && isServeSetting(flag)) set(values, flag, variable, text)
  }
  for (const { flag, text } of pairsOf(args)) {
    const name = flag.slice(2)
    if (!isServeSetting(name)) throw new ConfigError(`${flag}: expected a flag of serve, given an unknown one`)
    const { isSwitch, expected } = settingOf(name)
    const given = text ?? (isSwitch ? 'true' : undefined)
    if (given === undefined) throw new ConfigError(`${flag}: expected ${expected}, given nothing`)
    set(values, name, flag, given)
  }
  return toConfig(values)
}

/** Absent for what is said in the environment only. */
function flagOf(variable: string): string | undefined {
  const row = settings.find((setting) => setting.variable === variable)
  if (!row) throw new ConfigError(`${variable}: expected the twin of a flag, given an unknown variable`)
  return 'flag' in row ? row.flag : undefined
}

function set(values: SettingValues, name: ServeSetting, where: string, text: string): void {
  const value = readers[name](text)
  if (value === undefined) {
    const { expected, isSecret } = settingOf(name)
    const given = isSecret ? 'something else' : JSON.stringify(text)
    throw new ConfigError(`${where}: expected ${expected}, given ${given}`)
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
  return isServeSetting(name) && settingOf(name).isSwitch
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
    isGatewayStyle: values['auth-error-style'] === 'apigw',
    logLevel: values['log-level'] ?? 'info',
    ...(values['public-url'] && { publicUrl: values['public-url'] }),
    ...(values['secret-key'] && { secretKey: values['secret-key'] }),
  }
}
