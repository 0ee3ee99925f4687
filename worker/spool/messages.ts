// The statements on messages waiting for delivery. Each runs inside the transaction of its caller.
import type { DatabaseSync } from 'node:sqlite'
import { prepared } from './database.ts'

/** Which output of which task: messages of one lane are delivered in order, one at a time. */
export type Lane = { taskId: string; output: string }

export type Message = Lane & {
  id: number
  generation: number
  sequence: number
  messageId: string
  eventType: number
  createdAtMs: number
  head: string
  data: string
  /** Attempts made so far. */
  attempts: number
  picture: Uint8Array | undefined
}

export type NewMessage = Lane & {
  generation: number
  sequence: number
  messageId: string
  eventType: number
  createdAtMs: number
  head: string
  data: string
  picture: Uint8Array | undefined
}

// A row costs about this much beside its text: columns, indexes, its rows in the ledger.
const rowBytes = 256

export const bytesOf = (message: NewMessage) =>
  rowBytes + Buffer.byteLength(message.head) + Buffer.byteLength(message.data) + (message.picture?.byteLength ?? 0)

export function insertMessage(db: DatabaseSync, message: NewMessage): void {
  const { picture } = message
  const { lastInsertRowid } = prepared(
    db,
    `insert into message (task_id, generation, output, sequence, message_id, event_type, created_at, head, data, bytes)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    message.taskId,
    message.generation,
    message.output,
    message.sequence,
    message.messageId,
    message.eventType,
    message.createdAtMs,
    message.head,
    message.data,
    bytesOf(message) - (picture?.byteLength ?? 0),
  )
  if (!picture) return
  prepared(db, 'insert into picture (message, task_id, output, jpeg) values (?, ?, ?, ?)').run(
    lastInsertRowid,
    message.taskId,
    message.output,
    picture,
  )
}

/** The next message of a lane, with its picture. */
export function selectNext(db: DatabaseSync, lane: Lane): Message | undefined {
  const row = prepared(
    db,
    `select message.*, picture.jpeg
         from message left join picture on picture.message = message.id
        where message.task_id = ? and message.output = ? and given_up_at is null
        order by sequence limit 1`,
  ).get(lane.taskId, lane.output)
  return row && toMessage(row)
}

function toMessage(row: Record<string, unknown>): Message {
  return {
    id: Number(row.id),
    taskId: String(row.task_id),
    output: String(row.output),
    generation: Number(row.generation),
    sequence: Number(row.sequence),
    messageId: String(row.message_id),
    eventType: Number(row.event_type),
    createdAtMs: Number(row.created_at),
    head: String(row.head),
    data: String(row.data),
    attempts: Number(row.attempts),
    picture: row.jpeg instanceof Uint8Array ? row.jpeg : undefined,
  }
}

export function selectWaitingLanes(db: DatabaseSync): (Lane & { count: number })[] {
  return prepared(
    db,
    `select task_id, output, count(*) as count from message
        where given_up_at is null group by task_id, output order by task_id, output`,
  )
    .all()
    .map((row) => ({ taskId: String(row.task_id), output: String(row.output), count: Number(row.count) }))
}

export function selectShareBytes(db: DatabaseSync, lane: Lane): number {
  const row = prepared(db, 'select bytes from share where task_id = ? and output = ?').get(lane.taskId, lane.output)
  return row === undefined ? 0 : Number(row.bytes)
}

/** What waits for the outputs of a task, and what was dropped for lack of room. */
export type Backlog = { waitingCount: number; droppedMessageCount: number; droppedPictureCount: number }

export function selectBacklog(db: DatabaseSync, taskId: string): Backlog {
  const waiting = 'select count(*) as count from message where task_id = ? and given_up_at is null'
  const dropped = `select coalesce(sum(dropped_messages), 0) as messages, coalesce(sum(dropped_pictures), 0) as pictures
                     from share where task_id = ?`
  const counts = prepared(db, dropped).get(taskId)
  return {
    waitingCount: Number(prepared(db, waiting).get(taskId)?.count),
    droppedMessageCount: Number(counts?.messages),
    droppedPictureCount: Number(counts?.pictures),
  }
}

const countDropped = {
  message: 'update share set dropped_messages = dropped_messages + 1 where task_id = ? and output = ?',
  picture: 'update share set dropped_pictures = dropped_pictures + 1 where task_id = ? and output = ?',
} as const

export function deleteMessage(db: DatabaseSync, id: number): void {
  prepared(db, 'delete from message where id = ?').run(id)
}

export function countAttempt(db: DatabaseSync, id: number): void {
  prepared(db, 'update message set attempts = attempts + 1 where id = ?').run(id)
}

export function markGivenUp(db: DatabaseSync, id: number, nowMs: number): void {
  prepared(db, 'update message set given_up_at = ? where id = ?').run(nowMs, id)
}

/** Lets what was given up wait again as if it were new; gives how many messages. */
export function resendGivenUp(db: DatabaseSync, taskId: string, nowMs: number): number {
  const sql = `update message set given_up_at = null, attempts = 0, created_at = ?
                where task_id = ? and given_up_at is not null`
  return Number(prepared(db, sql).run(nowMs, taskId).changes)
}

export function deleteGivenUpBefore(db: DatabaseSync, beforeMs: number): void {
  prepared(db, 'delete from message where given_up_at < ?').run(beforeMs)
}

/** `given_up`: it was in the ledger already. */
export type Dropped = Lane & { messageId: string; sequence: number; what: 'message' | 'picture' | 'given_up' }

const oldestInLane = {
  given_up: `select * from message where task_id = ? and output = ? and given_up_at is not null
              order by given_up_at, id limit 1`,
  picture: `select message.* from picture join message on message.id = picture.message
             where picture.task_id = ? and picture.output = ? order by picture.message limit 1`,
  message: 'select * from message where task_id = ? and output = ? order by sequence limit 1',
} as const
const oldestInNode = {
  given_up: 'select * from message where given_up_at is not null order by given_up_at, id limit 1',
  picture: `select message.* from picture join message on message.id = picture.message
             order by picture.message limit 1`,
  message: 'select * from message order by id limit 1',
} as const

/**
 * Makes room in a lane, or in the node when there is no lane: what was given up goes first, then the oldest picture,
 * then the oldest message. `undefined` when nothing is left to drop.
 */
export function dropOldest(db: DatabaseSync, lane: Lane | undefined): Dropped | undefined {
  const statements = lane ? oldestInLane : oldestInNode
  const parameters = lane ? [lane.taskId, lane.output] : []
  for (const what of ['given_up', 'picture', 'message'] as const) {
    const row = prepared(db, statements[what]).get(...parameters)
    if (!row) continue
    if (what === 'picture') prepared(db, 'delete from picture where message = ?').run(Number(row.id))
    else deleteMessage(db, Number(row.id))
    if (what !== 'given_up') prepared(db, countDropped[what]).run(String(row.task_id), String(row.output))
    return {
      taskId: String(row.task_id),
      output: String(row.output),
      messageId: String(row.message_id),
      sequence: Number(row.sequence),
      what,
    }
  }
  return undefined
}
