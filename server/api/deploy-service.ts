import { randomUUID } from 'node:crypto'
import { type AlgorithmName, algorithms } from '@sightline/contract/algorithms.ts'
import { DeployServiceRequest } from '@sightline/contract/service.ts'
import { serviceDeployed } from '../events.ts'
import { insertService } from '../store/services.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { apiError } from './errors.ts'
import { parseJsonObject } from './json.ts'
import { parse } from './parse.ts'

/** Offers an algorithm under a new id. Source: services API page, section 1. */
export async function deployService(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const request = parse(DeployServiceRequest, parseJsonObject(call.body))
  const algorithm = readAlgorithm(request)
  const id = randomUUID()
  const isMade = await insertService(door.database, {
    projectId: caller.project.id,
    id,
    serviceName: request.service_name,
    description: request.description ?? '',
    algorithm,
    version: request.additional_properties?.video?.version ?? algorithms[algorithm].version,
    profile: request.additional_properties?.video?.task_profile ?? 'ief',
    inferType: request.infer_type,
    status: 'running',
    owner: caller.name,
    workspaceId: request.workspace_id ?? '0',
    config: JSON.stringify(request.config),
    ...(request.additional_properties && { additionalProperties: JSON.stringify(request.additional_properties) }),
    createdAtMs: call.nowMs,
  })
  if (!isMade) throw apiError('service_exists', { name: request.service_name })
  serviceDeployed(door.log, { serviceId: id, algorithm, by: caller.name })
  return { status: 200, json: { service_id: id, resource_ids: [] } }
}

/** Named in the video properties, else as the model; `-edge` and `-cloud` are left off. */
function readAlgorithm(request: DeployServiceRequest): AlgorithmName {
  const named = request.additional_properties?.video?.algorithm
  const field = named === undefined ? 'config[0].model_id' : 'additional_properties.video.algorithm'
  const name = (named ?? request.config[0]?.model_id ?? '').replace(/-(edge|cloud)$/, '')
  const known = Object.keys(algorithms)
  if (isAlgorithm(name)) return name
  throw apiError('invalid_argument', { detail: `The field [${field}] should be one of [${known.join(', ')}].` })
}

function isAlgorithm(name: string): name is AlgorithmName {
  return Object.hasOwn(algorithms, name)
}
