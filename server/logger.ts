// Logs go to stderr only: JSON lines, or for people when stderr is a terminal.
import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import type { LogLevel } from './settings.ts'

const stderr = 2

/** The logger of one process; `log.child({ subsystem })` is that of a part of it. */
export function createLogger(level: LogLevel, part: string): Logger {
  const options = { level, base: { part } }
  const line = { destination: stderr, sync: true }
  if (!process.stderr.isTTY) return pino(options, pino.destination({ dest: stderr, sync: true }))
  return pino(options, pretty({ ...line, ignore: 'part', messageFormat: '[{part}] {msg}' }))
}
