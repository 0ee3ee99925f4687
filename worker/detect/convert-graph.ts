// Turns the graph of the built-in detector from TensorFlow.js operators (NHWC) into ONNX operators (NCHW).
import { type HardActivation, hardActivationAt } from './hard-activation.ts'
import type { Attribute, OnnxGraph, OnnxNode, Tensor } from './onnx-writer.ts'
import {
  numbersAttribute,
  type TfjsModel,
  type TfjsNode,
  type TfjsTensor,
  textAttribute,
  textsAttribute,
} from './tfjs-model.ts'

/** Objects that one run gives at most, best first. */
export const objectsMax = 100

/** Input pixels per cell of the score map. */
export const cellPx = 4

type Build = {
  model: TfjsModel
  nodes: OnnxNode[]
  constants: Map<string, Tensor>
  done: Set<string>
}

/**
 * The MobileNetV3-CenterNet graph as ONNX.
 *
 * Shape: input `rgb` uint8 [1, height, width, 3], height and width multiples of 32. Outputs, `objectsMax` long, best
 * score first: `scores` float, `classes` int64, `cells` int64 (row * columns + column), `extents` float [4, n] (input
 * pixels from the corner of the cell to the left, top, right and bottom edge).
 * Errors: throws on an operator that the graph does not have today.
 */
export function convertGraph(model: TfjsModel, names: { scores: string; extents: string; images: string }): OnnxGraph {
  const build: Build = { model, nodes: [], constants: new Map(), done: new Set([names.images]) }
  add(build, 'Transpose', ['rgb'], 'rgb_nchw', { perm: [0, 3, 1, 2] })
  add(build, 'Cast', ['rgb_nchw'], names.images, { to: 1 })
  visit(build, names.scores)
  visit(build, names.extents)
  pickPeaks(build, names.scores, names.extents)
  return {
    nodes: build.nodes,
    constants: [...build.constants.values()],
    inputs: [{ name: 'rgb', type: 'uint8', dims: [1, 'height', 'width', 3] }],
    outputs: [
      { name: 'scores', type: 'float32', dims: [objectsMax] },
      { name: 'classes', type: 'int64', dims: [objectsMax] },
      { name: 'cells', type: 'int64', dims: [objectsMax] },
      { name: 'extents', type: 'float32', dims: [4, objectsMax] },
    ],
  }
}

/**
 * Keeps the cells that are the best of their 3x3 neighbourhood and of those the best `objectsMax`. Works on logits:
 * the order is that of the scores, and the sigmoid is computed for the chosen ones only.
 */
function pickPeaks(build: Build, logits: string, extents: string): void {
  add(build, 'MaxPool', [logits], 'best_near', { kernel_shape: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1] })
  add(build, 'Equal', [logits, 'best_near'], 'is_peak', {})
  add(build, 'Where', ['is_peak', logits, float(build, 'no_peak', -1e4)], 'peaks', {})
  add(build, 'Reshape', ['peaks', ints(build, 'flat', [-1])], 'peaks_flat', {})
  add(build, 'TopK', ['peaks_flat', ints(build, 'top', [objectsMax])], ['top_logits', 'top_places'], { axis: 0 })
  add(build, 'Sigmoid', ['top_logits'], 'scores', {})
  add(build, 'Reshape', [extents, ints(build, 'four_rows', [4, -1])], 'extents_flat', {})
  add(build, 'Shape', ['extents_flat'], 'cell_count', { start: 1, end: 2 })
  add(build, 'Div', ['top_places', 'cell_count'], 'classes', {})
  add(build, 'Mod', ['top_places', 'cell_count'], 'cells', {})
  add(build, 'Gather', ['extents_flat', 'cells'], 'extents', { axis: 1 })
}

/** Converts what a node needs, then the node. */
function visit(build: Build, name: string): void {
  if (build.done.has(name)) return
  build.done.add(name)
  const node = build.model.nodes.get(name)
  if (!node) throw new Error(`the model has no node ${name}`)
  const activation = hardActivationAt(build.model, node)
  if (activation) convertActivation(build, name, activation)
  else convertNode(build, node)
}

function convertActivation(build: Build, name: string, { op, input }: HardActivation): void {
  visit(build, input)
  add(build, op, [input], name, op === 'HardSigmoid' ? hardSigmoid : {})
}

function convertNode(build: Build, node: TfjsNode): void {
  const convert = converters[node.op]
  if (!convert) throw new Error(`operator ${node.op} of node ${node.name} cannot be converted`)
  for (const input of node.input ?? []) if (!build.model.weights.has(input)) visit(build, input)
  convert(build, node)
}

// relu6(x + 3) / 6; ONNX's own default is another slope.
const hardSigmoid = { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }

