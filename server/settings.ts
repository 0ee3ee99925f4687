// The settings of `serve` as one table: flag, twin in the environment, what is expected. Source: running page, Settings.
import { isPolicyEntry } from '@sightline/address/judge.ts'
import { projectIdPattern } from '@sightline/contract/task.ts'

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]
export const addressPresets = ['lan', 'public-only'] as const

/** One setting: `read` gives undefined for a text that is not what is expected. */
type Setting<Value> = {
  expected: string
  read: (text: string) => Value | undefined
  /** Of a value that the flag means when it stands alone. */
  alone?: string
  /** Is never shown in a message. */
  isSecret?: true
}

const oneOf = <Word extends string>(words: readonly Word[]): Setting<Word> => ({
  expected: `one of ${words.join(', ')}`,
  read: (text) => words.find((word) => word === text),
})
const text: Setting<string> = { expected: 'a text that is not empty', read: (value) => value || undefined }
const secret: Setting<string> = { ...text, isSecret: true }
const flag: Setting<boolean> = {
  expected: 'true or false',
  alone: 'true',
  read: (value) => ({ true: true, '1': true, on: true, false: false, '0': false, off: false })[value],
}
const addresses: Setting<string[]> = {
  expected: 'a comma list of CIDRs, hosts and host:port pairs',
  read: (value) => {
    const entries = value.split(',').map((entry) => entry.trim())
    return entries.every(isPolicyEntry) ? entries : undefined
  },
}

export const serveSettings = {
  host: { expected: 'an address or a host name', read: (value) => (/^[\w.:-]+$/.test(value) ? value : undefined) },
  port: { expected: 'an integer from 0 to 65535', read: readPort },
  'data-dir': text,
  'database-url': {
    expected: 'an address postgresql://…',
    read: (value) => (/^postgres(ql)?:\/\//.test(value) && URL.canParse(value) ? value : undefined),
    isSecret: true,
  },
  'no-worker': flag,
  maintenance: flag,
  strict: flag,
  'address-allow': addresses,
  'address-deny': addresses,
  'address-policy': oneOf(addressPresets),
  'admin-password': secret,
  'project-id': {
    expected: '1 to 64 letters, digits and -',
    read: (value) => (projectIdPattern.test(value) ? value : undefined),
  },
  'rate-limit': oneOf(['on', 'off']),
  'log-level': oneOf(logLevels),
  'public-url': {
    expected: 'an address http://… or https://…',
    read: (value) => (/^https?:\/\//.test(value) && URL.canParse(value) ? value.replace(/\/+$/, '') : undefined),
  },
  'secret-key': {
    expected: '32 bytes as 64 hexadecimal digits',
    read: (value) => (/^[0-9a-fA-F]{64}$/.test(value) ? value.toLowerCase() : undefined),
    isSecret: true,
  },
} satisfies Record<string, Setting<unknown>>

type ServeSettings = typeof serveSettings
export type SettingName = keyof ServeSettings
export type SettingValues = {
  [Name in SettingName]?: NonNullable<ReturnType<ServeSettings[Name]['read']>>
}

function readPort(value: string): number | undefined {
  return /^\d{1,5}$/.test(value) && Number(value) <= 65535 ? Number(value) : undefined
}
