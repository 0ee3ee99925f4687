// Writes docs/lifecycle.md, the picture and the table of the lifecycle, from task/lifecycle.ts.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { taskStates } from '@sightline/contract/states.ts'
import { nextStates, type Target, type TaskEvent, taskEvents } from '../task/lifecycle.ts'

const path = fileURLToPath(new URL('../docs/lifecycle.md', import.meta.url))

type Arrow = { from: string; event: TaskEvent; to: Target }

function arrows(): Arrow[] {
  return taskStates.flatMap((from) => {
    const row: Partial<Record<TaskEvent, Target>> = nextStates[from]
    return eventNames.flatMap((event) => {
      const to = row[event]
      return to ? [{ from, event, to }] : []
    })
  })
}

const eventNames = Object.keys(taskEvents) as TaskEvent[]
const nodeNames: Partial<Record<Target, string>> = { REMOVED: '[*]', BEFORE_HOLD: 'REST' }
const nodeOf = (target: Target) => nodeNames[target] ?? target

/** Columns as wide as their widest cell, as the formatter has them. */
function table(head: string[], rows: string[][]): string {
  const widths = head.map((_, at) => Math.max(...[head, ...rows].map((cells) => cells[at]?.length ?? 0)))
  const line = (cells: string[]) => `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

/** The text of docs/lifecycle.md. */
export function lifecycleDoc(): string {
  // Every state leads to DELETING; drawing that would hide the rest.
  const drawn = arrows().filter(({ event }) => event !== 'delete_asked')
  return `# The lifecycle of a task

Generated from \`task/lifecycle.ts\` by \`npm run node scripts/lifecycle-doc.ts\`. A task is born \`PENDING\`; with a
schedule whose window is closed it is born \`STOPPED\`. \`delete\` leads from every state to \`DELETING\` and is not drawn.
\`REST\` is the rest state that the task had before its hold.

\`\`\`mermaid
stateDiagram-v2
  [*] --> PENDING: create
  [*] --> STOPPED: create, window closed
${drawn.map(({ from, event, to }) => `  ${from} --> ${nodeOf(to)}: ${event}`).join('\n')}
\`\`\`

## Events

${table(
  ['event', 'happens when'],
  eventNames.map((event) => [`\`${event}\``, taskEvents[event]]),
)}

## Table

${table(
  ['from', 'event', 'to'],
  arrows().map(({ from, event, to }) => [from, `\`${event}\``, to === 'REMOVED' ? 'removed' : nodeOf(to)]),
)}
`
}

/** Whether docs/lifecycle.md says what the table says. */
export function isLifecycleDocCurrent(): boolean {
  return readFileSync(path, 'utf8') === lifecycleDoc()
}

if (import.meta.main) writeFileSync(path, lifecycleDoc())
