// What the demo asks of the platform, all of it through the public API.
import type { Client } from '@sightline/client'
import type { TaskDetails } from '@sightline/contract/task.ts'
import { CommandError } from '../command.ts'
import type { CameraLine } from './truth.ts'

export type DemoTask = { title: string; serviceId: string; taskId: string }

/** Deploys the two services and binds each to the camera and the receiver. */
export async function createDemoTasks(client: Client, camera: CameraLine, webhookUrl: string): Promise<DemoTask[]> {
  const { line, region } = camera.truth
  const lineRoi = {
    lines: [{ data: [line.from, line.to], properties: { side1_name: 'side1', side2_name: 'side2' } }],
  }
  const regionRoi = { polygons: [{ data: region.points, name: region.name }] }
  return [
    await createDemoTask(client, camera, webhookUrl, {
      title: 'people flow',
      serviceName: 'demo-people-flow',
      algorithm: 'c-flowcount',
      config: { line_count_interval: 1, region_detection_sw: 0, target_roi: JSON.stringify(lineRoi) },
    }),
    await createDemoTask(client, camera, webhookUrl, {
      title: 'intrusion',
      serviceName: 'demo-intrusion',
      algorithm: 'c-intrusiondetection',
      config: { line_detection_sw: 0, render_result_sw: 1, render_roi_sw: 1, target_roi: JSON.stringify(regionRoi) },
    }),
  ]
}

type Plan = { title: string; serviceName: string; algorithm: string; config: Record<string, unknown> }

async function createDemoTask(client: Client, camera: CameraLine, webhookUrl: string, plan: Plan): Promise<DemoTask> {
  const { service_id } = await client.deployService({
    body: {
      service_name: plan.serviceName,
      infer_type: 'edge',
      config: [{ model_id: plan.algorithm, specification: 'custom', instance_count: 1 }],
      additional_properties: { video: { algorithm: plan.algorithm } },
    },
  })
  const { tasks } = await client.createTasks({
    service_id,
    body: {
      name: plan.serviceName,
      input: { type: 'url', data: [{ url: camera.url }] },
      output: { webhook: { url: webhookUrl, headers: { 'Content-Type': 'application/json' } } },
      config: plan.config,
    },
  })
  const [task] = tasks
  if (!task) throw new CommandError('the platform made no task')
  return { title: plan.title, serviceId: service_id, taskId: task.id }
}

/** From these the demo's tasks never come back by themselves. */
const deadStates: TaskDetails['state'][] = ['START_FAILED', 'CREATE_FAILED', 'FAILED', 'STOPPED']

/** Errors: `CommandError` with the platform's own words when the task has failed. */
export async function showDemoTask(client: Client, task: DemoTask): Promise<TaskDetails> {
  const details = await client.showTask({ service_id: task.serviceId, task_id: task.taskId })
  if (!deadStates.includes(details.state)) return details
  const said = details.error ? `${details.error.code} ${details.error.message}` : (details.status ?? 'no reason given')
  throw new CommandError(`the ${task.title} task is ${details.state}: ${said}`)
}
