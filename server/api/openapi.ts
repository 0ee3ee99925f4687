// The OpenAPI document, made from the schemas that requests are parsed with.
import { type ApiErrorName, apiErrors } from '@sightline/contract/errors.ts'
import { type OperationName, operations } from '@sightline/contract/operations.ts'
import { z } from 'zod'
import { errorsOfAll, type OperationDoc, operationDocs } from './operation-docs.ts'

type Json = Record<string, unknown>
type Operation = { method: string; path: string; status: number; request?: z.ZodType; response?: z.ZodType }

/** Shape: OpenAPI 3.1; every answer that is not the operation's own is an `Error`. */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Json> = {}
  for (const [name, operation] of Object.entries(operations) as [OperationName, Operation][]) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method.toLowerCase()]: describe(name, operation, operationDocs[name]),
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Sightline', version },
    paths,
    components: { schemas: { Error: errorSchema }, securitySchemes: { token, signature } },
    security: [{ token: [] }, { signature: [] }],
  }
}

const token = { type: 'apiKey', in: 'header', name: 'X-Auth-Token' }
const signature = {
  ...{ type: 'apiKey', in: 'header', name: 'Authorization' },
  description: 'SDK-HMAC-SHA256 or V11-HMAC-SHA256 with an access key; X-Sdk-Date and Host are signed.',
}

const errorSchema = {
  type: 'object',
  required: ['error_code', 'error_msg'],
  properties: {
    error_code: { enum: [...new Set(Object.values(apiErrors).map(({ code }) => code))] },
    error_msg: { type: 'string' },
  },
}

function describe(name: OperationName, { path, status, request, response }: Operation, doc: OperationDoc): Json {
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => ({
    name: parameter,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const errors = path.startsWith('/v1/{project_id}') ? [...errorsOfAll, ...doc.errors] : doc.errors
  return {
    operationId: name,
    summary: doc.summary,
    tags: [tagOf(path)],
    ...(name === 'CreateToken' && { security: [] }),
    parameters: [...parameters, ...(doc.parameters ?? [])],
    ...(request && { requestBody: { required: true, content: content(toSchema(request, 'input'), doc.request) } }),
    responses: {
      [status]: {
        description: 'Done.',
        ...(response && { content: content(toSchema(response, 'output'), doc.response) }),
      },
      ...errorResponses(errors),
      default: { description: 'Refused.', content: content(errorReference) },
    },
  }
}

/** The last word of the path that is no id: what the operation is about. */
function tagOf(path: string): string {
  if (path.includes('/tasks')) return 'tasks'
  return (
    path
      .split('/')
      .findLast(
        (part) => !part.startsWith('{') && ['services', 'keys', 'users', 'roles', 'audit', 'tokens'].includes(part),
      ) ?? 'other'
  )
}

const errorReference = { $ref: '#/components/schemas/Error' }

/** One response for each status, with every error of it as an example. */
function errorResponses(names: readonly ApiErrorName[]): Json {
  const statuses = [...new Set(names.map((name) => apiErrors[name].status))].sort()
  return Object.fromEntries(
    statuses.map((status) => {
      const ofStatus = [...new Set(names)].filter((name) => apiErrors[name].status === status)
      const examples = Object.fromEntries(
        ofStatus.map((name) => {
          const { code, message } = apiErrors[name]
          return [name, { value: { error_code: code, error_msg: message } }]
        }),
      )
      return [
        status,
        { description: 'Refused.', content: { 'application/json': { schema: errorReference, examples } } },
      ]
    }),
  )
}

const content = (schema: Json, example?: unknown) => ({
  'application/json': { schema, ...(example !== undefined && { example }) },
})

function toSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}
