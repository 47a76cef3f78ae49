/**
 * A computation written down: values joined by operations, no numbers yet. Architectures build one, `gradients` extends
 * it backwards, `emit` turns it into ONNX. Every operation is pure, so asking twice for the same one gives the same value.
 */
import { type Shape, sameShape } from './dimensions.ts';
import { operations } from './operations/table.ts';
import type { Attributes, OperationName, TensorType } from './operations/types.ts';

export interface Value extends TensorType {
  readonly id: number;
  /** What made it; absent for inputs and constants. */
  readonly node?: Node;
}

export interface Node<Name extends OperationName = OperationName> {
  readonly operation: Name;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes[Name];
  readonly outputs: readonly Value[];
}

/** A number or list known when the graph is built. */
export interface Constant {
  readonly value: Value;
  readonly numbers: readonly number[];
}

/** Weights read by onnxruntime straight from a file: `offset` and `length` in bytes. */
export interface FileRange {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
  /** Absent: float32. */
  readonly dtype?: 'float16' | 'bfloat16';
}

export class Graph {
  readonly inputs = new Map<string, Value>();
  readonly outputs = new Map<string, Value>();
  readonly constants: Constant[] = [];
  readonly mapped: { readonly name: string; readonly value: Value; readonly range: FileRange }[] = [];
  readonly nodes: Node[] = [];
  readonly #known = new Map<string, readonly Value[]>();
  #count = 0;

  #value(type: TensorType, node?: Node): Value {
    return { id: this.#count++, shape: type.shape, dtype: type.dtype, node };
  }

  /** A tensor given at every run. */
  input(name: string, shape: Shape, dtype: TensorType['dtype'] = 'float32'): Value {
    if (this.inputs.has(name)) throw new Error(`the graph already has an input ${name}`);
    const value = this.#value({ shape, dtype });
    this.inputs.set(name, value);
    return value;
  }

  /** A tensor that stays in its file. */
  mappedWeight(
    name: string,
    shape: Shape,
    range: FileRange,
    dtype: TensorType['dtype'] = range.dtype ?? 'float32',
  ): Value {
    const known = this.#known.get(`mapped ${name}`);
    if (known) return known[0]!;
    const value = this.#value({ shape, dtype });
    this.mapped.push({ name, value, range });
    this.#known.set(`mapped ${name}`, [value]);
    return value;
  }

  /** A scalar, or with `shape` a small tensor, of fixed numbers. */
  constant(numbers: number | readonly number[], shape: Shape = [], dtype: TensorType['dtype'] = 'float32'): Value {
    const list = typeof numbers === 'number' ? [numbers] : numbers;
    const key = `constant ${dtype} ${shape} ${list}`;
    const known = this.#known.get(key);
    if (known) return known[0]!;
    const value = this.#value({ shape, dtype });
    this.constants.push({ value, numbers: list });
    this.#known.set(key, [value]);
    return value;
  }

  output(name: string, value: Value): void {
    if (this.outputs.has(name)) throw new Error(`the graph already has an output ${name}`);
    this.outputs.set(name, value);
  }

  /** Adds an operation; its shape rule throws a ShapeError when the inputs do not fit. Returns all its outputs. */
  applyAll<Name extends OperationName>(
    operation: Name,
    inputs: readonly Value[],
    attributes: Attributes[Name],
  ): readonly Value[] {
    const key = `${operation} ${inputs.map((input) => input.id)} ${JSON.stringify(attributes)}`;
    const known = this.#known.get(key);
    if (known) return known;
    const outputs: Value[] = [];
    const node: Node<Name> = { operation, inputs, attributes, outputs };
    for (const type of operations[operation].types(inputs, attributes)) outputs.push(this.#value(type, node));
    this.nodes.push(node);
    this.#known.set(key, outputs);
    return outputs;
  }

  /** A node's outputs computed once more: the same numbers, which then need not be kept since the first time. */
  again<Name extends OperationName>({ operation, inputs, attributes }: Node<Name>): readonly Value[] {
    return this.applyAll(operation, inputs, { ...attributes, again: true });
  }

  /** Adds an operation and returns its first output. */
  apply<Name extends OperationName>(operation: Name, inputs: readonly Value[], attributes: Attributes[Name]): Value {
    return this.applyAll(operation, inputs, attributes)[0]!;
  }

  // The operations architectures and gradient rules use most, so that formulas read as formulas.

  add(a: Value, b: Value | number): Value {
    return this.apply('Add', [a, this.#lift(b)], {});
  }

  sub(a: Value | number, b: Value): Value {
    return this.apply('Sub', [this.#lift(a), b], {});
  }

  mul(a: Value, b: Value | number): Value {
    return this.apply('Mul', [a, this.#lift(b)], {});
  }

  div(a: Value | number, b: Value): Value {
    return this.apply('Div', [this.#lift(a), b], {});
  }

  /** alpha · op(a) · op(b) [+ beta · plus] for matrices. */
  gemm(a: Value, b: Value, options: Attributes['Gemm'] & { plus?: Value } = {}): Value {
    const { plus, ...attributes } = options;
    return this.apply('Gemm', plus ? [a, b, plus] : [a, b], attributes);
  }

  /** alpha · op(a) · op(b) over the last two axes, the others in step. */
  matmul(a: Value, b: Value, attributes: Attributes['FusedMatMul'] = {}): Value {
    return this.apply('FusedMatMul', [a, b], attributes);
  }

  reshape(x: Value, shape: Shape): Value {
    if (sameShape(x.shape, shape)) return x;
    return this.apply('Reshape', [x], { shape });
  }

  transpose(x: Value, perm: readonly number[]): Value {
    return this.apply('Transpose', [x], { perm });
  }

  /** Sums over `axes`; they stay as size 1 when `keepdims`. */
  sum(x: Value, axes: readonly number[], keepdims = false): Value {
    return this.apply('ReduceSum', [x], { axes, keepdims });
  }

  #lift(x: Value | number): Value {
    return typeof x === 'number' ? this.constant(x) : x;
  }
}
