// A platform, a camera and a receiver with tasks made through the public API: what the latency and kill figures need.

import { setTimeout as pause } from 'node:timers/promises'
import { type Camera, startCamera } from '@sightline/camera/camera.ts'
import { type Client, createClient } from '@sightline/client'
import type { TaskDetails } from '@sightline/contract/task.ts'
import { adminPassword, type Platform } from '@sightline/test/platform.ts'

export function clientOf(platform: Platform): Client {
  return createClient({ endpoint: platform.endpoint, credentials: { user: 'admin', password: adminPassword } })
}

/** `copies` distinct addresses show the same picture. */
export function startStreet(copies = 1): Promise<Camera> {
  return startCamera({
    host: '127.0.0.1',
    port: 0,
    path: 'street',
    widthPx: 1280,
    heightPx: 720,
    fps: 15,
    seed: 1,
    copies,
    nowMs: Date.now,
  })
}

export type Watched = { serviceId: string; taskId: string }

/** Makes a people-flow task that says every second how many people are in the picture: steady results. */
export async function watchStreet(client: Client, url: string, webhookUrl: string): Promise<Watched> {
  const { services } = await client.listServices({ query: { service_name: 'c-flowcount' } })
  const serviceId = services[0]?.service_id
  if (serviceId === undefined) throw new Error('the project has no people-flow service')
  const everywhere = {
    polygons: [
      {
        data: [
          [0, 0],
          [1279, 0],
          [1279, 719],
          [0, 719],
        ],
        name: 'street',
      },
    ],
  }
  const { tasks } = await client.createTasks({
    service_id: serviceId,
    body: {
      name: 'bench',
      input: { type: 'url', data: [{ url }] },
      output: { webhook: { url: webhookUrl, headers: { 'Content-Type': 'application/json' } } },
      config: { line_detection_sw: 0, region_count_interval: 1, target_roi: JSON.stringify(everywhere) },
    },
  })
  const taskId = tasks[0]?.id
  if (taskId === undefined) throw new Error('no task was made')
  return { serviceId, taskId }
}

/** The task once it is in the state; asks every 20 ms. A server that is away for a moment is asked again. */
export async function untilState(
  client: Client,
  task: Watched,
  state: TaskDetails['state'],
  withinMs: number,
): Promise<TaskDetails> {
  const limitMs = Date.now() + withinMs
  let last: TaskDetails | undefined
  for (;;) {
    last = await client.showTask({ service_id: task.serviceId, task_id: task.taskId }).catch(() => last)
    if (last?.state === state) return last
    if (Date.now() > limitMs)
      throw new Error(
        `the task is ${last?.state}, not ${state}, after ${withinMs} ms: ${last?.status ?? JSON.stringify(last?.error)}`,
      )
    await pause(20)
  }
}

/** A token of the administrator, for requests that are made without the client. */
export async function tokenOf(platform: Platform, project = 'default'): Promise<string> {
  const password = { user: { name: 'admin', password: adminPassword, domain: { name: 'sightline' } } }
  const response = await fetch(`${platform.endpoint}/v3/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      auth: { identity: { methods: ['password'], password }, scope: { project: { name: project } } },
    }),
  })
  const token = response.headers.get('x-subject-token')
  if (!response.ok || !token) throw new Error(`no token: ${response.status} ${await response.text()}`)
  return token
}
