// How the settings of `serve` are read; what they are called and mean is said in the contract's table.
import { isPolicyEntry } from '@sightline/address/judge.ts'
import { type SettingFlag, settings } from '@sightline/contract/settings.ts'

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]
const addressPresets = ['lan', 'public-only'] as const
export type AddressPreset = (typeof addressPresets)[number]

/** Undefined for a text that is not what the table expects. */
type Read<Value> = (text: string) => Value | undefined

const oneOf =
  <Word extends string>(words: readonly Word[]): Read<Word> =>
  (text) =>
    words.find((word) => word === text)
const readText: Read<string> = (text) => text || undefined
const readSwitch: Read<boolean> = (text) =>
  ({ true: true, '1': true, on: true, false: false, '0': false, off: false })[text]
const readPort: Read<number> = (text) => (/^\d{1,5}$/.test(text) && Number(text) <= 65535 ? Number(text) : undefined)
const readAddress =
  (protocols: RegExp): Read<string> =>
  (text) =>
    protocols.test(text) && URL.canParse(text) ? text.replace(/\/+$/, '') : undefined
const readPolicyEntries: Read<string[]> = (text) => {
  const entries = text.split(',').map((entry) => entry.trim())
  return entries.every(isPolicyEntry) ? entries : undefined
}

type ServeFlag = Extract<
  (typeof settings)[number],
  { flag: string; commands: readonly ['serve', ...unknown[]] }
>['flag']

export const readers = {
  host: (text) => (/^[\w.:-]+$/.test(text) ? text : undefined),
  port: readPort,
  'data-dir': readText,
  'database-url': readAddress(/^postgres(ql)?:\/\//),
  'no-worker': readSwitch,
  maintenance: readSwitch,
  strict: readSwitch,
  'address-allow': readPolicyEntries,
  'address-deny': readPolicyEntries,
  'address-policy': oneOf(addressPresets),
  'admin-password': readText,
  'project-id': (text) => (/^[0-9a-zA-Z-]{1,64}$/.test(text) ? text : undefined),
  'rate-limit': oneOf(['on', 'off']),
  'auth-error-style': oneOf(['modelarts', 'apigw']),
  'log-level': oneOf(logLevels),
  'public-url': readAddress(/^https?:\/\//),
  'secret-key': (text) => (/^[0-9a-fA-F]{64}$/.test(text) ? text.toLowerCase() : undefined),
} as const satisfies Record<ServeFlag, Read<unknown>>

type Readers = typeof readers
export type ServeSetting = keyof Readers
export type SettingValues = { [Name in ServeSetting]?: NonNullable<ReturnType<Readers[Name]>> }

export function isServeSetting(flag: string): flag is ServeSetting {
  return Object.hasOwn(readers, flag)
}

/** The row of the contract's table. */
export function settingOf(flag: SettingFlag): { expected: string; isSwitch: boolean; isSecret: boolean } {
  const row = settings.find((setting) => 'flag' in setting && setting.flag === flag)
  if (!row) throw new Error(`the table of settings has no row ${flag}`)
  return { expected: row.expected, isSwitch: 'isSwitch' in row, isSecret: 'isSecret' in row }
}
