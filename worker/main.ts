// `./sightline worker`, and the local worker of `./sightline serve`: wiring only.
import { availableParallelism } from 'node:os'
import { ConfigError, readConfig } from './config.ts'
import { convertedModel } from './detect/convert-model.ts'
import { engineArguments, engineEnvironment, engineFile } from './engine/spawn-options.ts'
import type { EngineCommand } from './engine-process.ts'
import { NodeRefusedError } from './fleet-client.ts'
import { createLogger } from './logger.ts'
import { SpoolInUseError } from './spool/database.ts'
import { runWorker } from './worker.ts'

const streamsMost = 64
const closeWithinMs = 8_000
const exitFailed = 1
const exitUsage = 2

async function main(): Promise<void> {
  const config = readConfig(process.argv.slice(2), process.env)
  const logger = createLogger(config.logLevel)
  const stopping = new AbortController()
  const stop = () => {
    if (stopping.signal.aborted) process.exit(exitFailed)
    stopping.abort()
    setTimeout(() => process.exit(exitFailed), closeWithinMs).unref()
  }
  // The local worker ends with the process that started it, however that one ended, even before this line.
  const isLocal = process.connected !== undefined
  process.once('disconnect', () => stopping.signal.aborted || stop())
  if (process.connected === false) stop()
  process.on('SIGTERM', stop)
  // A terminal sends it to the whole group; the parent of a local worker decides when it ends.
  process.on('SIGINT', () => isLocal || stop())
  const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() }
  const engineCommand = async (): Promise<EngineCommand> => ({
    file: engineFile,
    arguments: engineArguments({
      modelPath: await convertedModel(config.dataDir),
      detectorThreadCount: Math.max(1, Math.floor(availableParallelism() / 2)),
      // The server admits `file:` addresses of administrators only.
      isFileAllowed: true,
    }),
    environment: engineEnvironment(streamsMost),
  })
  await runWorker({ config, logger, clock, random: Math.random, engineCommand }, stopping.signal)
}

try {
  await main()
  process.exit(0)
} catch (error) {
  const isExpected =
    error instanceof ConfigError || error instanceof NodeRefusedError || error instanceof SpoolInUseError
  console.error(isExpected ? `sightline: ${error.message}` : error)
  process.exit(error instanceof ConfigError ? exitUsage : exitFailed)
}
