/** Operations that move, join, repeat or sum numbers without changing them. */
import { broadcast, productOf, type Shape, ShapeError, sameShape, sumOf } from '../dimensions.ts';
import { sumToShape } from './elementwise.ts';
import type { Operation } from './types.ts';

/** Sum over `axes`. dx = dy, stretched back. */
export const ReduceSum: Operation<'ReduceSum'> = {
  types: ([x], { axes, keepdims }) => {
    const shape = x!.shape.flatMap((size, axis) => (axes.includes(axis) ? (keepdims ? [1] : []) : [size]));
    return [{ shape, dtype: x!.dtype }];
  },
  emit: (onnx, inputs, outputs, { attributes: { axes, keepdims } }) =>
    onnx.node('ReduceSum', [...inputs, onnx.ints(axes)], outputs, { keepdims: { int: Number(keepdims) } }),
  gradient: (g, { inputs, attributes: { axes } }, [dy]) => [
    () => {
      const { shape } = inputs[0]!;
      const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
      return g.apply('Expand', [g.reshape(dy!, kept)], { shape });
    },
  ],
};

/** Stretches size-1 axes. dx = dy summed back. */
export const Expand: Operation<'Expand'> = {
  types: ([x], { shape }) => {
    if (!sameShape(broadcast('Expand', x!.shape, shape), shape))
      throw new ShapeError('Expand', 'cannot stretch', x!.shape, shape);
    return [{ shape, dtype: x!.dtype }];
  },
  emit: (onnx, [x], outputs, { attributes }) => onnx.node('Expand', [x!, onnx.shape(attributes.shape)], outputs),
  gradient: (g, { inputs }, [dy]) => [() => sumToShape(g, dy!, inputs[0]!.shape)],
};

/** The same numbers in another shape; free. dx = dy in the first shape. */
export const Reshape: Operation<'Reshape'> = {
  types: ([x], { shape }) => {
    if (productOf(x!.shape) !== productOf(shape)) throw new ShapeError('Reshape', 'counts differ', x!.shape, shape);
    return [{ shape, dtype: x!.dtype }];
  },
  emit: (onnx, [x], outputs, { attributes }) => onnx.node('Reshape', [x!, onnx.shape(attributes.shape)], outputs),
  gradient: (g, { inputs }, [dy]) => [() => g.reshape(dy!, inputs[0]!.shape)],
};

/** Axis i of the result is axis perm[i] of x. dx = dy with the axes put back. */
export const Transpose: Operation<'Transpose'> = {
  types: ([x], { perm }) => {
    if (`${[...perm].sort()}` !== `${x!.shape.map((_, axis) => axis)}`)
      throw new ShapeError('Transpose', 'is no order', x!.shape, perm);
    return [{ shape: perm.map((axis) => x!.shape[axis]!), dtype: x!.dtype }];
  },
  emit: (onnx, inputs, outputs, { attributes }) =>
    onnx.node('Transpose', inputs, outputs, { perm: { ints: attributes.perm } }),
  gradient: (g, { attributes: { perm } }, [dy]) => [
    () =>
      g.transpose(
        dy!,
        perm.map((_, axis) => perm.indexOf(axis)),
      ),
  ],
};

/** Equal parts along an axis. dx = the parts' gradients joined. */
export const Split: Operation<'Split'> = {
  types: ([x], { axis, parts }) => {
    const size = x!.shape[axis];
    if (typeof size !== 'number' || size % parts !== 0)
      throw new ShapeError('Split', `no ${parts} equal parts on axis ${axis}`, x!.shape);
    const type = { shape: x!.shape.with(axis, size / parts), dtype: x!.dtype };
    return Array.from({ length: parts }, () => type);
  },
  emit: (onnx, inputs, outputs, { attributes: { axis, parts } }) =>
    onnx.node('Split', inputs, outputs, { axis: { int: axis }, num_outputs: { int: parts } }),
  gradient: (g, { outputs, attributes: { axis } }, gradients) => [
    () => {
      const parts = outputs.map(
        (output, i) => gradients[i] ?? g.apply('Expand', [g.constant(0)], { shape: output.shape }),
      );
      return g.apply('Concat', parts, { axis });
    },
  ],
};

