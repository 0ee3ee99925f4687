import { eventTypes, type ListServiceEventsResponse } from '@sightline/contract/service-extras.ts'
import { type EventsQuery, selectServiceEvents } from '../store/service-reports.ts'
import type { Answer, Call, Caller, Door } from './call.ts'
import { apiError } from './errors.ts'
import { findService } from './find-service.ts'
import { type Query, readInteger, readWord } from './query.ts'

const limitMax = 1000
const timeBounds = { min: -8.64e15, max: 8.64e15 }
const count = { min: 0, max: Number.MAX_SAFE_INTEGER }
const notInInfo = /[`(){}';,[\]<>/?]/

/** The five phases that the documents name. Here a service is a row: nothing is built, fetched or started. */
const deployment = [
  'Image build: not needed, the algorithm is part of the worker.',
  'Environment preparation: done.',
  'Resource scheduling: done for each task when it runs.',
  'Image pull: not needed.',
  'Model start: done for each task when it runs.',
]

/** What happened to a service and to its tasks. Source: services API page, section 6. */
export async function listServiceEvents(door: Door, caller: Caller, call: Call): Promise<Answer> {
  const query = readEventsQuery(call.query)
  const service = await findService(door, caller, call.params.service_id ?? '')
  const found = await selectServiceEvents(
    door.database,
    { projectId: service.projectId, serviceId: service.id },
    { ...query, deployment: { atMs: service.createdAtMs, infos: deployment } },
  )
  const { events, totalCount } = found
  const answer: ListServiceEventsResponse = {
    ...{ service_id: service.id, service_name: service.serviceName },
    ...{ total_count: totalCount, count: events.length, events },
  }
  return { status: 200, json: answer }
}

function readEventsQuery(query: Query): Omit<EventsQuery, 'deployment'> {
  const type = readWord(query, 'event_type', eventTypes)
  const info = query.get('event_info')
  if (info !== undefined && notInInfo.test(info)) {
    throw apiError('invalid_argument', { detail: "The param [event_info] should hold none of `(){}';,[]<>/?." })
  }
  const fromMs = readInteger(query, 'start_time', timeBounds)
  const untilMs = readInteger(query, 'end_time', timeBounds)
  readWord(query, 'sort_by', ['occur_time'])
  return {
    ...(type && { type }),
    ...(info !== undefined && { info }),
    ...(fromMs !== undefined && { fromMs }),
    ...(untilMs !== undefined && { untilMs }),
    direction: readWord(query, 'order', ['asc', 'desc']) ?? 'desc',
    offset: readInteger(query, 'offset', count) ?? 0,
    limit: readInteger(query, 'limit', { min: 1, max: limitMax }) ?? limitMax,
  }
}
