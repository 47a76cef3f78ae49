/** Turns a graph into the bytes of an ONNX model (operator set 20, onnxruntime's own operators in `com.microsoft`). */
import proto, { type onnx } from 'onnx-proto';
import { type Dimension, type Shape, termsOf } from './dimensions.ts';
import type { FileRange, Graph, Node, Value } from './graph.ts';
import { operations } from './operations/table.ts';
import type { ElementType, OperationName } from './operations/types.ts';

const OPERATOR_SET = 20;
const IR_VERSION = 9; // the first that knows operator set 20

const elementTypes: Record<ElementType, number> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
};

export type AttributeValue = { int: number } | { float: number } | { string: string } | { ints: readonly number[] };

/** What an operation's `emit` writes to. Names are strings; every method that makes something returns its name. */
export interface Emitter {
  node(
    type: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes?: Record<string, AttributeValue>,
    domain?: string,
  ): void;
  /** Whether anything uses a value: an operation with several outputs may leave out what makes the others. */
  isWanted(value: Value): boolean;
  /** A node with one output of a fresh name. */
  node1(type: string, inputs: readonly string[], attributes?: Record<string, AttributeValue>, domain?: string): string;
  ints(values: readonly number[]): string;
  scalarInt(value: number): string;
  scalarFloat(value: number): string;
  floats(values: readonly number[], shape: readonly number[]): string;
  /** A shape as an int64 list, names filled in from the inputs when the graph runs. */
  shape(shape: Shape): string;
}

/** The output of a silent graph that comes before all others; see `runInto` in session.ts. */
export const SILENCER = 'silencer';

export interface EmitOptions {
  /** For `runInto`. */
  silent?: boolean;
  /** The graph is large: onnxruntime is told sizes that it would not find itself. */
  training?: boolean;
}

/** The model's bytes. Inputs and outputs keep their names in the graph. */
export function emit(graph: Graph, { silent = false, training = false }: EmitOptions = {}): Uint8Array {
  const names = new Map<number, string>();
  for (const [name, value] of graph.inputs) names.set(value.id, name);
  for (const { name, value } of graph.mapped) names.set(value.id, name);
  // An output that is also an input, or goes out under two names, gets a node of its own.
  const aliases: [string, Value][] = [];
  for (const [name, value] of graph.outputs) {
    if (names.has(value.id)) aliases.push([name, value]);
    else names.set(value.id, name);
  }
  const nameOf = (value: Value): string => names.get(value.id) ?? `v${value.id}`;

  const nodes: onnx.INodeProto[] = [];
  const initializers = new Map<string, onnx.ITensorProto>();
  const used = usedNodes(graph);
  const consumed = new Set(used.flatMap(({ inputs }) => inputs.map((input) => input.id)));
  const results = [...graph.outputs.values()].map((value) => value.id);
  const writer = createEmitter(graph, new Set([...consumed, ...results]), nodes, initializers);
  for (const { value, numbers } of graph.constants) {
    initializers.set(nameOf(value), constantTensor(nameOf(value), value.dtype, value.shape, numbers));
  }
  for (const { name, value, range } of graph.mapped) initializers.set(name, externalTensor(name, value, range));
  for (const node of leavesLast(used, consumed)) {
    emitNode(writer, node, node.inputs.map(nameOf), node.outputs.map(nameOf));
  }
  for (const [name, value] of aliases) writer.node('Identity', [nameOf(value)], [name]);
  if (silent) writer.node('SequenceConstruct', [writer.scalarFloat(0)], [SILENCER]);

  // onnxruntime loses a size where a shape is made of numbers known at run time alone. Whatever comes after then fits no array
  // given back, and stays in a list that each later array is compared with: told the sizes, it opens large graphs in a fifth of the time.
  const told = training
    ? used.filter(({ operation }) => operation === 'Reshape').flatMap(({ outputs }) => outputs)
    : [];
  const inner = told.filter(({ id }) => consumed.has(id) && !names.has(id));

  return proto.onnx.ModelProto.encode({
    irVersion: IR_VERSION,
    producerName: 'brain-factory',
    opsetImport: [
      { domain: '', version: OPERATOR_SET },
      { domain: 'com.microsoft', version: 1 },
    ],
    graph: {
      name: 'brain',
      node: nodes,
      initializer: [...initializers.values()],
      input: [...graph.inputs].map(([name, value]) => valueInfo(name, value)),
      valueInfo: inner.map((value) => valueInfo(nameOf(value), value)),
      output: [...(silent ? [silencerInfo] : []), ...[...graph.outputs].map(([name, value]) => valueInfo(name, value))],
    },
  }).finish();
}

function emitNode<Name extends OperationName>(
  writer: Emitter,
  node: Node<Name>,
  inputs: string[],
  outputs: string[],
): void {
  operations[node.operation].emit(writer, inputs, outputs, node);
}

/** The nodes an output depends on: gradient rules may leave behind parts nobody asked for. */
function usedNodes(graph: Graph): Node[] {
  const used = new Set([...graph.outputs.values()].map((value) => value.id));
  const kept: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((output) => used.has(output.id))) continue;
    kept.push(node);
    for (const input of node.inputs) used.add(input.id);
  }
  return kept.reverse();
}

