// The worker-facing door over HTTP: parse, one function, answer.
import { RegisterNodeRequest, RenewLeaseRequest, ReportsRequest } from '@sightline/contract/fleet.ts'
import { fleetOperations } from '@sightline/contract/operations.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { apiError } from '../api/errors.ts'
import { parse } from '../api/parse.ts'
import { type AssignmentsQuery, listAssignments } from './assignments.ts'
import { type AssignmentsWatch, openAssignmentsWatch } from './assignments-watch.ts'
import type { FleetDoor } from './door.ts'
import { renewLease } from './lease.ts'
import { registerNode } from './register.ts'
import { createReports } from './reports.ts'

// 1,000 reports with the longest details.
const bodyMaxBytes = 8 * 1024 * 1024

/**
 * Adds the worker-facing operations to a server. The watch that long polls wait on opens with it and closes with it.
 *
 * Errors: handlers throw `ApiError`, for the server's own error handler.
 */
export async function fleetRoutes(app: FastifyInstance, door: FleetDoor): Promise<void> {
  const watch = await openAssignmentsWatch(door)
  // Before the server waits for its requests, which wait for the watch.
  app.addHook('preClose', () => watch[Symbol.asyncDispose]())
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('application/json', { parseAs: 'string', bodyLimit: bodyMaxBytes }, parseBody)
    addRoutes(scope, { ...door, watch })
  })
}

async function parseBody(_: FastifyRequest, body: string | Buffer): Promise<unknown> {
  try {
    return JSON.parse(body.toString())
  } catch {
    throw apiError('incorrect_json')
  }
}

function addRoutes(scope: FastifyInstance, door: FleetDoor & { watch: AssignmentsWatch }): void {
  const { RegisterNode, RenewLease, ListAssignments, CreateReports } = fleetOperations
  scope.post(RegisterNode.path, ({ body, headers }) =>
    registerNode(door, parse(RegisterNodeRequest, body), headers.authorization),
  )
  scope.post(RenewLease.path, ({ body, headers }) =>
    renewLease(door, parse(RenewLeaseRequest, body), headers.authorization),
  )
  scope.post(CreateReports.path, ({ body, headers }) =>
    createReports(door, parse(ReportsRequest, body), headers.authorization),
  )
  scope.get(ListAssignments.path, ({ raw, headers }, reply) =>
    listAssignments(door, toQuery(raw.url ?? ''), {
      authorization: headers.authorization,
      signal: closedSignal(reply),
    }),
  )
}

function toQuery(url: string): AssignmentsQuery {
  const query = new URLSearchParams(url.split('?')[1])
  const version = query.get('version')
  return {
    epoch: integerOf('epoch', query.get('epoch')),
    ...(version !== null && { version: integerOf('version', version) }),
    waitMs: query.has('wait_ms') ? integerOf('wait_ms', query.get('wait_ms')) : 0,
  }
}

function integerOf(name: string, text: string | null): number {
  if (text !== null && /^\d{1,9}$/.test(text)) return Number(text)
  throw apiError('invalid_argument', { detail: `The param [${name}] should be an integer.` })
}

/** Aborted when the client goes away. */
function closedSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.on('close', () => gone.abort())
  return gone.signal
}
