// One node, put together: spool, deliveries, engine, runs, and the session with the server.
import { join } from 'node:path'
import type { Assignment } from '@sightline/contract/fleet.ts'
import type { Logger } from 'pino'
import { capabilities, nodeName } from './abilities.ts'
import { algorithms } from './algorithm/algorithms.ts'
import { Assignments } from './assignments.ts'
import type { Config } from './config.ts'
import { deleteCredential, readCredential, writeCredential } from './credential.ts'
import { type EngineCommand, EngineProcess } from './engine-process.ts'
import { FleetClient } from './fleet-client.ts'
import { Delivery } from './output/delivery.ts'
import { openOutputs } from './output/outputs.ts'
import { Reports } from './reports.ts'
import { serveFleet } from './session.ts'
import { Spool, spoolLimits } from './spool/spool.ts'

const tidyEveryMs = 60_000
// With the closing of the engine after it, well within the time that a stop may take.
const stopRunsWithinMs = 1_500

export type WorkerOptions = {
  config: Config
  logger: Logger
  clock: { nowMs(): number; monotonicMs(): number }
  random: () => number
  engineCommand: () => Promise<EngineCommand>
}

/**
 * Works until `signal` is aborted, then lets go of everything in order.
 *
 * Errors: throws `SpoolInUseError`, `NodeRefusedError`.
 */
export async function runWorker(options: WorkerOptions, signal: AbortSignal): Promise<void> {
  const { config, logger, clock, random } = options
  await using closing = new AsyncDisposableStack()
  const spool = closing.use(openSpool(config.dataDir, logger, clock))
  const outputs = openOutputs(clock)
  closing.defer(async () => {
    await Promise.all([...outputs.values()].map((output) => output.close()))
  })
  const delivery = closing.use(new Delivery({ spool, outputs, clock, random, logger }))
  const engine: EngineProcess = closing.use(
    new EngineProcess({
      command: options.engineCommand,
      logger,
      onMessage: (message) => runs.onEngineMessage(message),
      onLost: () => runs.onEngineLost(),
    }),
  )
  const reports = new Reports()
  const onReport = reports.put.bind(reports)
  const runs = closing.use(
    new Assignments({ engine, spool, delivery, outputs, logger, clock, random, sampleEveryMs, onReport }),
  )
  closing.defer(() => runs.stopAll(stopRunsWithinMs))
  const tidying = setInterval(() => void spool.tidy(runs.taskIds), tidyEveryMs)
  closing.defer(() => clearInterval(tidying))
  const client = closing.use(new FleetClient(config.server, (await readCredential(config.dataDir))?.credential))
  await serveFleet(
    {
      client,
      runs,
      reports,
      name: nodeName(),
      capabilities: capabilities(config.labels),
      joinToken: config.joinToken,
      offline: config.offline,
      clock,
      random,
      logger,
      keepCredential: (kept) => (kept ? writeCredential(config.dataDir, kept) : deleteCredential(config.dataDir)),
    },
    signal,
  )
}

function openSpool(dataDir: string, logger: Logger, clock: WorkerOptions['clock']): Spool {
  return new Spool({
    directory: join(dataDir, 'spool'),
    limits: spoolLimits,
    clock,
    onDamaged: (path) => logger.error({ path }, 'the spool is damaged, it is set aside and a new one begins'),
    onDelayed: (cause) => logger.error({ err: cause }, 'the spool cannot be written, trying on'),
  })
}

/** A config that the engine will refuse has no say in how long its input may be silent. */
function sampleEveryMs({ algorithm, config }: Assignment): number {
  const row = Object.hasOwn(algorithms, algorithm.name)
    ? algorithms[algorithm.name as keyof typeof algorithms]
    : undefined
  try {
    return row?.sampleEveryMs(config) ?? 0
  } catch {
    return 0
  }
}
