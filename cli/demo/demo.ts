// The demo: the whole platform on a synthetic street, from nothing to events that are compared with the truth.
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type Client, createClient } from '@sightline/client'
import type { ResultMessage } from '@sightline/contract/result.ts'
import { type Command, CommandError, noWords } from '../command.ts'
import { compare, type Happening, type Stretch } from './compare.ts'
import { makeDataDir } from './data-dir.ts'
import { type DemoEvent, readMessage } from './events.ts'
import { freePort, startPart } from './part.ts'
import type { Mark } from './picture.ts'
import { startReceiver } from './receiver.ts'
import { openScreen, type Screen } from './screen.ts'
import { createDemoTasks, type DemoTask, showDemoTask } from './tasks.ts'
import { CameraLine, happeningsBetween } from './truth.ts'

// A line crossing is told once a second, an intrusion when the detector has seen the newcomer twice.
const toleranceMs = 2_000
// The tracker needs a moment with whoever was in the picture when the task began.
const settleMs = 3_000
const watchForMs = 20_000
const runningWithinMs = 60_000
const eventWithinMs = 60_000
const lookEveryMs = 250
const marksKept = 8

const startedAtMs = performance.timeOrigin
const secondsSinceStart = (nowMs: number) => ((nowMs - startedAtMs) / 1000).toFixed(1)

export const demo: Command = {
  name: 'demo',
  words: '',
  meaning: 'Starts everything on a synthetic camera and shows the first results; nothing to configure, nothing kept.',
  flags: {
    once: { isSwitch: true, expected: 'nothing', meaning: 'stops after the comparison: exit 0 if the events match' },
  },
  run: async (given) => {
    noWords(given)
    const stopped = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort())
    const dataDir = await makeDataDir()
    try {
      return await runDemo(dataDir, given.isOn('once'), stopped.signal)
    } catch (error) {
      if (stopped.signal.aborted) return 0
      throw error
    } finally {
      await rm(dataDir, { recursive: true, force: true })
    }
  },
}

/** What the receiver got so far. */
type Seen = { happenings: Happening[]; marks: Mark[]; count: number; firstAtMs?: number }

async function runDemo(dataDir: string, isOnce: boolean, signal: AbortSignal): Promise<number> {
  const screen = openScreen()
  const seen: Seen = { happenings: [], marks: [], count: 0 }
  const password = randomBytes(9).toString('base64url')
  const port = await freePort()
  screen.say('Starting the platform, a camera and a webhook receiver…')
  const [platform, camera, receiver] = await Promise.all([
    startPart({
      file: 'server/serve.ts',
      args: ['--port', String(port), '--data-dir', join(dataDir, 'data'), '--address-allow', '127.0.0.1/32'],
      environment: { SIGHTLINE_ADMIN_PASSWORD: password },
      logFile: join(dataDir, 'platform.log'),
      readyPrefix: 'ready ',
    }),
    startPart({ file: 'camera/main.ts', args: [], logFile: join(dataDir, 'camera.log'), readyPrefix: '{' }),
    startReceiver((message) => take(message, seen, screen)),
  ])
  await using open = new AsyncDisposableStack()
  for (const part of [camera, receiver, platform]) open.use(part)
  const endpoint = platform.firstLine.slice('ready '.length)
  const cameraLine = CameraLine.parse(JSON.parse(camera.firstLine))
  screen.say(`Platform  ${endpoint}   user admin   password ${password}`)
  screen.say(`Camera    ${cameraLine.url}   (open it in any player)`)
  screen.say(`Receiver  ${receiver.url}`)
  const client = createClient({ endpoint, credentials: { user: 'admin', password } })
  const tasks = await createDemoTasks(client, cameraLine, receiver.url)
  await untilRunning(client, tasks, screen, signal)
  const runningAtMs = Date.now()
  await untilFirstEvent(seen, signal)
  screen.say(`first event ${secondsSinceStart(seen.firstAtMs ?? Date.now())} s`)
  const watched = { fromMs: runningAtMs + settleMs, toMs: runningAtMs + settleMs + watchForMs }
  const isMatched = await watchAndCompare({ client, tasks, camera: cameraLine, seen, screen, watched, signal })
  if (isOnce) return isMatched ? 0 : 1
  screen.say('The demo goes on until Ctrl-C.')
  await watchUntil({ tasks, client, camera: cameraLine, seen, screen, toMs: Number.POSITIVE_INFINITY, signal })
  return 0
}

