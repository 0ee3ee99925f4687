// The OpenAPI document, made from the schemas that requests are parsed with.
import { apiErrors } from '@sightline/contract/errors.ts'
import { type OperationName, operations } from '@sightline/contract/operations.ts'
import { taskStates } from '@sightline/contract/states.ts'
import { z } from 'zod'
import { sortDirections, taskSortKeys } from '../store/task-list.ts'

type Json = Record<string, unknown>
type Operation = { method: string; path: string; status: number; request?: z.ZodType; response?: z.ZodType }

const listQueries: Partial<Record<OperationName, Json[]>> = {
  ListTasksDetails: [
    query('state', 'One of the states, or several joined by commas.', { enum: taskStates }),
    query('name_like', 'Part of the name; letter case is ignored.', { type: 'string' }),
    query('id', 'The whole id.', { type: 'string' }),
    query('created_since', 'Epoch ms, inclusive.', { type: 'integer', format: 'int64' }),
    query('created_until', 'Epoch ms, inclusive.', { type: 'integer', format: 'int64' }),
    query('sort_key', 'What to sort by.', { enum: taskSortKeys, default: 'created_at' }),
    query('sort_dir', 'The direction of sorting.', { enum: sortDirections, default: 'desc' }),
    query('offset', 'Records to skip.', { type: 'integer', minimum: 0, default: 0 }),
    query('limit', 'Records to answer with.', { type: 'integer', minimum: 1, maximum: 1000, default: 1000 }),
  ],
  ListAudit: [
    query('from', 'Epoch ms, inclusive.', { type: 'integer', format: 'int64' }),
    query('to', 'Epoch ms, exclusive.', { type: 'integer', format: 'int64' }),
    query('scope', 'Of the project, or of calls outside of projects.', { enum: ['project', 'deployment'] }),
    query('limit', 'Records to answer with.', { type: 'integer', minimum: 1, maximum: 1000, default: 100 }),
    query('cursor', 'The next_cursor of the page before.', { type: 'string' }),
  ],
}

function query(name: string, description: string, schema: Json): Json {
  return { name, in: 'query', description, schema }
}

/** Shape: OpenAPI 3.1; every answer that is not the operation's own is an `Error`. */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Json> = {}
  for (const [name, operation] of Object.entries(operations) as [OperationName, Operation][]) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method.toLowerCase()]: describe(name, operation),
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

function describe(name: OperationName, { path, status, request, response }: Operation): Json {
  const parameters = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => ({
    name: parameter,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  return {
    operationId: name,
    ...(name === 'CreateToken' && { security: [] }),
    parameters: [...parameters, ...(listQueries[name] ?? [])],
    ...(request && { requestBody: { required: true, content: content(toSchema(request, 'input')) } }),
    responses: {
      [status]: { description: 'Done.', ...(response && { content: content(toSchema(response, 'output')) }) },
      default: { description: 'Refused.', content: content({ $ref: '#/components/schemas/Error' }) },
    },
  }
}

const content = (schema: Json) => ({ 'application/json': { schema } })

function toSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}
