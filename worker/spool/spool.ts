// Results waiting for delivery: on disk before the engine hears that they are stored, bounded by bytes.
import { randomUUID } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { AddressPolicy } from '@sightline/contract/fleet.ts'
import type { TaskOutput } from '@sightline/contract/task.ts'
import { openFile, replaceFile } from './database.ts'
import { type GroupCommit, openGroupCommit } from './group-commit.ts'
import { insertLedgerEntry, type LedgerEntry, pruneLedger, selectLedger } from './ledger.ts'
import * as messages from './messages.ts'
import { openSeal, type Seal } from './seal.ts'
import * as outputs from './stored-outputs.ts'

type Lane = messages.Lane

export const spoolLimits = { nodeBytes: 4 * 2 ** 30, outputBytes: 256 * 2 ** 20 }
const keepGivenUpMs = 7 * 24 * 3_600_000
const keepSequenceMs = 90 * 24 * 3_600_000
const node: Lane = { taskId: '', output: '' }

export type OutputKind = keyof TaskOutput
/** What a delivery needs to know of an output; kept sealed. */
export type OutputConfig = {
  settings: NonNullable<TaskOutput[OutputKind]>
  signingSecrets: string[]
  addressPolicy: AddressPolicy
}
export type StoredOutput = { generation: number; isPaused: boolean; config: OutputConfig }

export type NewResult = {
  taskId: string
  generation: number
  /** The highest sequence number that the server knows of. */
  lastSequence: number
  streamId: string
  eventType: number
  atMs: number
  capturedAtMs: number
  data: Record<string, unknown>
  /** At least one. */
  outputs: { kind: OutputKind; picture: Uint8Array | undefined }[]
}

export type SpoolOptions = {
  directory: string
  limits: typeof spoolLimits
  clock: { nowMs(): number }
  /** A damaged file was replaced; it is kept at `path`. */
  onDamaged(path: string): void
  /** A commit failed and is tried again. */
  onDelayed(cause: unknown): void
}

/**
 * The spool of a node.
 *
 * Errors: opening throws `SpoolInUseError` when another process holds the directory. A damaged file is set aside. A
 * full disk delays what is stored until there is room; nothing is acknowledged before it is on disk.
 */
export class Spool {
  #db: DatabaseSync
  readonly #options: SpoolOptions
  readonly #seal: Seal
  readonly #group: GroupCommit
  // Outlives a damaged file: numbers that were given out are not given out again.
  readonly #lastSequences = new Map<string, number>()
  #stored: (lane: Lane) => void = () => {}