const converters: Record<string, (build: Build, node: TfjsNode) => void> = {
  Conv2D: convolution,
  _FusedConv2D: convolution,
  DepthwiseConv2dNative: depthwise,
  FusedDepthwiseConv2dNative: depthwise,
  Add: (build, node) => elementwise(build, node, 'Add'),
  Mul: (build, node) => elementwise(build, node, 'Mul'),
  Sigmoid: (build, node) => add(build, 'Sigmoid', [input(node, 0)], node.name, {}),
  Relu: (build, node) => add(build, 'Relu', [input(node, 0)], node.name, {}),
  Relu6: (build, node) =>
    add(build, 'Clip', [input(node, 0), float(build, 'zero', 0), float(build, 'six', 6)], node.name, {}),
  Mean: (build, node) => add(build, 'ReduceMean', [input(node, 0)], node.name, { axes: [2, 3], keepdims: 1 }),
  ConcatV2: (build, node) => add(build, 'Concat', (node.input ?? []).slice(0, -1), node.name, { axis: 1 }),
  ResizeBilinear: doubleSize,
}

/** The wanted size in the graph is that of a 512x512 input; every resize doubles. */
function doubleSize(build: Build, node: TfjsNode): void {
  const scales = constant(build, { name: 'double', dims: [4], data: Float32Array.of(1, 1, 2, 2) })
  const attributes = { mode: 'linear', coordinate_transformation_mode: 'asymmetric' }
  add(build, 'Resize', [input(node, 0), '', scales], node.name, attributes)
}

function elementwise(build: Build, node: TfjsNode, op: string): void {
  const inputs = (node.input ?? []).map((name) => {
    const weight = build.model.weights.get(name)
    if (!weight) return name
    if (weight.dims.length > 0) throw new Error(`${name} is not a single number`)
    return constant(build, { name, ...weight })
  })
  add(build, op, inputs, node.name, {})
}

/** [height, width, in, out] to [out, in, height, width]. */
function convolution(build: Build, node: TfjsNode): void {
  convolve(build, node, permuted(weight(build, node, 1), [3, 2, 0, 1]), 1)
}

/** [height, width, channels, 1] to [channels, 1, height, width]. */
function depthwise(build: Build, node: TfjsNode): void {
  const kernel = permuted(weight(build, node, 1), [2, 3, 0, 1])
  convolve(build, node, kernel, kernel.dims[0] ?? 1)
}

function convolve(build: Build, node: TfjsNode, kernel: TfjsTensor, group: number): void {
  const inputs = [input(node, 0), constant(build, { name: input(node, 1), ...kernel })]
  const fused = textsAttribute(node, 'fused_ops')
  if (fused.includes('BiasAdd')) inputs.push(constant(build, { name: input(node, 2), ...weight(build, node, 2) }))
  const attributes = {
    group,
    strides: numbersAttribute(node, 'strides').slice(1, 3),
    kernel_shape: kernel.dims.slice(2),
    auto_pad: textAttribute(node, 'padding') === 'SAME' ? 'SAME_UPPER' : 'VALID',
  }
  const isRelu = fused.includes('Relu')
  add(build, 'Conv', inputs, isRelu ? `${node.name}/sum` : node.name, attributes)
  if (isRelu) add(build, 'Relu', [`${node.name}/sum`], node.name, {})
}

function permuted(tensor: TfjsTensor, axes: [number, number, number, number]): TfjsTensor {
  const dims = axes.map((axis) => tensor.dims[axis] ?? 1)
  const strides = tensor.dims.map((_, axis) => tensor.dims.slice(axis + 1).reduce((product, dim) => product * dim, 1))
  const steps = axes.map((axis) => strides[axis] ?? 1)
  const [countA = 1, countB = 1, countC = 1, countD = 1] = dims
  const [stepA = 0, stepB = 0, stepC = 0, stepD = 0] = steps
  const data = new Float32Array(tensor.data.length)
  let place = 0
  for (let a = 0; a < countA; a++)
    for (let b = 0; b < countB; b++)
      for (let c = 0; c < countC; c++)
        for (let d = 0; d < countD; d++) data[place++] = tensor.data[a * stepA + b * stepB + c * stepC + d * stepD] ?? 0
  return { dims, data }
}

function add(build: Build, op: string, inputs: string[], to: string | string[], attributes: Record<string, Attribute>) {
  build.nodes.push({ op, inputs, outputs: Array.isArray(to) ? to : [to], attributes })
}

function constant(build: Build, tensor: Tensor): string {
  build.constants.set(tensor.name, tensor)
  return tensor.name
}

const float = (build: Build, name: string, value: number) =>
  constant(build, { name, dims: [], data: Float32Array.of(value) })

const ints = (build: Build, name: string, values: number[]) =>
  constant(build, { name, dims: [values.length], data: BigInt64Array.from(values.map(BigInt)) })

function input(node: TfjsNode, place: number): string {
  const name = node.input?.[place]
  if (name === undefined) throw new Error(`node ${node.name} has no input ${place}`)
  return name
}

function weight(build: Build, node: TfjsNode, place: number): TfjsTensor {
  const found = build.model.weights.get(input(node, place))
  if (!found) throw new Error(`input ${place} of node ${node.name} is not a weight`)
  return found
}
