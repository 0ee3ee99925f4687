import { settings } from '@sightline/contract/settings.ts'
import { UsageError } from './command.ts'

const prefix = 'SIGHTLINE_'
const known: ReadonlySet<string> = new Set(settings.map(({ variable }) => variable))

/** Errors: `UsageError` that names the first variable of ours that is not a setting. */
export function refuseUnknownVariables(env: Record<string, string | undefined>): void {
  const unknown = Object.keys(env).find((name) => name.startsWith(prefix) && !known.has(name))
  if (unknown) throw new UsageError(`${unknown}: expected the twin of a flag, given an unknown variable`)
}