  constructor(options: SpoolOptions) {
    this.#options = options
    const opened = openFile(options.directory, options.clock.nowMs())
    if (opened.setAside) options.onDamaged(opened.setAside)
    this.#db = opened.db
    this.#seal = openSeal(options.directory)
    this.#group = openGroupCommit(opened.db, {
      rolledBack: options.onDelayed,
      damaged: () => this.#replace(),
    })
  }

  #replace(): DatabaseSync {
    this.#db.close()
    const { directory, clock, onDamaged } = this.#options
    const replaced = replaceFile(directory, clock.nowMs())
    if (replaced.setAside) onDamaged(replaced.setAside)
    this.#db = replaced.db
    return this.#db
  }

  /** Called with the lane of each message that begins to wait. */
  set onStored(stored: (lane: Lane) => void) {
    this.#stored = stored
  }

  /** Resolves to the sequence number of the result, when it is on disk. */
  async append(result: NewResult): Promise<number> {
    const { taskId } = result
    const given = { messageId: randomUUID().toUpperCase(), createdAtMs: this.#options.clock.nowMs() }
    let sequence = 0
    await this.#group.write((db) => {
      const lastHere = Math.max(this.#lastSequences.get(taskId) ?? 0, outputs.selectLastSequence(db, taskId))
      sequence = 1 + Math.max(result.lastSequence, lastHere)
      outputs.upsertSequence(db, taskId, sequence, given.createdAtMs)
      for (const output of result.outputs) this.#store(db, toMessage(result, output, { ...given, sequence }))
    })
    this.#lastSequences.set(taskId, Math.max(sequence, this.#lastSequences.get(taskId) ?? 0))
    for (const { kind } of result.outputs) this.#stored({ taskId, output: kind })
    return sequence
  }

  #store(db: DatabaseSync, message: messages.NewMessage) {
    const { limits } = this.#options
    const bytes = messages.bytesOf(message)
    while (messages.selectShareBytes(db, message) + bytes > limits.outputBytes && this.#drop(db, message)) {}
    while (messages.selectShareBytes(db, node) + bytes > limits.nodeBytes && this.#drop(db, undefined)) {}
    messages.insertMessage(db, message)
  }

  #drop(db: DatabaseSync, lane: Lane | undefined): boolean {
    const dropped = messages.dropOldest(db, lane)
    if (!dropped) return false
    const { what, ...rest } = dropped
    if (what !== 'given_up') {
      const outcome = what === 'picture' ? 'picture_dropped' : 'dropped'
      const error = `the share of the ${lane ? 'output' : 'node'} is full`
      insertLedgerEntry(db, { ...rest, atMs: this.#options.clock.nowMs(), outcome, error })
    }
    return true
  }

  lastSequence(taskId: string): number {
    return Math.max(this.#lastSequences.get(taskId) ?? 0, outputs.selectLastSequence(this.#db, taskId))
  }

  /** Keeps where results of a lane go. A newer generation ends a pause. */
  async putOutput(lane: Lane, generation: number, config: OutputConfig): Promise<void> {
    const sealed = this.#seal.close(config, contextOf(lane))
    await this.#group.write((db) => outputs.upsertOutput(db, lane, generation, sealed))
  }

  /** `undefined` when there is none, or its seal cannot be opened: it has to be assigned again. */
  output(lane: Lane): StoredOutput | undefined {
    const row = outputs.selectOutput(this.#db, lane)
    const config = row && (this.#seal.open(row.sealed, contextOf(lane)) as OutputConfig | undefined)
    return row && config && { generation: row.generation, isPaused: row.isPaused, config }
  }

  /** Nothing is sent to the output until a newer generation. */
  async pauseOutput(lane: Lane): Promise<void> {
    await this.#group.write((db) => outputs.pauseOutput(db, lane))
  }

  /** The message of a lane that is to be delivered next, with its picture. */
  next(lane: Lane): messages.Message | undefined {
    return messages.selectNext(this.#db, lane)
  }

  waitingLanes(): (Lane & { count: number })[] {
    return messages.selectWaitingLanes(this.#db)
  }

  backlog(taskId: string): messages.Backlog {
    return messages.selectBacklog(this.#db, taskId)
  }

  ledger(taskId: string): LedgerEntry[] {
    return selectLedger(this.#db, taskId)
  }

  /** At least once: after a power cut it may be delivered again, under the same message id. */
  async delivered(id: number, entry: LedgerEntry): Promise<void> {
    await this.#group.writeSoon((db) => {
      messages.deleteMessage(db, id)
      insertLedgerEntry(db, entry)
    })
  }

  /** The attempt failed; the message goes on waiting. */
  async failed(id: number, entry: LedgerEntry): Promise<void> {
    await this.#group.writeSoon((db) => {
      messages.countAttempt(db, id)
      insertLedgerEntry(db, entry)
    })
  }

  /** The message waits no longer, but can be sent again for seven days, or until its room is needed. */
  async giveUp(id: number, entry: LedgerEntry): Promise<void> {
    await this.#group.writeSoon((db) => {
      messages.markGivenUp(db, id, entry.atMs)
      insertLedgerEntry(db, entry)
    })
  }

  /** Lets every message of a task that was given up wait again, from now; gives how many. */
  async resend(taskId: string): Promise<number> {
    const nowMs = this.#options.clock.nowMs()
    let count = 0
    await this.#group.write((db) => {
      count = messages.resendGivenUp(db, taskId, nowMs)
    })
    for (const lane of this.waitingLanes()) if (lane.taskId === taskId) this.#stored(lane)
    return count
  }

  /** Forgets what is old, and the outputs of tasks that are neither assigned nor have messages. */
  async tidy(assignedTaskIds: ReadonlySet<string>): Promise<void> {
    const nowMs = this.#options.clock.nowMs()
    await this.#group.write((db) => {
      pruneLedger(db, nowMs)
      messages.deleteGivenUpBefore(db, nowMs - keepGivenUpMs)
      outputs.deleteSequencesBefore(db, nowMs - keepSequenceMs)
      for (const lane of outputs.selectIdleOutputs(db)) {
        if (!assignedTaskIds.has(lane.taskId)) outputs.deleteOutput(db, lane)
      }
    })
    this.#db.exec('pragma incremental_vacuum(2000)')
  }

  /** Commits what waits and closes the file. */
  [Symbol.dispose]() {
    this.#group.close()
    this.#db.close()
  }
}

const contextOf = (lane: Lane) => `${lane.taskId}/${lane.output}`

function toMessage(
  result: NewResult,
  output: NewResult['outputs'][number],
  given: { messageId: string; sequence: number; createdAtMs: number },
): messages.NewMessage {
  const ext = { ...extOf(result.data), sequence: given.sequence, generation: result.generation }
  return {
    taskId: result.taskId,
    output: output.kind,
    generation: result.generation,
    eventType: result.eventType,
    ...given,
    head: JSON.stringify({
      event_type: result.eventType,
      task_id: result.taskId,
      stream_id: result.streamId,
      timestamp: Math.floor(result.atMs / 1000),
      message_id: given.messageId,
    }),
    data: JSON.stringify({ ...result.data, ext: { ...ext, captured_at_ms: Math.round(result.capturedAtMs) } }),
    picture: output.picture,
  }
}

const extOf = (data: Record<string, unknown>) => (typeof data.ext === 'object' && data.ext !== null ? data.ext : {})
