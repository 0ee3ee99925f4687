// How a service does, what was deployed, and on what it may run. Source: services API page, sections 7 to 9.
import type {
  ListServiceLogsResponse,
  ListSpecificationsResponse,
  ShowServiceMonitorResponse,
} from '@sightline/contract/service-extras.ts'
import { selectNodes } from '../store/nodes.ts'
import { selectNodesOfService, selectServiceConfig } from '../store/service-reports.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { findService } from './find-service.ts'
import { readInteger, readWord } from './query.ts'

export async function showServiceMonitor(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const service = await findService(door, caller, call.params.service_id ?? '')
  const of = { projectId: service.projectId, serviceId: service.id }
  const nodes = await selectNodesOfService(door.database, of, call.nowMs)
  const asked = call.query.get('node_id')
  const shown = nodes.filter(({ node_id }) => asked === undefined || node_id === asked)
  const sum = (pick: (node: (typeof nodes)[number]) => number) => shown.reduce((total, node) => total + pick(node), 0)
  const answer: ShowServiceMonitorResponse = {
    service_id: service.id,
    service_name: service.serviceName,
    service_instance_count: sum((node) => node.run_count),
    service_running_instance_count: sum((node) => node.running_count),
    req_count_per_min: Math.round(sum((node) => node.analysed_per_min)),
    monitors: shown.map((node) => ({
      ...{ model_id: service.algorithm, model_name: service.algorithm, model_version: service.version },
      ...{ node_id: node.node_id, node_name: node.node_name, invocation_times: node.analysed, failed_times: 0 },
      ...{ cpu_core_usage: Number(node.used_cores.toFixed(3)), cpu_core_total: node.cores },
      ...{ cpu_memory_usage: node.used_memory_mib, cpu_memory_total: node.memory_mib },
      ...{ model_instance_count: node.run_count, model_running_instance_count: node.running_count },
    })),
  }
  return { status: 200, json: answer }
}

/** One entry: a service is deployed once, and an update of its description or status is none of its config. */
export async function listServiceLogs(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const updateTime = readInteger(call.query, 'update_time', { min: 0, max: Number.MAX_SAFE_INTEGER })
  const service = await findService(door, caller, call.params.service_id ?? '')
  const of = { projectId: service.projectId, serviceId: service.id }
  const nodes = await selectNodesOfService(door.database, of, call.nowMs)
  const log: ListServiceLogsResponse['logs'][number] = {
    update_time: service.createdAtMs,
    result: service.status === 'failed' ? 'FAIL' : 'SUCCESS',
    config: JSON.parse(await selectServiceConfig(door.database, of)),
    success_num: nodes.length,
    failed_num: 0,
    result_detail: nodes.map(({ node_id, node_name }) => ({ node_id, node_name, operation: 'deploy', result: true })),
  }
  const answer: ListServiceLogsResponse = {
    service_id: service.id,
    service_name: service.serviceName,
    logs: updateTime === undefined || updateTime === log.update_time ? [log] : [],
  }
  return { status: 200, json: answer }
}

/** The one specification there is: as much of a node as a task says that it needs. */
export async function listSpecifications(door: Door, _caller: Caller, call: Call): Promise<Answer> {
  readWord(call.query, 'infer_type', ['real-time', 'batch', 'edge'])
  const nodes = await selectNodes(door.database)
  const largest = (pick: (node: (typeof nodes)[number]) => number) => Math.max(0, ...nodes.map(pick))
  const answer: ListSpecificationsResponse = {
    total_count: 1,
    count: 1,
    specifications: [
      {
        ...{ specification: 'custom', category: 'CPU' },
        cpu_info: { arch: 'x86_64', cpu: largest(({ cores }) => cores) },
        memory_info: { unit: 'MB', memory: largest(({ memoryMib }) => memoryMib) },
        ...{ is_open: true, spec_status: 'normal', is_free: true, over_quota: false },
        ...{ display_en: 'Custom: cores and memory of each task', display_cn: '自定义：按任务指定核数与内存' },
      },
    ],
  }
  return { status: 200, json: answer }
}
