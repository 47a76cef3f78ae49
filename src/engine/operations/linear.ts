/** Matrix products. Transposition is a flag of the kernel, never a copy, so gradients cost nothing but their products. */
import { broadcast, type Dimension, type Shape, ShapeError } from '../dimensions.ts';
import type { Graph, Value } from '../graph.ts';
import { sumToShape } from './elementwise.ts';
import type { Attributes, Operation } from './types.ts';

type Flags = Attributes['FusedMatMul'];

/** Rows, inner size and columns of the product of the last two axes. */
function productShape(operation: string, a: Shape, b: Shape, { transA, transB }: Flags): [Dimension, Dimension] {
  const [aRows, aColumns] = transA ? [a.at(-1), a.at(-2)] : [a.at(-2), a.at(-1)];
  const [bRows, bColumns] = transB ? [b.at(-1), b.at(-2)] : [b.at(-2), b.at(-1)];
  if (aRows === undefined || bColumns === undefined || aColumns !== bRows) {
    const flags = `${transA ? ' with a transposed' : ''}${transB ? ' with b transposed' : ''}`;
    throw new ShapeError(operation, `inner sizes differ${flags}`, a, b);
  }
  return [aRows, bColumns];
}

/** y = α op(a) op(b): da and db by the four cases of transposition. */
function productGradients(
  multiply: (a: Value, b: Value, flags: Flags) => Value,
  a: Value,
  b: Value,
  dy: Value,
  { transA = false, transB = false, alpha }: Flags,
): [() => Value, () => Value] {
  return [
    // da = α dy op(b)ᵀ, itself transposed when a was
    () =>
      transA ? multiply(b, dy, { transA: transB, transB: true, alpha }) : multiply(dy, b, { transB: !transB, alpha }),
    // db = α op(a)ᵀ dy, itself transposed when b was
    () =>
      transB ? multiply(dy, a, { transA: true, transB: transA, alpha }) : multiply(a, dy, { transA: !transA, alpha }),
  ];
}

/** y = α op(a) op(b) + β c, for matrices; c broadcasts. dc = β dy summed to c's shape. */
export const Gemm: Operation<'Gemm'> = {
  types: ([a, b, c], attributes) => {
    if (a!.shape.length !== 2 || b!.shape.length !== 2)
      throw new ShapeError('Gemm', 'needs matrices', a!.shape, b!.shape);
    const shape = productShape('Gemm', a!.shape, b!.shape, attributes);
    if (c) broadcast('Gemm', shape, c.shape);
    return [{ shape, dtype: 'float32' }];
  },
  emit: (onnx, inputs, outputs, { attributes: { beta = 1, ...flags } }) =>
    onnx.node('Gemm', inputs, outputs, { ...kernelFlags(flags), beta: { float: beta } }),
  gradient: (g, { inputs, attributes: { beta = 1, ...flags } }, [dy]) => {
    const [a, b, c] = inputs;
    const multiply = (left: Value, right: Value, flags: Flags): Value => g.gemm(left, right, flags);
    const products = productGradients(multiply, a!, b!, dy!, flags);
    const scaled = () => (beta === 1 ? dy! : g.mul(dy!, beta));
    return c ? [...products, () => sumToShape(g, scaled(), c.shape)] : products;
  },
};

/** y = α op(a) op(b) over the last two axes of tensors whose other axes are equal. */
export const FusedMatMul: Operation<'FusedMatMul'> = {
  types: ([a, b], attributes) => {
    const batch = a!.shape.slice(0, -2);
    if (`${batch}` !== `${b!.shape.slice(0, -2)}`)
      throw new ShapeError('FusedMatMul', 'batches differ', a!.shape, b!.shape);
    return [{ shape: [...batch, ...productShape('FusedMatMul', a!.shape, b!.shape, attributes)], dtype: 'float32' }];
  },
  emit: (onnx, inputs, outputs, { attributes }) =>
    onnx.node('FusedMatMul', inputs, outputs, kernelFlags(attributes), 'com.microsoft'),
  gradient: (g: Graph, { inputs, attributes }, [dy]) =>
    productGradients((left, right, flags) => g.matmul(left, right, flags), inputs[0]!, inputs[1]!, dy!, attributes),
};

function kernelFlags({
  transA = false,
  transB = false,
  alpha = 1,
}: Flags): Record<string, { int: number } | { float: number }> {
  return { transA: { int: Number(transA) }, transB: { int: Number(transB) }, alpha: { float: alpha } };
}
