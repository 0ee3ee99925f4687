// What the supervising process and the server process say to each other over the channel between them.
import type { Config } from './config.ts'

export type ToServer =
  | { kind: 'start'; config: Config; databaseUrl: string }
  /** Asks for a token with which one worker may join. */
  | { kind: 'join_token' }

export type FromServer =
  /** It listens. `adminPassword` is there only where this start made it. */
  | { kind: 'ready'; port: number; adminPassword?: string }
  /** It cannot start; the message is for the user. */
  | { kind: 'failed'; message: string }
  | { kind: 'join_token'; token: string }
