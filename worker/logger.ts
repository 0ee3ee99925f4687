// Logs go to stderr only: JSON lines, or for people when stderr is a terminal.
import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import type { LogLevel } from './config.ts'

const stderr = 2

export function createLogger(level: LogLevel): Logger {
  const options = { level, base: { part: 'worker' } }
  if (!process.stderr.isTTY) return pino(options, pino.destination({ dest: stderr, sync: true }))
  return pino(options, pretty({ destination: stderr, sync: true, ignore: 'part', messageFormat: '[worker] {msg}' }))
}
