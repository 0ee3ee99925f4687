// The file of the spool: opened, made, and set aside when it is damaged. Never shared by two processes.
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'

// A result that the engine was told is stored survives a power cut, hence synchronous = full.
const pragmas = `
  pragma locking_mode = exclusive;
  pragma auto_vacuum = incremental;
  pragma journal_mode = wal;
  pragma synchronous = full;
  pragma foreign_keys = on;
  pragma journal_size_limit = 67108864;`

const schema = `
  -- Where results of a task go: address, headers, signing secrets, sealed. Kept while it is assigned or has messages.
  create table if not exists output (
    task_id    text not null,
    kind       text not null,
    generation integer not null,
    sealed     blob not null,
    -- 1 when the receiver said that it is gone (HTTP 410): nothing is sent until a newer generation.
    paused     integer not null default 0,
    primary key (task_id, kind)
  );
  create table if not exists sequence (
    task_id    text primary key,
    last       integer not null,
    updated_at integer not null
  );
  create table if not exists message (
    id          integer primary key autoincrement,
    task_id     text not null,
    generation  integer not null,
    output      text not null,
    sequence    integer not null,
    message_id  text not null,
    event_type  integer not null,
    -- Epoch ms, as every time here.
    created_at  integer not null,
    -- JSON of the members before image_base64, and of data.
    head        text not null,
    data        text not null,
    -- What the message counts in its share, without its picture.
    bytes       integer not null,
    attempts    integer not null default 0,
    -- Null while it waits for delivery.
    given_up_at integer,
    unique (task_id, output, sequence)
  );
  -- For the next message of an output, and the share of each output.
  create index if not exists message_waiting on message (task_id, output, sequence) where given_up_at is null;
  create index if not exists message_given_up on message (given_up_at) where given_up_at is not null;
  create table if not exists picture (
    message integer primary key references message (id) on delete cascade,
    task_id text not null,
    output  text not null,
    jpeg    blob not null
  );
  create index if not exists picture_of_output on picture (task_id, output, message);
  -- Bytes held for an output; ('', '') is the node.
  create table if not exists share (
    task_id text not null,
    output  text not null,
    bytes   integer not null,
    -- For lack of room, since the task was first seen here.
    dropped_messages integer not null default 0,
    dropped_pictures integer not null default 0,
    primary key (task_id, output)
  );
  create trigger if not exists message_in after insert on message begin
    insert into share (task_id, output, bytes) values (new.task_id, new.output, new.bytes), ('', '', new.bytes)
      on conflict do update set bytes = bytes + excluded.bytes;
  end;
  create trigger if not exists message_out after delete on message begin
    update share set bytes = bytes - old.bytes
     where (task_id, output) in (values (old.task_id, old.output), ('', ''));
  end;
  create trigger if not exists picture_in after insert on picture begin
    update share set bytes = bytes + length(new.jpeg)
     where (task_id, output) in (values (new.task_id, new.output), ('', ''));
  end;
  create trigger if not exists picture_out after delete on picture begin
    update share set bytes = bytes - length(old.jpeg)
     where (task_id, output) in (values (old.task_id, old.output), ('', ''));
  end;
  -- One row for each attempt to deliver, and for each message or picture that is given up or dropped.
  create table if not exists ledger (
    id          integer primary key autoincrement,
    at          integer not null,
    task_id     text not null,
    output      text not null,
    message_id  text not null,
    sequence    integer not null,
    outcome     text not null,
    attempt     integer,
    status      integer,
    error       text,
    latency_ms  integer,
    body_bytes  integer,
    body_sha256 text
  );
  create index if not exists ledger_of_task on ledger (task_id, id);`

/** SQLite's codes for a file that is damaged or none of its own. */
const corrupt = [11, 26]
/** Full disk, failed read or write: may pass. */
const passing = [5, 10, 13]

const codeOf = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined
const hasCode = (error: unknown, codes: number[]) => codes.includes(codeOf(error) ?? -1)

export const isCorrupt = (error: unknown) => hasCode(error, corrupt)
export const isPassing = (error: unknown) => hasCode(error, passing)

export class SpoolInUseError extends Error {
  override name = 'SpoolInUseError'
}

function open(path: string): DatabaseSync {
  const db = new DatabaseSync(path)
  try {
    db.exec(pragmas)
    db.exec(`begin exclusive; ${schema} commit;`)
    return db
  } catch (cause) {
    db.close()
    if (codeOf(cause) === 5) throw new SpoolInUseError('the data directory is in use by another worker', { cause })
    throw cause
  }
}

export type OpenedFile = { db: DatabaseSync; setAside: string | undefined }

/** Renames the damaged file, for a person to look at, and begins a new one. */
export function replaceFile(directory: string, nowMs: number): OpenedFile {
  const path = join(directory, 'spool.db')
  const setAside = `${path}.damaged-${nowMs}`
  renameSync(path, setAside)
  for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
  return { db: open(path), setAside }
}

/**
 * Opens the spool of a data directory, making it if it is missing.
 *
 * Shape: `setAside` is the path of a damaged file that was replaced by an empty one.
 * Errors: throws `SpoolInUseError` when another process holds it.
 */
export function openFile(directory: string, nowMs: number): OpenedFile {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  try {
    return { db: open(join(directory, 'spool.db')), setAside: undefined }
  } catch (error) {
    if (!isCorrupt(error)) throw error
    return replaceFile(directory, nowMs)
  }
}

const statements = new WeakMap<DatabaseSync, Map<string, StatementSync>>()

/** A statement of `db`, compiled once. */
export function prepared(db: DatabaseSync, sql: string): StatementSync {
  const known = statements.get(db) ?? new Map<string, StatementSync>()
  statements.set(db, known)
  const statement = known.get(sql) ?? db.prepare(sql)
  known.set(sql, statement)
  return statement
}