/**
 * onnxruntime runs what the last node of the list needs first, then what the one before it needs, and so on. Results that
 * nothing else uses, a layer's gradients, therefore stand at the end, the first one last: each is made as soon as it can
 * be, and what it was made from is given back, instead of all layers' being kept until the way back has reached the first.
 */
function leavesLast(nodes: readonly Node[], consumed: ReadonlySet<number>): Node[] {
  const isLeaf = ({ outputs }: Node): boolean => !outputs.some((output) => consumed.has(output.id));
  return [...nodes.filter((node) => !isLeaf(node)), ...nodes.filter(isLeaf).reverse()];
}

function createEmitter(
  graph: Graph,
  wanted: ReadonlySet<number>,
  nodes: onnx.INodeProto[],
  initializers: Map<string, onnx.ITensorProto>,
): Emitter {
  let fresh = 0;
  const sizes = new Map<string, string>(); // a dimension's name → the int64 [1] that holds it at run time

  const constant = (dtype: ElementType, shape: readonly number[], numbers: readonly number[]): string => {
    const name = `c_${dtype}_${shape.join('x')}_${numbers.join('_')}`;
    if (!initializers.has(name)) initializers.set(name, constantTensor(name, dtype, shape, numbers));
    return name;
  };

  const sizeNamed = (symbol: string): string => {
    const known = sizes.get(symbol);
    if (known) return known;
    for (const [name, { shape }] of graph.inputs) {
      const axis = shape.indexOf(symbol);
      if (axis < 0) continue;
      const size = emitter.node1('Shape', [name], { start: { int: axis }, end: { int: axis + 1 } });
      sizes.set(symbol, size);
      return size;
    }
    throw new Error(`no input of the graph has the size ${symbol}`);
  };

  const sizeOf = (dimension: Dimension): string => {
    if (typeof dimension === 'number') return emitter.ints([dimension]);
    const terms = termsOf(dimension).map(({ names, coefficient }) => {
      const factors = names.map(sizeNamed);
      if (coefficient !== 1) factors.push(emitter.ints([coefficient]));
      return factors.length ? factors.reduce((a, b) => emitter.node1('Mul', [a, b])) : emitter.ints([coefficient]);
    });
    return terms.reduce((a, b) => emitter.node1('Add', [a, b]));
  };

  const emitter: Emitter = {
    node(type, inputs, outputs, attributes = {}, domain = '') {
      nodes.push({
        opType: type,
        name: `${type}_${nodes.length}`,
        domain,
        input: [...inputs],
        output: [...outputs],
        attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
      });
    },
    node1(type, inputs, attributes, domain) {
      const name = `t${fresh++}`;
      emitter.node(type, inputs, [name], attributes, domain);
      return name;
    },
    isWanted: ({ id }) => wanted.has(id),
    ints: (values) => constant('int64', [values.length], values),
    scalarInt: (value) => constant('int64', [], [value]),
    scalarFloat: (value) => constant('float32', [], [value]),
    floats: (values, shape) => constant('float32', shape, values),
    shape(shape) {
      if (shape.every((size) => typeof size === 'number')) return emitter.ints(shape);
      const known = sizes.get(`[${shape}]`);
      if (known) return known;
      const name =
        shape.length === 1 ? sizeOf(shape[0]!) : emitter.node1('Concat', shape.map(sizeOf), { axis: { int: 0 } });
      sizes.set(`[${shape}]`, name);
      return name;
    },
  };
  return emitter;
}

function attributeProto(name: string, value: AttributeValue): onnx.IAttributeProto {
  const { AttributeType } = proto.onnx.AttributeProto;
  if ('int' in value) return { name, type: AttributeType.INT, i: value.int };
  if ('float' in value) return { name, type: AttributeType.FLOAT, f: value.float };
  if ('ints' in value) return { name, type: AttributeType.INTS, ints: [...value.ints] };
  return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value.string) };
}

function constantTensor(name: string, dtype: ElementType, shape: Shape, numbers: readonly number[]): onnx.ITensorProto {
  const raw = dtype === 'int64' ? new BigInt64Array(numbers.map(BigInt)) : new Float32Array(numbers);
  return { name, dataType: elementTypes[dtype], dims: shape.map(Number), rawData: new Uint8Array(raw.buffer) };
}

function externalTensor(
  name: string,
  { shape, dtype }: Value,
  { location, offset, length }: FileRange,
): onnx.ITensorProto {
  const externalData = Object.entries({ location, offset, length }).map(([key, value]) => ({ key, value: `${value}` }));
  const { EXTERNAL } = proto.onnx.TensorProto.DataLocation;
  return { name, dataType: elementTypes[dtype], dims: shape.map(Number), dataLocation: EXTERNAL, externalData };
}

const silencerInfo: onnx.IValueInfoProto = {
  name: SILENCER,
  type: { sequenceType: { elemType: { tensorType: { elemType: elementTypes.float32, shape: {} } } } },
};

function valueInfo(name: string, value: Value): onnx.IValueInfoProto {
  const dim = value.shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: elementTypes[value.dtype], shape: { dim } } } };
}
