// Many writes, one commit: what arrives in one turn of the event loop shares one transaction and one sync of the disk.
import type { DatabaseSync } from 'node:sqlite'
import { isCorrupt, isPassing } from './database.ts'

// A full disk is looked at again this often; meanwhile nothing is acknowledged, so the pipelines wait.
const retryAfterMs = 1000

type Durability = 'full' | 'normal'
type Waiting = {
  write: (db: DatabaseSync) => void
  durability: Durability
  resolve: () => void
  reject: (cause: unknown) => void
}

export type GroupCommit = {
  /** Resolves when `write` is on disk. `write` may be called again when a commit fails, so it only touches `db`. */
  write(write: (db: DatabaseSync) => void): Promise<void>
  /** As `write`, but a power cut may undo it; a process that is killed cannot. */
  writeSoon(write: (db: DatabaseSync) => void): Promise<void>
  /** Commits what waits. Nothing is written afterwards. */
  close(): void
}

export type Failures = {
  /** Before the writes of a failed commit are tried again on the same file. */
  rolledBack(cause: unknown): void
  /** The file is damaged: gives another one to go on with. */
  damaged(cause: unknown): DatabaseSync
}

/**
 * Errors: a failure of the disk is tried again for as long as it lasts; any other one is a bug, rejects the write that
 * threw it and leaves the others in the commit.
 */
export function openGroupCommit(first: DatabaseSync, failures: Failures): GroupCommit {
  let db = first
  let waiting: Waiting[] = []
  let cancelNext: (() => void) | undefined
  let isClosed = false

  function commit() {
    cancelNext = undefined
    const batch = waiting
    waiting = []
    const rejected = new Map<Waiting, unknown>()
    try {
      writeAll(db, batch, rejected)
    } catch (cause) {
      waiting = [...batch, ...waiting]
      if (isCorrupt(cause)) {
        db = failures.damaged(cause)
        schedule()
        return
      }
      failures.rolledBack(cause)
      if (!isPassing(cause)) throw cause
      if (isClosed) return
      const timer = setTimeout(commit, retryAfterMs)
      cancelNext = () => clearTimeout(timer)
      return
    }
    for (const item of batch) {
      if (rejected.has(item)) item.reject(rejected.get(item))
      else item.resolve()
    }
  }

  function schedule() {
    if (cancelNext) return
    const immediate = setImmediate(commit)
    cancelNext = () => clearImmediate(immediate)
  }

  function add(write: Waiting['write'], durability: Durability): Promise<void> {
    if (isClosed) return Promise.reject(new Error('the spool is closed'))
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    waiting.push({ write, durability, resolve, reject })
    schedule()
    return promise
  }

  return {
    write: (write) => add(write, 'full'),
    writeSoon: (write) => add(write, 'normal'),
    close() {
      isClosed = true
      cancelNext?.()
      if (waiting.length > 0) commit()
    },
  }
}

function writeAll(db: DatabaseSync, batch: Waiting[], rejected: Map<Waiting, unknown>) {
  // The sync of the disk is most of what a commit costs; a delivery that is made twice is no loss worth it.
  db.exec(`pragma synchronous = ${batch.some(({ durability }) => durability === 'full') ? 'full' : 'normal'}`)
  db.exec('begin immediate')
  try {
    for (const item of batch) writeOne(db, item, rejected)
    db.exec('commit')
  } catch (cause) {
    rollBack(db)
    throw cause
  }
}

function writeOne(db: DatabaseSync, item: Waiting, rejected: Map<Waiting, unknown>) {
  db.exec('savepoint one')
  try {
    item.write(db)
    db.exec('release one')
  } catch (cause) {
    if (isCorrupt(cause) || isPassing(cause)) throw cause
    db.exec('rollback to one; release one')
    rejected.set(item, cause)
  }
}

function rollBack(db: DatabaseSync) {
  try {
    db.exec('rollback')
  } catch {
    // SQLite rolled it back by itself, which it does for a full disk.
  }
}
