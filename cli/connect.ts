// From flags, environment and kept logins to a client.
import { type Client, createClient } from '@sightline/client'
import { CommandError, type Flags, type Given, readValue } from './command.ts'
import { type Context, configDir, readContexts } from './context.ts'

export const defaultEndpoint = 'http://127.0.0.1:8080'
export const isEndpoint = (text: string) => /^https?:\/\//.test(text) && URL.canParse(text)

/** Of every command that talks to a platform. */
export const connectionFlags: Flags = {
  endpoint: { expected: 'an address http://… or https://…', isValid: isEndpoint, meaning: 'the platform to talk to' },
  user: { expected: 'a user name', meaning: 'whose rights to use, with a password' },
  password: {
    expected: 'a text that is not empty',
    isSecret: true,
    meaning: 'of the user; SIGHTLINE_PASSWORD is safer',
  },
  project: { expected: 'the name of a project', meaning: 'the project to work in' },
  context: {
    expected: '1 to 64 letters, digits, - and _',
    isValid: (text) => /^[\w-]{1,64}$/.test(text),
    meaning: 'which kept login to use; the last one when absent',
  },
  'config-dir': { expected: 'a path', meaning: 'where logins are kept' },
}

type Environment = Record<string, string | undefined>

/** The value of a flag, or of its twin in the environment. An empty variable is an absent one. */
export function setting(given: Given, name: string, env: Environment, flags = connectionFlags): string | undefined {
  const variable = `SIGHTLINE_${name.toUpperCase().replaceAll('-', '_')}`
  const flag = flags[name]
  return given.text(name) ?? (env[variable] && flag ? readValue(variable, flag, env[variable]) : undefined)
}

/** Errors: `CommandError` when there is neither a password nor a login that still holds. */
export async function connect(given: Given, env: Environment, nowMs: number): Promise<Client> {
  const context = await chosenContext(given, env)
  const password = setting(given, 'password', env)
  const endpoint = setting(given, 'endpoint', env) ?? context?.endpoint ?? defaultEndpoint
  const project = setting(given, 'project', env) ?? context?.project
  if (password !== undefined) {
    const user = setting(given, 'user', env) ?? context?.user ?? 'admin'
    return createClient({ endpoint, credentials: { user, password, ...(project ? { project } : {}) } })
  }
  if (!context) throw new CommandError('not logged in: run ./sightline login, or set SIGHTLINE_PASSWORD')
  if (context.expiresAtMs <= nowMs) throw new CommandError('the login has expired: run ./sightline login')
  if (endpoint !== context.endpoint || project !== context.project) {
    throw new CommandError(
      `the login is for project ${context.project} at ${context.endpoint}: log in for the other one`,
    )
  }
  return createClient({ endpoint, token: context.token, projectId: context.projectId })
}

async function chosenContext(given: Given, env: Environment): Promise<Context | undefined> {
  const dir = configDir(setting(given, 'config-dir', env), env)
  const { current, contexts } = await readContexts(dir)
  const asked = setting(given, 'context', env)
  const name = asked ?? current
  const context = name !== undefined && Object.hasOwn(contexts, name) ? contexts[name] : undefined
  if (asked !== undefined && !context) throw new CommandError(`no login is kept under the name ${asked}`)
  return context
}
