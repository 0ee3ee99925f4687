// The platform and a synthetic camera in one terminal, started again when a file of theirs changes.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { watch } from 'node:fs'
import { join } from 'node:path'
import { root } from './steps.ts'

// An editor that saves a file writes it more than once.
const quietMs = 300
const stopWithinMs = 12_000

type Program = { name: string; args: string[]; rooms: string[] }

const programs: Program[] = [
  {
    name: 'serve',
    args: ['server/serve.ts', '--address-allow', '127.0.0.1/32', ...process.argv.slice(2)],
    rooms: ['server', 'worker', 'task', 'contract', 'address'],
  },
  { name: 'camera', args: ['camera/main.ts', '--port', '8554'], rooms: ['camera'] },
]

/** Keeps one program running; gives a function that stops it for good. */
function keep({ name, args, rooms }: Program): () => Promise<void> {
  let child = start(name, args)
  let timer: NodeJS.Timeout | undefined
  let restarting = Promise.resolve()
  const restart = () => {
    restarting = restarting.then(async () => {
      console.log(`${name}: a file changed, starting again`)
      await stop(child)
      child = start(name, args)
    })
  }
  const watchers = rooms.map((room) =>
    watch(join(root, room), { recursive: true }, (_event, file) => {
      if (!file || !/\.(ts|sql)$/.test(file) || file.endsWith('.test.ts')) return
      clearTimeout(timer)
      timer = setTimeout(restart, quietMs)
    }),
  )
  return async () => {
    for (const watcher of watchers) watcher.close()
    clearTimeout(timer)
    await restarting
    await stop(child)
  }
}

function start(name: string, args: string[]): ChildProcess {
  // The camera ends when its stdin does; an open pipe keeps it, and ends it with this process.
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    cwd: root,
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  child.on('exit', (code) => {
    if (code) console.log(`${name}: ended with ${code}; it starts again when a file changes`)
  })
  return child
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs)
  await exited
  clearTimeout(timer)
}

const stops = programs.map(keep)
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void Promise.all(stops.map((end) => end())).then(() => process.exit(0))
  })
}
