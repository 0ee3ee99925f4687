// From a create call to RUNNING, and from a frame to its acknowledged webhook, on loopback.

import { startPlatform } from '@sightline/test/platform.ts'
import { startReceiver } from '@sightline/test/receiver.ts'
import { percentile, printFigure, round } from './figure.ts'
import { clientOf, startStreet, untilState, type Watched, watchStreet } from './watch.ts'

const creations = 20
const messagesWanted = 200

export async function benchLatency(): Promise<void> {
  await using camera = await startStreet()
  await using receiver = await startReceiver()
  await using platform = await startPlatform()
  const client = clientOf(platform)
  const startMs: number[] = []
  const first: Watched = await watchStreet(client, camera, receiver.url)
  await untilState(client, first, 'RUNNING', 60_000)
  for (let turn = 0; turn < creations; turn++) {
    const before = performance.now()
    const task = await watchStreet(client, camera, receiver.url)
    await untilState(client, task, 'RUNNING', 60_000)
    startMs.push(performance.now() - before)
    await client.deleteTask({ service_id: task.serviceId, task_id: task.taskId })
  }
  printFigure({
    name: 'latency.create_to_running.p50',
    figure: round(percentile(startMs, 0.5)),
    unit: 'ms',
    note: `${creations} tasks on a 720p15 RTSP camera, detector loaded; the camera sends a key frame at once`,
  })
  printFigure({ name: 'latency.create_to_running.p95', figure: round(percentile(startMs, 0.95)), unit: 'ms' })
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
