// What an output is: brings one message to one place, once. Trying again is the business of the delivery.
import type { TaskError } from '@sightline/contract/task.ts'
import type { Message } from '../spool/messages.ts'
import type { OutputConfig } from '../spool/spool.ts'

export type Attempt = {
  result: 'delivered' | 'failed' | 'gone'
  /** HTTP status, where there was an answer. */
  status?: number
  /** What `task.error` says while the output fails. */
  error?: TaskError
  retryAfterMs?: number
  bodyBytes: number
  bodySha256: string
}

export type Output = {
  /** The place that is not to be asked by many deliveries at once. */
  placeOf(config: OutputConfig): string
  /** Throws nothing: what goes wrong is in the attempt. */
  deliver(message: Message, config: OutputConfig, signal: AbortSignal): Promise<Attempt>
  /** Whether somebody listens there; gives what is wrong. Nothing is said to the receiver. */
  probe(config: OutputConfig, signal: AbortSignal): Promise<TaskError | undefined>
  /** Seconds after which a message is worthless. */
  freshnessSeconds(config: OutputConfig): number | undefined
  close(): Promise<void>
}

export type OpenOutput = (options: { clock: { nowMs(): number } }) => Output
