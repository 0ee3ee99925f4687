// Logins that are kept: a file in the user's config directory that its owner alone can read. It holds tokens, which end
// after a day, and never a password.
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { CommandError } from './command.ts'

export type Context = {
  endpoint: string
  user: string
  project: string
  projectId: string
  token: string
  expiresAtMs: number
}

export type Contexts = { current?: string; contexts: Record<string, Context> }

export function configDir(given: string | undefined, env: Record<string, string | undefined>): string {
  return given ?? join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'sightline')
}

const fileName = 'contexts.json'

export async function readContexts(dir: string): Promise<Contexts> {
  const path = join(dir, fileName)
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return { contexts: {} }
    throw new CommandError(`${path} cannot be read; remove it and log in again`, { cause })
  }
}

/** Written beside and moved into place, so that a reader never sees half of it. */
export async function writeContexts(dir: string, contexts: Contexts): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const path = join(dir, fileName)
  const partial = `${path}.${process.pid}`
  await writeFile(partial, `${JSON.stringify(contexts, null, 2)}\n`, { mode: 0o600 })
  await chmod(partial, 0o600)
  await rename(partial, path)
}
