// `./sightline export`, `import` and `secrets`: what is done to a platform while it is stopped. Wiring only.
import { access, constants } from 'node:fs/promises'
import type { Logger } from 'pino'
import { ConfigError } from '../config.ts'
import { createLogger } from '../logger.ts'
import { DataDirHeldError } from '../store/data-dir.ts'
import { openSecretBox } from '../store/data-keys.ts'
import { DatabaseUnavailableError } from '../store/database.ts'
import { EmbeddedUnavailableError } from '../store/embedded-account.ts'
import { PostgresTooOldError, SchemaTooNewError } from '../store/migrate.ts'
import { SecretKeyError } from '../store/secrets.ts'
import { askNewPassphrase, askPassphrase } from './ask.ts'
import { readTransferConfig, type TransferCommand, type TransferConfig } from './config.ts'
import { openExisting, openOrMake, TransferError } from './deployment.ts'
import { exportToFile } from './export.ts'
import { importFile } from './import.ts'
import { createLineSecrets, openLineSecrets } from './passphrase.ts'
import { rotateSecrets } from './rotate.ts'

const exitFailed = 1
const exitUsage = 2

type Tools = { log: Logger; nowMs: number }
type Run = (config: TransferConfig, tools: Tools) => Promise<string>

const commands = { export: exportAll, import: importAll, secrets: rotate } satisfies Record<TransferCommand, Run>

async function exportAll(config: TransferConfig, tools: Tools): Promise<string> {
  const encryption = config.hasSecrets
    ? await createLineSecrets(config.passphrase ?? (await askNewPassphrase()))
    : undefined
  await using disposables = new AsyncDisposableStack()
  const database = await openExisting(disposables, config, tools)
  const secrets = encryption && { box: await openSecretBox(database, config, tools.nowMs), encryption }
  const exported = await exportToFile(database, config.operand, secrets)
  return `exported ${say(exported)}${encryption ? '' : '; secrets are masked'}`
}

async function importAll(config: TransferConfig, tools: Tools): Promise<string> {
  if (config.operand !== '-') await access(config.operand, constants.R_OK)
  await using disposables = new AsyncDisposableStack()
  const database = await openOrMake(disposables, config, tools)
  const box = await openSecretBox(database, config, tools.nowMs)
  const imported = await importFile(database, {
    file: config.operand,
    box,
    nowMs: tools.nowMs,
    openSecrets: async (header) => {
      const passphrase = config.passphrase ?? (await askPassphrase('Passphrase of the export: '))
      return openLineSecrets(passphrase, header)
    },
    onProgress: showProgress,
  })
  return `imported ${say(imported)}`
}

async function rotate(config: TransferConfig, tools: Tools): Promise<string> {
  await using disposables = new AsyncDisposableStack()
  const database = await openExisting(disposables, config, tools)
  const { resealed, isMasterKeyNew } = await rotateSecrets(database, config, tools.nowMs)
  const master = isMasterKeyNew ? 'the master key is new' : 'the master key is the one that was given'
  return `sealed anew: ${say(resealed)}; ${master}`
}

const say = (counts: Record<string, number>) =>
  Object.entries(counts)
    .map(([what, count]) => `${what} ${count}`)
    .join(', ')

const progressEveryLines = 100_000
let linesShown = 0

function showProgress(lines: number): void {
  if (lines - linesShown < progressEveryLines) return
  linesShown = lines
  console.error(`sightline: ${lines} lines`)
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

/** Also what the system says of a file: that it is not there, may not be written, or the disk is full. */
function isExpected(error: unknown): boolean {
  return expected.some((kind) => error instanceof kind) || (error instanceof Error && 'syscall' in error)
}

try {
  const config = readTransferConfig(process.argv.slice(2), process.env)
  const done = await commands[config.command](config, {
    log: createLogger('warn', config.command),
    nowMs: Date.now(),
  })
  console.error(`sightline: ${done}`)
} catch (error) {
  const isUsage = error instanceof ConfigError
  console.error(`sightline: ${error instanceof Error ? error.message : String(error)}`)
  if (!isUsage && !isExpected(error)) console.error(error)
  process.exit(isUsage ? exitUsage : exitFailed)
}
