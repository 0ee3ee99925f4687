// Reads a TensorFlow.js graph model: a JSON file with the graph and one binary file with its weights.
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

export type TfjsNode = {
  name: string
  op: string
  input?: string[]
  attr?: Record<string, TfjsAttribute>
}

/** `s` is base64. Integers come as text. */
type TfjsAttribute = { s?: string; i?: string; list?: { s?: string[]; i?: string[] } }

type TfjsWeight = {
  name: string
  shape: number[]
  dtype: string
  quantization?: { dtype: string }
}

type TfjsFile = {
  modelTopology: { node: TfjsNode[] }
  weightsManifest: { paths: string[]; weights: TfjsWeight[] }[]
}

export type TfjsTensor = { dims: number[]; data: Float32Array }

/** Nodes in an order in which inputs come before their users is not promised. */
export type TfjsModel = { nodes: Map<string, TfjsNode>; weights: Map<string, TfjsTensor> }

/**
 * A graph model and its weights, all as 32-bit floats.
 *
 * Errors: throws when a file cannot be read or a weight has another type than float32, float16 or int32.
 */
export async function readTfjsModel(jsonPath: string): Promise<TfjsModel> {
  const file = JSON.parse(await readFile(jsonPath, 'utf8')) as TfjsFile
  const weights = new Map<string, TfjsTensor>()
  for (const group of file.weightsManifest) {
    const parts = await Promise.all(group.paths.map((path) => readFile(join(dirname(jsonPath), path))))
    readGroup(Buffer.concat(parts), group.weights, weights)
  }
  return { nodes: new Map(file.modelTopology.node.map((node) => [node.name, node])), weights }
}

function readGroup(bytes: Buffer, group: TfjsWeight[], into: Map<string, TfjsTensor>): void {
  let offset = 0
  for (const weight of group) {
    const count = weight.shape.reduce((product, dim) => product * dim, 1)
    const type = weight.quantization?.dtype ?? weight.dtype
    const sizeBytes = count * (type === 'float16' ? 2 : 4)
    // The slice copies, so that the typed array starts aligned.
    const slice = Uint8Array.from(bytes.subarray(offset, offset + sizeBytes)).buffer
    into.set(weight.name, { dims: weight.shape, data: floats(slice, type) })
    offset += sizeBytes
  }
}

function floats(buffer: ArrayBuffer, type: string): Float32Array {
  if (type === 'float16') return Float32Array.from(new Float16Array(buffer))
  if (type === 'float32') return new Float32Array(buffer)
  if (type === 'int32') return Float32Array.from(new Int32Array(buffer))
  throw new Error(`weights of type ${type} cannot be read`)
}

/** The text of an attribute such as `padding`. */
export function textAttribute(node: TfjsNode, name: string): string | undefined {
  const text = node.attr?.[name]?.s
  return text === undefined ? undefined : decode(text)
}

/** The texts of a list attribute such as `fused_ops`. Empty when absent. */
export function textsAttribute(node: TfjsNode, name: string): string[] {
  return (node.attr?.[name]?.list?.s ?? []).map(decode)
}

/** The numbers of a list attribute such as `strides`. Empty when absent. */
export function numbersAttribute(node: TfjsNode, name: string): number[] {
  return (node.attr?.[name]?.list?.i ?? []).map(Number)
}

const decode = (base64: string) => Buffer.from(base64, 'base64').toString('utf8')
