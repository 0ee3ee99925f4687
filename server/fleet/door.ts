import type { AddressPolicy } from '@sightline/contract/fleet.ts'
import type { Logger } from 'pino'
import type { Database } from '../store/database.ts'
import type { SecretBox } from '../store/secrets.ts'

/** What the worker-facing operations are given; the API's door has it all. */
export type FleetDoor = {
  database: Database
  secretBox: SecretBox
  clock: () => number
  log: Logger
  addressPolicy: () => AddressPolicy
}
