import { createClient } from '@sightline/client'
import { askSecret } from './ask-secret.ts'
import { type Command, CommandError, UsageError } from './command.ts'
import { connectionFlags, defaultEndpoint, isEndpoint, setting } from './connect.ts'
import { configDir, readContexts, writeContexts } from './context.ts'

/** Takes a token and keeps it; the password is kept nowhere. */
export const login: Command = {
  name: 'login',
  words: '[ENDPOINT]',
  meaning:
    'Logs in and keeps the login for a day. Asks for the password, or takes it from stdin or SIGHTLINE_PASSWORD.',
  flags: connectionFlags,
  run: async (given) => {
    const env = process.env
    const [word, second] = given.words
    if (second !== undefined) throw new UsageError(`${JSON.stringify(second)}: expected nothing after ENDPOINT`)
    if (word !== undefined && !isEndpoint(word)) {
      throw new UsageError(`ENDPOINT: expected an address http://… or https://…, given ${JSON.stringify(word)}`)
    }
    const endpoint = (word ?? setting(given, 'endpoint', env) ?? defaultEndpoint).replace(/\/+$/, '')
    const user = setting(given, 'user', env) ?? 'admin'
    const project = setting(given, 'project', env) ?? 'default'
    const password = setting(given, 'password', env) ?? (await askSecret(`password of ${user} at ${endpoint}: `))
    if (password === '') throw new CommandError('no password was given')
    const token = await createClient({ endpoint, credentials: { user, password, project } }).createToken()
    const dir = configDir(setting(given, 'config-dir', env), env)
    const { contexts } = await readContexts(dir)
    const name = setting(given, 'context', env) ?? 'default'
    const context = {
      endpoint,
      user,
      project,
      projectId: token.projectId,
      token: token.value,
      expiresAtMs: token.expiresAtMs,
    }
    await writeContexts(dir, { current: name, contexts: { ...contexts, [name]: context } })
    console.log(`logged in to ${endpoint} as ${user}, project ${project} (${token.projectId})`)
    return 0
  },
}
