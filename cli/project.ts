import type { Project } from '@sightline/client'
import { type Command, type Given, noWords, oneWord, outputFlag, outputFormat } from './command.ts'
import { connect, connectionFlags } from './connect.ts'
import { type Column, format } from './print.ts'

const columns: Column<Project>[] = [
  { title: 'ID', text: (project) => project.id },
  { title: 'NAME', text: (project) => project.name },
]

function print(given: Given, answer: unknown, projects: readonly Project[]): void {
  const name = (project: Project) => project.id
  process.stdout.write(format({ format: outputFormat(given), answer, items: projects, columns, name }))
}

const list: Command = {
  name: 'project list',
  words: '',
  meaning: 'Lists the projects that you have a role in.',
  flags: { ...outputFlag, ...connectionFlags },
  run: async (given) => {
    noWords(given)
    const projects = await (await connect(given, process.env, Date.now())).listProjects()
    print(given, { projects }, projects)
    return 0
  },
}

const create: Command = {
  name: 'project create',
  words: 'NAME',
  meaning: 'Makes a project with a running service per algorithm; for the admin of every project.',
  flags: { ...outputFlag, ...connectionFlags },
  run: async (given) => {
    const name = oneWord(given, 'NAME')
    const project = await (await connect(given, process.env, Date.now())).createProject({ name })
    print(given, project, [project])
    return 0
  },
}

export const projectCommands: readonly Command[] = [list, create]
