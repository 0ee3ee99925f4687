// The help of the programs that read their flags themselves, from the table of settings.
import { type Setting, type SettingCommand, settings } from '@sightline/contract/settings.ts'

const programs = {
  serve: 'The platform: API, reconciler, database and one local worker, as supervised processes.',
  worker: 'A worker node. It opens connections to the server and accepts none.',
  export: 'Writes the whole content of a stopped platform to FILE, one JSON object a line; - is standard output.',
  import: 'Reads an export into a stopped platform; - is standard input. Existing ids are replaced, others kept.',
  secrets: 'secrets rotate: seals every secret of a stopped platform with other keys.',
} as const satisfies Partial<Record<SettingCommand, string>>
export type Program = keyof typeof programs
const operands: Record<Program, string> = {
  serve: '',
  worker: '',
  export: 'FILE ',
  import: 'FILE ',
  secrets: 'rotate ',
}

export function isProgram(name: string | undefined): name is Program {
  return name !== undefined && Object.hasOwn(programs, name)
}

export function helpOfProgram(name: Program): string {
  const known: readonly Setting[] = settings
  const rows = known.flatMap(({ flag, variable, isSwitch, meaning, expected, default: byDefault, commands }) => {
    if (!commands.includes(name)) return []
    const left = flag ? `--${flag}${isSwitch ? '' : ` ${flag.toUpperCase().replaceAll('-', '_')}`}` : variable
    const right = isSwitch ? meaning : `${meaning} (${expected}${byDefault ? `; ${byDefault} when absent` : ''})`
    return [[left, right] as const]
  })
  const width = Math.max(...rows.map(([left]) => left.length))
  const flags = rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
  return `usage: ./sightline ${name} ${operands[name]}[FLAG...]

${programs[name]}
Every flag has a twin in the environment: --data-dir is SIGHTLINE_DATA_DIR.

${flags.join('\n')}
`
}
