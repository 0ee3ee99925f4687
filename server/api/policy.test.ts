// Source: auth page, section 5.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Policy } from '@sightline/contract/members.ts'
import { builtInPolicies, isAllowed } from './policy.ts'

const list = { action: 'modelarts:serviceTask:list', fallback: 'modelarts:service:get' }
const create = { action: 'modelarts:serviceTask:create', fallback: 'modelarts:service:update' }
const service = 'modelarts:default:d1:service:s1'

const policy = (...statements: ['Allow' | 'Deny', string, string?][]): Policy => ({
  Version: '1.1',
  Statement: statements.map(([Effect, action, resource]) => ({
    Effect,
    Action: [action],
    ...(resource !== undefined && { Resource: [resource] }),
  })),
})

for (const { name, policies, permission, expected } of [
  { name: 'no policy allows nothing', policies: [], permission: list, expected: false },
  { name: 'what is named is allowed', policies: [policy(['Allow', list.action])], permission: list, expected: true },
  { name: 'what is not named is not', policies: [policy(['Allow', list.action])], permission: create, expected: false },
  {
    name: 'an action falls back to that of services',
    policies: [policy(['Allow', 'modelarts:service:get'])],
    permission: list,
    expected: true,
  },
  {
    name: 'a deny of the action itself is not undone by its fallback',
    policies: [policy(['Allow', 'modelarts:service:get'], ['Deny', list.action])],
    permission: list,
    expected: false,
  },
  {
    name: 'a deny wins over an allow of another policy',
    policies: [policy(['Allow', 'modelarts:*']), policy(['Deny', 'modelarts:serviceTask:*'])],
    permission: list,
    expected: false,
  },
  {
    name: 'an allow of the action itself holds although its fallback is denied',
    policies: [policy(['Allow', list.action], ['Deny', 'modelarts:service:get'])],
    permission: list,
    expected: true,
  },
  {
    name: 'letter case says nothing',
    policies: [policy(['Allow', 'ModelArts:servicetask:LIST'])],
    permission: list,
    expected: true,
  },
  {
    name: 'a star stands for any text',
    policies: [policy(['Allow', 'modelarts:service*:l*t'])],
    permission: list,
    expected: true,
  },
  {
    name: 'a star does not stand for what is there already',
    policies: [policy(['Allow', 'modelarts:serviceTask:list*t'])],
    permission: list,
    expected: false,
  },
  {
    name: 'a resource of the same service',
    policies: [policy(['Allow', list.action, 'modelarts:*:*:service:s1'])],
    permission: list,
    expected: true,
  },
  {
    name: 'a resource of another service',
    policies: [policy(['Allow', list.action, 'modelarts:*:*:service:s2'])],
    permission: list,
    expected: false,
  },
]) {
  test(name, () => assert.equal(isAllowed(policies, permission, service), expected))
}

test('a viewer looks, an operator acts on tasks, and an admin does all', () => {
  const asked = [list, create, { action: 'modelarts:service:delete' }, { action: 'iam:users:create' }]
  const may = Object.entries(builtInPolicies).map(([role, document]) => [
    role,
    ...asked.map((permission) => isAllowed([document], permission, service)),
  ])
  assert.deepEqual(may, [
    ['admin', true, true, true, true],
    ['operator', true, true, false, false],
    ['viewer', true, false, false, false],
  ])
})
