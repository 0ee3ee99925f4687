import assert from 'node:assert/strict'
import { test } from 'node:test'
import { place } from './placement.ts'
import type { Needs, Node } from './task.ts'
import { aNode, nowMs, someNeeds } from './test-world.ts'

function outcome(needs: Needs, nodes: Node[]): string {
  const placement = place(needs, nodes, nowMs)
  return placement.kind === 'placed' ? placement.node.id : placement.reason
}

for (const { name, needs, nodes, expected } of [
  { name: 'nobody is there', needs: {}, nodes: [], expected: 'Waiting: no worker is connected.' },
  {
    name: 'the only lease is over',
    needs: {},
    nodes: [aNode({ leaseUntilMs: nowMs })],
    expected: 'Waiting: no worker is connected.',
  },
  {
    name: 'the only node is cordoned',
    needs: {},
    nodes: [aNode({ isCordoned: true })],
    expected: 'Waiting: every worker is cordoned.',
  },
  {
    name: 'nobody opens the input',
    needs: { input: 'vcn' as const },
    nodes: [aNode()],
    expected: 'Waiting: no node can open inputs of type [vcn].',
  },
  {
    name: 'nobody delivers to the output',
    needs: { outputs: ['webhook' as const, 'dis' as const] },
    nodes: [aNode()],
    expected: 'Waiting: no node can deliver to outputs of type [webhook, dis].',
  },
  {
    name: 'nobody runs the algorithm',
    needs: { algorithm: 'c-living-detect' },
    nodes: [aNode()],
    expected: 'Waiting: no node runs the algorithm [c-living-detect].',
  },
  {
    name: 'the cores are taken',
    needs: {},
    nodes: [aNode({ usedCores: 1.6 })],
    expected: 'Waiting: no node has 0.5 free cores.',
  },
  {
    name: 'the memory is taken',
    needs: {},
    nodes: [aNode({ usedMemoryMib: 4080 })],
    expected: 'Waiting: no node has 32 MiB of free memory.',
  },
  {
    name: 'the node that the task names is away',
    needs: { nodeId: 'n9' },
    nodes: [aNode()],
    expected: 'Waiting: node n9 is not connected.',
  },
  {
    name: 'the node that the task names is busier',
    needs: { nodeId: 'n2' },
    nodes: [aNode(), aNode({ id: 'n2', usedCores: 1 })],
    expected: 'n2',
  },
  { name: 'the room fits exactly', needs: { cores: 0.1 }, nodes: [aNode({ usedCores: 1.9000001 })], expected: 'n1' },
  {
    name: 'the least used of several takes it',
    needs: {},
    nodes: [aNode({ usedCores: 1 }), aNode({ id: 'n2', cores: 8, usedCores: 2 }), aNode({ id: 'n3', usedCores: 0.6 })],
    expected: 'n2',
  },
  { name: 'equal nodes are taken by id', needs: {}, nodes: [aNode({ id: 'n2' }), aNode({ id: 'n1' })], expected: 'n1' },
]) {
  test(`${name}: ${expected}`, () => assert.equal(outcome({ ...someNeeds, ...needs }, nodes), expected))
}