function take(message: ResultMessage, seen: Seen, screen: Screen): void {
  const event: DemoEvent | undefined = readMessage(message)
  if (!event) return
  seen.firstAtMs ??= Date.now()
  seen.count++
  seen.happenings.push(...event.happenings)
  seen.marks = [...seen.marks, ...event.marks].slice(-marksKept)
  screen.say(`  ${secondsSinceStart(Date.now()).padStart(5)} s  ${event.says}`)
}

async function untilRunning(client: Client, tasks: DemoTask[], screen: Screen, signal: AbortSignal): Promise<void> {
  const limitMs = Date.now() + runningWithinMs
  let shown = ''
  for (;;) {
    const states = await Promise.all(tasks.map((task) => showDemoTask(client, task)))
    const line = tasks.map(({ title }, at) => `${title} ${states[at]?.state}`).join('   ')
    if (line !== shown) screen.say(`  ${secondsSinceStart(Date.now()).padStart(5)} s  ${line}`)
    shown = line
    if (states.every(({ state }) => state === 'RUNNING')) return
    if (Date.now() > limitMs)
      throw new CommandError(`the tasks did not run within ${runningWithinMs / 1000} s: ${line}`)
    await pause(lookEveryMs, undefined, { signal })
  }
}

async function untilFirstEvent(seen: Seen, signal: AbortSignal): Promise<void> {
  const limitMs = Date.now() + eventWithinMs
  while (seen.firstAtMs === undefined) {
    if (Date.now() > limitMs) throw new CommandError(`no event came within ${eventWithinMs / 1000} s`)
    await pause(50, undefined, { signal })
  }
}

type Watch = {
  client: Client
  tasks: DemoTask[]
  camera: CameraLine
  seen: Seen
  screen: Screen
  signal: AbortSignal
}

async function watchAndCompare({ watched, ...watch }: Watch & { watched: Stretch }): Promise<boolean> {
  await watchUntil({ ...watch, toMs: watched.toMs + toleranceMs })
  const happened = happeningsBetween(watch.camera, { fromMs: watched.fromMs - 60_000, toMs: watched.toMs + 60_000 })
  const { expectedCount, matchedCount, missed, invented } = compare(
    happened,
    watch.seen.happenings,
    toleranceMs,
    watched,
  )
  for (const { what, atMs } of missed) watch.screen.say(`  missed: ${what} at ${secondsSinceStart(atMs)} s`)
  for (const { what, atMs } of invented) watch.screen.say(`  invented: ${what} at ${secondsSinceStart(atMs)} s`)
  watch.screen.say(`events expected ${expectedCount} matched ${matchedCount}`)
  return expectedCount > 0 && matchedCount === expectedCount && invented.length === 0
}

async function watchUntil({
  client,
  tasks,
  camera,
  seen,
  screen,
  toMs,
  signal,
}: Watch & { toMs: number }): Promise<void> {
  const { widthPx, heightPx, line, region } = camera.truth
  const street = {
    widthPx,
    heightPx,
    line: [line.from, line.to] as [[number, number], [number, number]],
    region: region.points,
  }
  while (Date.now() < toMs) {
    const states = await Promise.all(tasks.map((task) => showDemoTask(client, task)))
    const footer = `${tasks.map(({ title }, at) => `${title} ${states[at]?.state}`).join('   ')}   messages ${seen.count}`
    screen.draw({ street, marks: seen.marks, footer })
    await pause(Math.min(1_000, Math.max(1, toMs - Date.now())), undefined, { signal })
  }
}
