// From a create call to RUNNING, and from a frame to its acknowledged webhook, on loopback.
import type { Client } from '@sightline/client'
import { startPlatform } from '@sightline/test/platform.ts'
import { startReceiver } from '@sightline/test/receiver.ts'
import { percentile, printFigure, round } from './figure.ts'
import { clientOf, startStreet, untilState, watchStreet } from './watch.ts'

const creations = 20
const messagesWanted = 200

export async function benchLatency(): Promise<void> {
  // One address stays watched all the time; each of the others is watched once.
  await using camera = await startStreet(creations + 1)
  await using receiver = await startReceiver()
  await using platform = await startPlatform()
  const client = clientOf(platform)
  const [watchedUrl = camera.url, ...ownUrls] = camera.urls
  const first = await watchStreet(client, watchedUrl, receiver.url)
  await untilState(client, first, 'RUNNING', 60_000)
  const own: number[] = []
  const shared: number[] = []
  for (const url of ownUrls) {
    own.push(await createToRunningMs(client, url, receiver.url))
    shared.push(await createToRunningMs(client, watchedUrl, receiver.url))
  }
  const note = `${creations} tasks, 720p15 over RTSP`
  printFigure({
    name: 'latency.create_to_running_shared.p50',
    figure: round(percentile(shared, 0.5)),
    unit: 'ms',
    note: `${note}, an address that another task watches`,
  })
  printFigure({ name: 'latency.create_to_running.p95', figure: round(percentile(own, 0.95)), unit: 'ms' })
  printFigure({
    name: 'latency.create_to_running.p50',
    figure: round(percentile(own, 0.5)),
    unit: 'ms',
    note: `${note}, each with an address of its own`,
  })
  const from = receiver.received.length
  await receiver.next(() => receiver.received.length >= from + messagesWanted, 10 * 60_000)
  const delays = receiver.received.slice(from).flatMap(({ message, atMs }) => {
    const capturedAtMs = message.data.ext?.captured_at_ms
    return capturedAtMs === undefined ? [] : [atMs - capturedAtMs]
  })
  printFigure({ name: 'latency.frame_to_webhook.p50', figure: round(percentile(delays, 0.5)), unit: 'ms' })
  printFigure({
    name: 'latency.frame_to_webhook.p95',
    figure: round(percentile(delays, 0.95)),
    unit: 'ms',
    note: `${delays.length} messages, from reading the frame to the receiver's answer`,
  })
}

async function createToRunningMs(client: Client, url: string, webhookUrl: string): Promise<number> {
  const before = performance.now()
  const task = await watchStreet(client, url, webhookUrl)
  await untilState(client, task, 'RUNNING', 60_000)
  const tookMs = performance.now() - before
  await client.deleteTask({ service_id: task.serviceId, task_id: task.taskId })
  return tookMs
}