/** x [N, Σ sizes] → [N, size] for each. dx = the parts' gradients side by side. */
export const SplitColumns: Operation<'SplitColumns'> = {
  types: ([x], { sizes }) => {
    const [rows, columns] = x!.shape;
    if (x!.shape.length !== 2 || columns !== sizes.reduce((sum, size) => sum + size, 0))
      throw new ShapeError('SplitColumns', `no columns for ${sizes}`, x!.shape);
    return sizes.map((size) => ({ shape: [rows!, size], dtype: x!.dtype }));
  },
  emit: (onnx, [x], outputs, { attributes: { sizes } }) =>
    onnx.node('Split', [x!, onnx.ints(sizes)], outputs, { axis: { int: 1 } }),
  gradient: (g, { outputs }, gradients) => [
    () => {
      const zeros = (shape: Shape) => g.apply('Expand', [g.constant(0)], { shape });
      return g.apply(
        'Concat',
        outputs.map(({ shape }, i) => gradients[i] ?? zeros(shape)),
        { axis: 1 },
      );
    },
  ],
};

/** Tensors laid end to end along an axis; parts of equal size can be told apart again for their gradients. */
export const Concat: Operation<'Concat'> = {
  types: (inputs, { axis }) => {
    const first = inputs[0]!.shape;
    for (const { shape } of inputs) {
      if (!sameShape(shape.with(axis, 0), first.with(axis, 0)))
        throw new ShapeError('Concat', `may differ along axis ${axis} alone`, first, shape);
    }
    const shape: Shape = first.with(axis, sumOf(inputs.map((input) => input.shape[axis]!)));
    return [{ shape, dtype: inputs[0]!.dtype }];
  },
  emit: (onnx, inputs, outputs, { attributes }) =>
    onnx.node('Concat', inputs, outputs, { axis: { int: attributes.axis } }),
  gradient: (g, { inputs, attributes: { axis } }, [dy]) => {
    const first = inputs[0]!.shape;
    if (inputs.some(({ shape }) => !sameShape(shape, first))) {
      throw new ShapeError('Concat', 'only parts of equal size have gradients', ...inputs.map(({ shape }) => shape));
    }
    return inputs.map((_, i) => () => g.applyAll('Split', [dy!], { axis, parts: inputs.length })[i]!);
  },
};

/** The lowest float32. */
const LOWEST = -3.4028234663852886e38;

/**
 * Which keys a query may look at, as numbers to add to the scores: 0 yes, the lowest float32 no (as transformers does;
 * −∞ would make a row that may look at nothing NaN). ids [B, T] → [T, T]; ids [B, T], mask [B, S] → [B, 1, T, S], where
 * the queries are the last T of the S keys and mask 0 hides a key (left padding).
 */
export const CausalBias: Operation<'CausalBias'> = {
  types: ([ids, mask]) => {
    const queries = ids!.shape[1]!;
    if (!mask) return [{ shape: [queries, queries], dtype: 'float32' }];
    if (mask.shape[0] !== ids!.shape[0]) throw new ShapeError('CausalBias', 'batches differ', ids!.shape, mask.shape);
    return [{ shape: [mask.shape[0]!, 1, queries, mask.shape[1]!], dtype: 'float32' }];
  },
  emit: (onnx, [ids, mask], outputs) => {
    const [zero, one] = [onnx.scalarInt(0), onnx.scalarInt(1)];
    const size = (x: string): string =>
      onnx.node1('Squeeze', [onnx.node1('Shape', [x], { start: { int: 1 } }), onnx.ints([0])]);
    const keyCount = size(mask ?? ids!);
    const queryCount = size(ids!);
    const keys = onnx.node1('Range', [zero, keyCount, one]);
    const queries = onnx.node1('Range', [onnx.node1('Sub', [keyCount, queryCount]), keyCount, one]);
    let allowed = onnx.node1('LessOrEqual', [keys, onnx.node1('Unsqueeze', [queries, onnx.ints([1])])]);
    if (mask) {
      const present = onnx.node1('Unsqueeze', [onnx.node1('Equal', [mask, one]), onnx.ints([1, 2])]);
      allowed = onnx.node1('And', [allowed, present]);
    }
    onnx.node('Where', [allowed, onnx.scalarFloat(0), onnx.scalarFloat(LOWEST)], outputs);
  },
  gradient: 'constant',
};

/** For models that read both ways: mask [B, S] → [B, 1, 1, S], 0 where it is 1 and the lowest float32 where it is 0 (padding). */
export const PaddingBias: Operation<'PaddingBias'> = {
  types: ([mask]) => {
    if (mask!.shape.length !== 2) throw new ShapeError('PaddingBias', 'needs a row a text', mask!.shape);
    return [{ shape: [mask!.shape[0]!, 1, 1, mask!.shape[1]!], dtype: 'float32' }];
  },
  emit: (onnx, [mask], outputs) => {
    const present = onnx.node1('Unsqueeze', [onnx.node1('Equal', [mask!, onnx.scalarInt(1)]), onnx.ints([1, 2])]);
    onnx.node('Where', [present, onnx.scalarFloat(0), onnx.scalarFloat(LOWEST)], outputs);
  },
  gradient: 'constant',
};
