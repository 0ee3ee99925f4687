// Which node takes which run. Source: running page (labels and room of a node), lifecycle page.
import type { Needs, Node } from './task.ts'

export type Placement = { kind: 'placed'; node: Node } | { kind: 'waiting'; reason: string }

/**
 * The node that takes a run: it has a lease, is not cordoned, opens the input, delivers to every output, runs the
 * algorithm and has room; of those the one whose cores are least used, so that runs spread.
 *
 * Shape: without such a node, one sentence that says what is missing.
 */
export function place(needs: Needs, nodes: readonly Node[], nowMs: number): Placement {
  let left = nodes
  for (const { isMet, reason } of conditions(needs, nowMs)) {
    const meeting = left.filter(isMet)
    if (meeting.length === 0) return { kind: 'waiting', reason: `Waiting: ${reason}.` }
    left = meeting
  }
  const node = left.reduce((best, other) => (isLessUsed(other, best) ? other : best))
  return { kind: 'placed', node }
}

/** The node with one more run. */
export function withRun(node: Node, needs: Needs): Node {
  return {
    ...node,
    usedCores: node.usedCores + needs.cores,
    usedMemoryMib: node.usedMemoryMib + needs.memoryMib,
    runCount: node.runCount + 1,
  }
}

type Condition = { isMet: (node: Node) => boolean; reason: string }

/** In the order in which they narrow the choice: the first that nobody meets is the reason. */
function conditions({ input, outputs, algorithm, nodeId, cores, memoryMib }: Needs, nowMs: number): Condition[] {
  return [
    { isMet: (node) => hasLease(node, nowMs), reason: 'no worker is connected' },
    ...(nodeId === undefined
      ? []
      : [{ isMet: (node: Node) => node.id === nodeId, reason: `node ${nodeId} is not connected` }]),
    { isMet: (node) => !node.isCordoned, reason: 'every worker is cordoned' },
    { isMet: (node) => node.inputs.includes(input), reason: `no node can open inputs of type [${input}]` },
    {
      isMet: (node) => outputs.every((kind) => node.outputs.includes(kind)),
      reason: `no node can deliver to outputs of type [${outputs.join(', ')}]`,
    },
    { isMet: (node) => node.algorithms.includes(algorithm), reason: `no node runs the algorithm [${algorithm}]` },
    { isMet: (node) => fits(node.usedCores + cores, node.cores), reason: `no node has ${cores} free cores` },
    {
      isMet: (node) => fits(node.usedMemoryMib + memoryMib, node.memoryMib),
      reason: `no node has ${memoryMib} MiB of free memory`,
    },
  ]
}

const hasLease = (node: Node, nowMs: number) => node.leaseUntilMs !== undefined && node.leaseUntilMs > nowMs

// Ten runs of 0.1 cores fill one core, though their sum is not exactly 1; columns hold four bytes.
const fits = (used: number, room: number) => used <= room + 1e-4

function isLessUsed(node: Node, than: Node): boolean {
  const difference = shareUsed(node) - shareUsed(than) || node.runCount - than.runCount
  return difference === 0 ? node.id < than.id : difference < 0
}

const shareUsed = (node: Node) => Math.max(node.usedCores / node.cores, node.usedMemoryMib / node.memoryMib)
