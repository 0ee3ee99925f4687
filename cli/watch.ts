import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'

const lookEveryMs = 1000

/** Prints what `look` gives; while watching, again whenever it is another text, until an interrupt. Gives the exit code. */
export async function watch(isWatching: boolean, look: () => Promise<string>): Promise<number> {
  let shown = await look()
  process.stdout.write(shown)
  if (!isWatching) return 0
  const stop = new AbortController()
  void once(process, 'SIGINT').then(() => stop.abort())
  for (;;) {
    // A pause that is interrupted ends the watching.
    const isOver = await pause(lookEveryMs, false, { signal: stop.signal }).catch(() => true)
    if (isOver) return 0
    const now = await look()
    if (now === shown) continue
    // A terminal shows the present alone; a file or a pipe gets one text after the other.
    if (process.stdout.isTTY) process.stdout.write('\u001b[H\u001b[2J')
    process.stdout.write(now)
    shown = now
  }
}
