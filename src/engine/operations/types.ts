/** What an operation must state about itself: its attributes, its shape rule, its ONNX form and its gradient. */
import type { Shape } from '../dimensions.ts';
import type { Emitter } from '../emit.ts';
import type { Graph, Node, Value } from '../graph.ts';

export type ElementType = 'float32' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'uint8' | 'bool';

export interface TensorType {
  readonly shape: Shape;
  readonly dtype: ElementType;
}

type None = Record<never, never>;

/** Every operation there is, with its attributes; named exactly as in ONNX where ONNX (or onnxruntime) has it. */
export interface Attributes {
  Cast: None;
  Add: None;
  Sub: None;
  Mul: None;
  Div: None;
  Exp: None;
  Log: None;
  Sigmoid: None;
  Tanh: None;
  FastGelu: None;
  Gelu: None;
  Silu: None;
  Gemm: { transA?: boolean; transB?: boolean; alpha?: number; beta?: number };
  FusedMatMul: { transA?: boolean; transB?: boolean; alpha?: number };
  Softmax: None;
  Attention: { scale: number };
  LayerNormalization: { epsilon: number };
  SimplifiedLayerNormalization: { epsilon: number };
  RotaryTable: { frequencies: readonly number[] };
  RotaryEmbedding: None;
  LinearLogSumExp: None;
  ReduceLogSumExp: None;
  ReduceSum: { axes: readonly number[]; keepdims: boolean };
  Expand: { shape: Shape };
  Reshape: { shape: Shape };
  Transpose: { perm: readonly number[] };
  Split: { axis: number; parts: number };
  SplitColumns: { sizes: readonly number[] };
  Concat: { axis: number };
  Gather: { distinct: boolean };
  ScatterRows: { distinct: boolean };
  GatherElements: { axis: number };
  ScatterElements: { axis: number };
  CausalBias: None;
  PaddingBias: None;
  MatMulPanels: { columns: number };
  MatMulNBits: { inFeatures: number; bits: 4 | 8 };
  CrossEntropy: None;
  GroupQueryAttention: { heads: number; keyValueHeads: number; headSize: number; scale: number };
}

export type OperationName = keyof Attributes;

/**
 * The gradient for each input, asked for only when it is needed. `from` gives the gradient of output i (undefined when
 * nothing depends on it); a rule returns one thunk an input, or null for an input that has no gradient (indices).
 */
export type GradientRule<Name extends OperationName> = (
  g: Graph,
  node: Node<Name>,
  gradients: readonly (Value | undefined)[],
) => readonly ((() => Contribution | readonly Contribution[]) | null)[];

/** A gradient to be added to the others, or one that touches few elements and writes itself into their sum. */
export type Contribution = Value | Scattered;

export interface Scattered {
  readonly addTo: (sum: Value | undefined) => Value;
  /** What is to be added, where it is rows of a table: the sum can then be left to whoever holds the gradient. */
  readonly sparse?: SparseRows;
}

/** `rows` [K, C] to be added at `indices` [K] of a table [V, C]; an index may come several times. */
export interface SparseRows {
  readonly indices: Value;
  readonly rows: Value;
}

export interface Operation<Name extends OperationName> {
  /** The types of the outputs; throws a ShapeError when the inputs do not fit together. */
  types(inputs: readonly Value[], attributes: Attributes[Name]): readonly TensorType[];
  /** Writes the ONNX nodes that make `outputs` of `inputs`. */
  emit(onnx: Emitter, inputs: readonly string[], outputs: readonly string[], node: Node<Name>): void;
  /** 'constant' for what does not change when its inputs change a little; 'served' for what is never trained through. */
  gradient: GradientRule<Name> | 'constant' | 'served';
}
