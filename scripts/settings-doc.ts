// Writes docs/reference/config.md from the table of settings. A test compares; --write makes it anew.
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type Setting, type SettingCommand, settings } from '../contract/settings.ts'

export const settingsDocPath = fileURLToPath(new URL('../docs/reference/config.md', import.meta.url))

const sections: { title: string; command: SettingCommand; text: string }[] = [
  { title: 'serve', command: 'serve', text: 'The platform.' },
  {
    title: 'worker',
    command: 'worker',
    text: 'A worker node. Address policy, limits and secrets reach it from the server.',
  },
  {
    title: 'task, service, login and the other commands of the CLI',
    command: 'cli',
    text: 'They talk to a running platform.',
  },
  { title: 'export and import', command: 'export', text: 'They run while the server is stopped.' },
  { title: 'secrets rotate', command: 'secrets', text: 'It runs while the server is stopped.' },
]

/** The page as it should be. */
export function settingsDoc(): string {
  return `# Settings

Every flag has a twin in the environment; a flag wins over its twin. A setting that is unknown, malformed or out of range
stops the start with exit code 2 and one line that names it, what was expected and what was given. Variables that do not
begin with \`SIGHTLINE_\` are left alone.
${sections.map(sectionOf).join('')}`
}

function sectionOf({ title, command, text }: (typeof sections)[number]): string {
  const rows = settings.filter(({ commands }) => (commands as readonly SettingCommand[]).includes(command)).map(rowOf)
  return `
## ${title}

${text}

| flag | in the environment | default | expected | meaning |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`
}

function rowOf(setting: Setting): string {
  const flag = setting.flag ? `\`--${setting.flag}\`` : 'none'
  const byDefault = setting.default ? `\`${setting.default}\`` : 'none'
  return `| ${flag} | \`${setting.variable}\` | ${byDefault} | ${setting.expected} | ${setting.meaning} |`
}

if (process.argv.includes('--write') && process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(settingsDocPath, settingsDoc())
}
