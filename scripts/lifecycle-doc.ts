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

| event | happens when |
| --- | --- |
${eventNames.map((event) => `| \`${event}\` | ${taskEvents[event]} |`).join('\n')}

## Table

| from | event | to |
| --- | --- | --- |
${arrows()
  .map(({ from, event, to }) => `| ${from} | \`${event}\` | ${nodeOf(to) === '[*]' ? 'removed' : nodeOf(to)} |`)
  .join('\n')}
`
}

/** Whether docs/lifecycle.md says what the table says. */
export function isLifecycleDocCurrent(): boolean {
  return readFileSync(path, 'utf8') === lifecycleDoc()
}

if (import.meta.main) writeFileSync(path, lifecycleDoc())
