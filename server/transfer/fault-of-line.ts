// What the database refuses of a line, in words that name no value but ids.
import { LineError } from './lines.ts'

/** Undefined for what is no fault of a line: an outage, a bug. */
export function faultOfLine(error: unknown): string | undefined {
  if (error instanceof LineError) return error.message
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  const [detail, constraint] = [textOf(error, 'detail'), textOf(error, 'constraint')]
  if (error.code === '23503') return `what it belongs to is not there: ${detail}`
  if (error.code === '23505') return `another one has its name: ${detail}`
  // The detail of these is the whole row.
  if (/^2[23]/.test(error.code)) return `a rule of the database refuses it: ${constraint || error.code}`
  return undefined
}

function textOf(error: object, name: string): string {
  const value: unknown = Object.entries(error).find(([key]) => key === name)?.[1]
  return typeof value === 'string' ? value : ''
}
