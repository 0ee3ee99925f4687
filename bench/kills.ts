// kill -9 of each part in the middle of a running task: it runs again by itself, and no stored result is lost.

import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from '@sightline/client'
import { type Part, type Platform, parts, pidOf, startPlatform } from '@sightline/test/platform.ts'
import { type Receiver, startReceiver } from '@sightline/test/receiver.ts'
import { percentile, printFigure, round } from './figure.ts'
import { clientOf, startStreet, untilState, type Watched, watchStreet } from './watch.ts'

const recoverWithinMs = 90_000
// So that every kill has results on their way to lose.
const resultsBetweenKills = 3

export type KillStory = { part: Part; recoveredMs: number[]; lost: number[]; received: number }

/**
 * Kills each part `times` times while one task runs.
 *
 * A stored result is lost when a sequence number below the highest one received never comes. The receiver is given
 * 30 s after the last kill for what is still on its way.
 */
export async function killParts(times: number, chosen: readonly Part[] = parts): Promise<KillStory[]> {
  await using camera = await startStreet()
  await using receiver = await startReceiver()
  await using platform = await startPlatform()
  const client = clientOf(platform)
  const task = await watchStreet(client, camera.url, receiver.url)
  await untilState(client, task, 'RUNNING', 60_000)
  const stories: KillStory[] = []
  for (const part of chosen) {
    const recoveredMs: number[] = []
    for (let turn = 0; turn < times; turn++)
      recoveredMs.push(await killOnce({ platform, part, receiver, client, task }))
    await untilState(client, task, 'RUNNING', recoverWithinMs)
    stories.push({ part, recoveredMs, lost: await lostOf(receiver, task), received: receiver.received.length })
  }
  return stories
}

type Scene = { platform: Platform; part: Part; receiver: Receiver; client: Client; task: Watched }

/** Ms from the kill until a result of a frame that was read after it is received and the API says RUNNING. */
async function killOnce({ platform, part, receiver, client, task }: Scene): Promise<number> {
  const pid = await untilAlive(platform, part)
  const before = receiver.received.length
  await receiver.next(() => receiver.received.length >= before + resultsBetweenKills, recoverWithinMs)
  // At a random moment of the one-second rhythm of the results.
  await pause(Math.random() * 1_000)
  const killedAtMs = Date.now()
  process.kill(pid, 'SIGKILL')
  await untilReplaced(platform, part, pid)
  const since = receiver.received.length
  await receiver.next(
    (one) => receiver.received.indexOf(one) >= since && (one.message.data.ext?.captured_at_ms ?? 0) > killedAtMs,
    recoverWithinMs,
  )
  await untilState(client, task, 'RUNNING', recoverWithinMs)
  return Date.now() - killedAtMs
}

async function untilAlive(platform: Platform, part: Part): Promise<number> {
  const limitMs = Date.now() + recoverWithinMs
  for (;;) {
    const pid = pidOf(platform, part)
    if (pid !== undefined) return pid
    if (Date.now() > limitMs) throw new Error(`no ${part} process within ${recoverWithinMs} ms`)
    await pause(20)
  }
}

async function untilReplaced(platform: Platform, part: Part, old: number): Promise<void> {
  const limitMs = Date.now() + recoverWithinMs
  for (;;) {
    const pid = pidOf(platform, part)
    if (pid !== undefined && pid !== old) return
    if (Date.now() > limitMs) throw new Error(`the ${part} was not started again within ${recoverWithinMs} ms`)
    await pause(20)
  }
}

async function lostOf(receiver: Receiver, task: Watched): Promise<number[]> {
  const limitMs = Date.now() + 30_000
  for (;;) {
    const missing = missingOf(receiver, task.taskId)
    if (missing.length === 0 || Date.now() > limitMs) return missing
    await pause(200)
  }
}

function missingOf(receiver: Receiver, taskId: string): number[] {
  const sequences = new Set(
    receiver.received
      .filter(({ message }) => message.task_id === taskId)
      .map(({ message }) => message.data.ext?.sequence ?? 0),
  )
  const highest = Math.max(0, ...sequences)
  return Array.from({ length: highest }, (_, position) => position + 1).filter((sequence) => !sequences.has(sequence))
}

export async function benchKills(): Promise<void> {
  const times = 20
  for (const { part, recoveredMs, lost, received } of await killParts(times)) {
    printFigure({ name: `kills.${part}.recovered.p50`, figure: round(percentile(recoveredMs, 0.5)), unit: 'ms' })
    printFigure({
      name: `kills.${part}.recovered.max`,
      figure: round(Math.max(...recoveredMs)),
      unit: 'ms',
      note: `${times} kills, ${received} results received so far`,
    })
    printFigure({ name: `kills.${part}.lost_results`, figure: lost.length, unit: 'results', limit: 0 })
  }
}
