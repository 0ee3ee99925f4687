// `./sightline export`, `import` and `secrets`: what is done to a platform while it is stopped. Wiring only.
import type { Logger } from 'pino'
import { ConfigError } from '../config.ts'
import { createLogger } from '../logger.ts'
import { DataDirHeldError } from '../store/data-dir.ts'
import { DatabaseUnavailableError } from '../store/database.ts'
import { EmbeddedUnavailableError } from '../store/embedded-account.ts'
import { PostgresTooOldError, SchemaTooNewError } from '../store/migrate.ts'
import { SecretKeyError } from '../store/secrets.ts'
import { readTransferConfig, type TransferCommand, type TransferConfig } from './config.ts'
import { openExisting, TransferError } from './deployment.ts'
import { rotateSecrets } from './rotate.ts'

const exitFailed = 1
const exitUsage = 2

type Run = (config: TransferConfig, tools: { log: Logger; nowMs: number }) => Promise<string>

const commands: Partial<Record<TransferCommand, Run>> = { secrets: rotate }

async function rotate(config: TransferConfig, tools: { log: Logger; nowMs: number }): Promise<string> {
  await using disposables = new AsyncDisposableStack()
  const database = await openExisting(disposables, config, tools)
  const { resealed, isMasterKeyNew } = await rotateSecrets(database, config, tools.nowMs)
  const counts = Object.entries(resealed).map(([table, count]) => `${table} ${count}`)
  const master = isMasterKeyNew ? 'the master key is new' : 'the master key is the one that was given'
  return `sealed anew: ${counts.join(', ')}; ${master}`
}

const expected = [
  TransferError,
  DataDirHeldError,
  DatabaseUnavailableError,
  EmbeddedUnavailableError,
  PostgresTooOldError,
  SchemaTooNewError,
  SecretKeyError,
]

try {
  const config = readTransferConfig(process.argv.slice(2), process.env)
  const done = await commands[config.command]?.(config, {
    log: createLogger('warn', config.command),
    nowMs: Date.now(),
  })
  console.error(`sightline: ${done}`)
} catch (error) {
  const isUsage = error instanceof ConfigError
  console.error(`sightline: ${error instanceof Error ? error.message : String(error)}`)
  if (!isUsage && !expected.some((kind) => error instanceof kind)) console.error(error)
  process.exit(isUsage ? exitUsage : exitFailed)
}
