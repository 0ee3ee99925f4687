// Every setting there is, as data: the reference page, the help of the commands and the check for unknown variables
// read this table. Source: running page, Settings.

export const settingCommands = ['serve', 'worker', 'demo', 'cli', 'export', 'import', 'secrets'] as const
export type SettingCommand = (typeof settingCommands)[number]

export type Setting = {
  /** Without the two dashes; absent for what is said in the environment only. */
  flag?: string
  /** The twin in the environment. */
  variable: `SIGHTLINE_${string}`
  /** What a message says was expected. */
  expected: string
  /** As a reader would type it; absent when there is none. */
  default?: string
  /** The flag stands alone; its twin takes true or false. */
  isSwitch?: true
  /** Never shown in a message, a log or a list of processes of ours. */
  isSecret?: true
  meaning: string
  commands: readonly SettingCommand[]
}

const platform = ['serve'] as const
const nodes = ['serve', 'worker'] as const
const address = 'a comma list of CIDRs, hosts and host:port pairs'

export const settings = [
  {
    flag: 'host',
    variable: 'SIGHTLINE_HOST',
    expected: 'an address or a host name',
    default: '127.0.0.1',
    meaning: 'Where the API and the console listen.',
    commands: platform,
  },
  {
    flag: 'port',
    variable: 'SIGHTLINE_PORT',
    expected: 'an integer from 0 to 65535',
    default: '8080',
    meaning: 'Where the API and the console listen; 0 takes a free port and prints it.',
    commands: platform,
  },
  {
    flag: 'data-dir',
    variable: 'SIGHTLINE_DATA_DIR',
    expected: 'a path',
    default: './data',
    meaning: 'Embedded database, spools, pictures and keys; made if it is missing.',
    commands: ['serve', 'worker', 'export', 'import', 'secrets'],
  },
  {
    flag: 'database-url',
    variable: 'SIGHTLINE_DATABASE_URL',
    expected: 'an address postgresql://…',
    isSecret: true,
    meaning: 'An external PostgreSQL of version 15 or newer instead of the embedded one.',
    commands: ['serve', 'export', 'import', 'secrets'],
  },
  {
    flag: 'no-worker',
    variable: 'SIGHTLINE_NO_WORKER',
    expected: 'true or false',
    default: 'false',
    isSwitch: true,
    meaning: 'Does not start the local worker.',
    commands: platform,
  },
  {
    flag: 'maintenance',
    variable: 'SIGHTLINE_MAINTENANCE',
    expected: 'true or false',
    default: 'false',
    isSwitch: true,
    meaning:
      'Reads are answered and tokens still issued, other writes get 503 ModelArts.9510, and the reconciler rests: nothing changes state.',
    commands: platform,
  },
  {
    flag: 'strict',
    variable: 'SIGHTLINE_STRICT',
    expected: 'true or false',
    default: 'false',
    isSwitch: true,
    meaning:
      'Refuses what the profile of a service does not know, and every reading of the API document that is kinder than its words.',
    commands: platform,
  },
  {
    flag: 'address-allow',
    variable: 'SIGHTLINE_ADDRESS_ALLOW',
    expected: address,
    meaning: 'Addresses that tasks may name although the policy refuses them.',
    commands: platform,
  },
  {
    flag: 'address-deny',
    variable: 'SIGHTLINE_ADDRESS_DENY',
    expected: address,
    meaning: 'Addresses that tasks may not name although the policy allows them.',
    commands: platform,
  },
  {
    flag: 'address-policy',
    variable: 'SIGHTLINE_ADDRESS_POLICY',
    expected: 'one of lan, public-only',
    default: 'lan',
    meaning: 'lan lets tasks name private addresses, where cameras are; public-only does not.',
    commands: platform,
  },
  {
    flag: 'admin-password',
    variable: 'SIGHTLINE_ADMIN_PASSWORD',
    expected: 'a text that is not empty',
    isSecret: true,
    meaning: 'Of user admin, domain sightline. Without it, one is made at the first start and printed once.',
    commands: platform,
  },
  {
    flag: 'project-id',
    variable: 'SIGHTLINE_PROJECT_ID',
    expected: '1 to 64 letters, digits and -',
    meaning: 'Id of the first project, which is named default. Without it, one is made at the first start.',
    commands: platform,
  },
  {
    flag: 'rate-limit',
    variable: 'SIGHTLINE_RATE_LIMIT',
    expected: 'one of on, off',
    default: 'on',
    meaning: 'off answers however fast the calls come, for benchmarks.',
    commands: platform,
  },
  {
    flag: 'auth-error-style',
    variable: 'SIGHTLINE_AUTH_ERROR_STYLE',
    expected: 'one of modelarts, apigw',
    default: 'modelarts',
    meaning: 'apigw answers a bad signature as the gateway in front of the cloud does, with 401 APIGW.0301.',
    commands: platform,
  },
  {
    flag: 'log-level',
    variable: 'SIGHTLINE_LOG_LEVEL',
    expected: 'one of fatal, error, warn, info, debug, trace, silent',
    default: 'info',
    meaning: 'Least severity of the log on stderr: JSON lines, or prose on a terminal.',
    commands: nodes,
  },
  {
    flag: 'public-url',
    variable: 'SIGHTLINE_PUBLIC_URL',
    expected: 'an address http://… or https://…',
    meaning: 'The platform’s address as clients see it. Without it, answers use the Host header of the request.',
    commands: platform,
  },
  {
    flag: 'secret-key',
    variable: 'SIGHTLINE_SECRET_KEY',
    expected: '32 bytes as 64 hexadecimal digits',
    isSecret: true,
    meaning:
      'The master key of stored secrets. Without it, one is made and kept in the data directory. Prefer the variable: other users of the machine can read the flags of a process.',
    commands: ['serve', 'export', 'import', 'secrets'],
  },
  {
    variable: 'SIGHTLINE_NEW_SECRET_KEY',
    expected: '32 bytes as 64 hexadecimal digits',
    isSecret: true,
    meaning: 'The master key to change to, where the one in use is given in the environment.',
    commands: ['secrets'],
  },
  {
    flag: 'server',
    variable: 'SIGHTLINE_SERVER',
    expected: 'an address http://… or https://…',
    meaning: 'The platform that this worker belongs to.',
    commands: ['worker'],
  },
  {
    flag: 'join',
    variable: 'SIGHTLINE_JOIN',
    expected: 'a join token',
    isSecret: true,
    meaning:
      'Proves, at its first call, that the worker may join; it then keeps a credential of its own in its data directory.',
    commands: ['worker'],
  },
  {
    flag: 'label',
    variable: 'SIGHTLINE_LABEL',
    expected: 'key=value',
    meaning: 'A label of the node. The flag may come several times; its twin is a comma list.',
    commands: ['worker'],
  },
  {
    flag: 'offline',
    variable: 'SIGHTLINE_OFFLINE',
    expected: 'one of stop, continue',
    default: 'stop',
    meaning: 'What a worker that lost its server does with its runs.',
    commands: ['worker'],
  },
  {
    flag: 'endpoint',
    variable: 'SIGHTLINE_ENDPOINT',
    expected: 'an address http://… or https://…',
    default: 'that of the context',
    meaning: 'The platform that a command talks to.',
    commands: ['cli'],
  },
  {
    flag: 'user',
    variable: 'SIGHTLINE_USER',
    expected: 'a user name',
    default: 'that of the context',
    meaning: 'Whose rights a command has.',
    commands: ['cli'],
  },
  {
    flag: 'password',
    variable: 'SIGHTLINE_PASSWORD',
    expected: 'a text that is not empty',
    isSecret: true,
    meaning: 'Of the user. Prefer the variable: other users of the machine can read the flags of a process.',
    commands: ['cli'],
  },
  {
    flag: 'project',
    variable: 'SIGHTLINE_PROJECT',
    expected: 'the name of a project',
    default: 'default',
    meaning: 'The project that a command works in.',
    commands: ['cli'],
  },
  {
    flag: 'context',
    variable: 'SIGHTLINE_CONTEXT',
    expected: '1 to 64 letters, digits, - and _',
    default: 'the one of the last login',
    meaning: 'Which kept login to use.',
    commands: ['cli'],
  },
  {
    flag: 'config-dir',
    variable: 'SIGHTLINE_CONFIG_DIR',
    expected: 'a path',
    default: '$XDG_CONFIG_HOME/sightline, or ~/.config/sightline',
    meaning: 'Where logins are kept, readable by their owner alone.',
    commands: ['cli'],
  },
  {
    flag: 'with-secrets',
    variable: 'SIGHTLINE_WITH_SECRETS',
    expected: 'true or false',
    default: 'false',
    isSwitch: true,
    meaning: 'Exports secrets too, encrypted with a passphrase. Without it they are masked.',
    commands: ['export'],
  },
  {
    variable: 'SIGHTLINE_EXPORT_PASSPHRASE',
    expected: 'a text that is not empty',
    isSecret: true,
    meaning: 'Encrypts the secrets of an export and opens those of an import. Without it, the command asks.',
    commands: ['export', 'import'],
  },
] as const satisfies readonly Setting[]

export type SettingFlag = Extract<(typeof settings)[number], { flag: string }>['flag']
