import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type OperationName, operations } from '@sightline/contract/operations.ts'
import type { z } from 'zod'
import { openApiDocument } from './openapi.ts'
import { operationDocs } from './operation-docs.ts'

type Operation = { method: string; path: string; status: number; request?: z.ZodType; response?: z.ZodType }
type Described = { operationId: string; parameters: { name: string }[]; responses: Record<string, object> }

const document = openApiDocument('0.0.0') as { paths: Record<string, Record<string, Described>> }
const all = Object.entries(operations) as [OperationName, Operation][]

test('every operation of the contract is described once, with its parameters and its answers', () => {
  const described = Object.values(document.paths).flatMap((path) => Object.values(path))
  assert.deepEqual(described.map(({ operationId }) => operationId).sort(), all.map(([name]) => name).sort())
  for (const [name, { method, path, status }] of all) {
    const { parameters, responses } = document.paths[path]?.[method.toLowerCase()] ?? { parameters: [], responses: {} }
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter)
    const names = parameters.map((parameter) => parameter.name)
    assert.deepEqual(names.slice(0, inPath.length), inPath, name)
    assert.equal(new Set(names).size, names.length, name)
    assert.ok(String(status) in responses, name)
    if (name !== 'CreateToken')
      for (const refused of ['400', '401', '403', '429', '503']) assert.ok(refused in responses, name)
  }
})

for (const [name, { request, response }] of all) {
  const doc = operationDocs[name]
  if (request) {
    test(`the example request of ${name} is one that it takes`, () => {
      assert.deepEqual(request.safeParse(doc.request).error, undefined)
    })
  } else {
    test(`${name} has no example of a body that it does not read`, () => assert.equal(doc.request, undefined))
  }
  if (response && doc.response !== undefined) {
    test(`the example answer of ${name} is one that it gives`, () => {
      assert.deepEqual(response.safeParse(doc.response).error, undefined)
    })
  }
}
