/** All operations. The mapped type makes a missing rule a compile error: no operation without shape, ONNX form and gradient. */
import { Attention } from './attention.ts';
import { GroupQueryAttention } from './cached-attention.ts';
import { Add, Cast, Div, Exp, FastGelu, Gelu, Log, Mul, Sigmoid, Silu, Sub, Tanh } from './elementwise.ts';
import { Gather, GatherElements, ScatterElements, ScatterRows } from './indexing.ts';
import { FusedMatMul, Gemm } from './linear.ts';
import {
  CrossEntropy,
  LayerNormalization,
  LinearLogSumExp,
  ReduceLogSumExp,
  SimplifiedLayerNormalization,
  Softmax,
} from './normalisation.ts';
import { MatMulNBits, MatMulPanels } from './packed.ts';
import { RotaryEmbedding, RotaryTable } from './rotary.ts';
import {
  CausalBias,
  Concat,
  Expand,
  PaddingBias,
  ReduceSum,
  Reshape,
  Split,
  SplitColumns,
  Transpose,
} from './shape.ts';
import type { Operation, OperationName } from './types.ts';

export const operations: { readonly [Name in OperationName]: Operation<Name> } = {
  Cast,
  Add,
  Sub,
  Mul,
  Div,
  Exp,
  Log,
  Sigmoid,
  Tanh,
  FastGelu,
  Gelu,
  Silu,
  Gemm,
  FusedMatMul,
  Softmax,
  Attention,
  LayerNormalization,
  SimplifiedLayerNormalization,
  RotaryTable,
  RotaryEmbedding,
  LinearLogSumExp,
  ReduceLogSumExp,
  CrossEntropy,
  MatMulPanels,
  MatMulNBits,
  ReduceSum,
  Expand,
  Reshape,
  Transpose,
  Split,
  SplitColumns,
  Concat,
  Gather,
  ScatterRows,
  GatherElements,
  ScatterElements,
  CausalBias,
  PaddingBias,
  GroupQueryAttention,
};
