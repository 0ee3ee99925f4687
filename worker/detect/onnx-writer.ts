// Writes ONNX files: the few parts of the protobuf wire format and of the ONNX schema that a converted model needs.

export type TensorType = 'float32' | 'uint8' | 'int64'

/** A constant of the model, row-major. */
export type Tensor = { name: string; dims: number[]; data: Float32Array | BigInt64Array }

export type Attribute = number | string | number[] | { float: number }

export type OnnxNode = { op: string; inputs: string[]; outputs: string[]; attributes: Record<string, Attribute> }

/** A dimension is a number, or a name when each run may choose it. */
export type Port = { name: string; type: TensorType; dims: (number | string)[] }

export type OnnxGraph = { nodes: OnnxNode[]; constants: Tensor[]; inputs: Port[]; outputs: Port[] }

// ModelProto.ir_version 8 goes with operator set 17; ONNX Runtime reads both since 1.12.
const irVersion = 8
const operatorSet = 17

// TensorProto.DataType
const dataTypes = { float32: 1, uint8: 2, int64: 7 } as const
// AttributeProto.AttributeType
const attributeTypes = { float: 1, int: 2, string: 3, ints: 7 } as const

/** The bytes of an ONNX file. */
export function onnxFile(graph: OnnxGraph): Uint8Array {
  return Buffer.concat([
    varintField(1, irVersion),
    bytesField(2, utf8('sightline')),
    bytesField(7, graphMessage(graph)),
    bytesField(8, Buffer.concat([bytesField(1, utf8('')), varintField(2, operatorSet)])),
  ])
}

function graphMessage(graph: OnnxGraph): Buffer {
  return Buffer.concat([
    ...graph.nodes.map((node) => bytesField(1, nodeMessage(node))),
    bytesField(2, utf8('main')),
    ...graph.constants.map((tensor) => bytesField(5, tensorMessage(tensor))),
    ...graph.inputs.map((port) => bytesField(11, portMessage(port))),
    ...graph.outputs.map((port) => bytesField(12, portMessage(port))),
  ])
}

function nodeMessage(node: OnnxNode): Buffer {
  return Buffer.concat([
    ...node.inputs.map((name) => bytesField(1, utf8(name))),
    ...node.outputs.map((name) => bytesField(2, utf8(name))),
    bytesField(4, utf8(node.op)),
    ...Object.entries(node.attributes).map(([name, value]) => bytesField(5, attributeMessage(name, value))),
  ])
}

function attributeMessage(name: string, value: Attribute): Buffer {
  const head = bytesField(1, utf8(name))
  if (typeof value === 'number')
    return Buffer.concat([head, varintField(3, value), varintField(20, attributeTypes.int)])
  if (typeof value === 'string')
    return Buffer.concat([head, bytesField(4, utf8(value)), varintField(20, attributeTypes.string)])
  if (Array.isArray(value))
    return Buffer.concat([head, ...value.map((item) => varintField(8, item)), varintField(20, attributeTypes.ints)])
  return Buffer.concat([head, floatField(2, value.float), varintField(20, attributeTypes.float)])
}

function tensorMessage({ name, dims, data }: Tensor): Buffer {
  const type = data instanceof Float32Array ? dataTypes.float32 : dataTypes.int64
  return Buffer.concat([
    ...dims.map((dim) => varintField(1, dim)),
    varintField(2, type),
    bytesField(8, utf8(name)),
    bytesField(9, Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
  ])
}

function portMessage({ name, type, dims }: Port): Buffer {
  const shape = dims.map((dim) =>
    bytesField(1, typeof dim === 'number' ? varintField(1, dim) : bytesField(2, utf8(dim))),
  )
  const tensor = Buffer.concat([varintField(1, dataTypes[type]), bytesField(2, Buffer.concat(shape))])
  return Buffer.concat([bytesField(1, utf8(name)), bytesField(2, bytesField(1, tensor))])
}

const utf8 = (text: string) => Buffer.from(text, 'utf8')

function varintField(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)])
}

function bytesField(field: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(bytes.length), bytes])
}

function floatField(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return Buffer.concat([varint(field * 8 + 5), bytes])
}

/** Base-128, low group first; negative numbers as 64-bit two's complement. */
function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}
