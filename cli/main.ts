// Finds the command, runs it, and turns whatever it throws into one line and an exit code.
import { readFile } from 'node:fs/promises'
import { ApiError, NoAnswerError } from '@sightline/client'
import { bench } from './bench.ts'
import { type Command, CommandError, helpOf, readArguments, UsageError } from './command.ts'
import { demo } from './demo/demo.ts'
import { doctor } from './doctor.ts'
import { refuseUnknownVariables } from './environment.ts'
import { keyCommands } from './key.ts'
import { login } from './login.ts'
import { helpOfProgram, isProgram } from './program-help.ts'
import { projectCommands } from './project.ts'
import { roleCommands } from './role.ts'
import { serviceCommands } from './service.ts'
import { taskCommands } from './task.ts'
import { userCommands } from './user.ts'

const exitFailed = 1
const exitUsage = 2

const commands: readonly Command[] = [
  demo,
  ...taskCommands,
  ...serviceCommands,
  ...userCommands,
  ...roleCommands,
  ...keyCommands,
  ...projectCommands,
  login,
  doctor,
  bench,
]

const readOurs = (path: string) => readFile(new URL(path, import.meta.url), 'utf8')

async function run(args: readonly string[]): Promise<number> {
  refuseUnknownVariables(process.env)
  const [first] = args
  if (first === undefined) {
    process.stderr.write(await readOurs('usage.txt'))
    return exitUsage
  }
  if (first === '--version') return printVersion()
  if (first === 'help' || first === '--help' || first === '-h') return printHelp(args.slice(1))
  const { command, rest } = findCommand(args)
  const given = readArguments(command, rest)
  if (given.isOn('help')) {
    process.stdout.write(helpOf(command))
    return 0
  }
  return command.run(given)
}

async function printVersion(): Promise<number> {
  console.log(JSON.parse(await readOurs('../package.json')).version)
  return 0
}

async function printHelp(words: readonly string[]): Promise<number> {
  const [first] = words
  if (first === undefined) process.stdout.write(await readOurs('usage.txt'))
  else process.stdout.write(isProgram(first) ? helpOfProgram(first) : helpOf(findCommand(words).command))
  return 0
}

/** The command whose name the arguments begin with. */
function findCommand(args: readonly string[]): { command: Command; rest: readonly string[] } {
  for (const command of commands) {
    const words = command.name.split(' ')
    if (words.every((word, at) => word === args[at])) return { command, rest: args.slice(words.length) }
  }
  const [noun, verb] = args
  const verbs = commands.filter(({ name }) => name.startsWith(`${noun} `)).map(({ name }) => name.split(' ')[1])
  if (verbs.length === 0) throw new UsageError(`${noun}: no such command; ./sightline help lists them`)
  throw new UsageError(
    `${noun}: expected one of ${verbs.join(', ')}, given ${verb === undefined ? 'nothing' : JSON.stringify(verb)}`,
  )
}

function complain(error: unknown): number {
  if (error instanceof ApiError) {
    const [code, request] = [
      error.errorCode && ` (${error.errorCode})`,
      error.requestId && `, request ${error.requestId}`,
    ]
    console.error(`sightline: ${error.message}${code}${request ?? ''}`)
    return exitFailed
  }
  if (error instanceof UsageError || error instanceof CommandError || error instanceof NoAnswerError) {
    console.error(`sightline: ${error.message}`)
    return error instanceof UsageError ? exitUsage : exitFailed
  }
  // A bug: all of it is shown.
  console.error(error)
  return exitFailed
}

// `| head` closes the pipe when it has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})
process.exitCode = await run(process.argv.slice(2)).catch(complain)
