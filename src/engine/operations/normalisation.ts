/** Operations that weigh numbers against their neighbours on the last axis: softmax, layer normalisation, the loss. */
import { ShapeError, sameShape } from '../dimensions.ts';
import type { Operation } from './types.ts';

/** y = softmax(x) over the last axis: dx = y (dy − Σ dy y). */
export const Softmax: Operation<'Softmax'> = {
  types: ([x]) => [{ shape: x!.shape, dtype: 'float32' }],
  emit: (onnx, inputs, outputs) => onnx.node('Softmax', inputs, outputs, { axis: { int: -1 } }),
  gradient: (g, { inputs, outputs }, [dy]) => [
    () => {
      const y = outputs[0]!;
      const last = inputs[0]!.shape.length - 1;
      return g.mul(y, g.sub(dy!, g.sum(g.mul(dy!, y), [last], true)));
    },
  ],
};

/**
 * x [N, C], scale [C], bias [C] → y, mean [N, 1], 1/σ [N, 1].
 * n = (x − mean)/σ, y = n scale + bias. With d = dy scale: dx = (d − mean(d) − n mean(d n)) / σ (means over C).
 */
export const LayerNormalization: Operation<'LayerNormalization'> = {
  types: ([x, scale, bias]) => {
    const [rows, columns] = x!.shape;
    for (const weight of [scale!, bias!]) {
      if (x!.shape.length !== 2 || !sameShape(weight.shape, [columns!])) {
        throw new ShapeError('LayerNormalization', 'weights do not fit', x!.shape, weight.shape);
      }
    }
    const perRow = { shape: [rows!, 1], dtype: 'float32' as const };
    return [{ shape: x!.shape, dtype: 'float32' }, perRow, perRow];
  },
  emit: (onnx, inputs, outputs, { attributes }) =>
    onnx.node('LayerNormalization', inputs, outputs, { axis: { int: -1 }, epsilon: { float: attributes.epsilon } }),
  gradient: (g, { inputs, outputs }, [dy]) => {
    const [x, scale] = [inputs[0]!, inputs[1]!];
    const [, mean, inverseDeviation] = outputs;
    const columns = x.shape[1];
    if (typeof columns !== 'number') throw new ShapeError('LayerNormalization', 'needs a known last axis', x.shape);
    const normalised = g.mul(g.sub(x, mean!), inverseDeviation!);
    const product = g.mul(dy!, normalised);
    return [
      () => {
        // A mean over C of something times scale is a product with the column scale / C.
        const column = g.mul(g.reshape(scale, [columns, 1]), 1 / columns);
        const rest = g.add(g.mul(normalised, g.gemm(product, column)), g.gemm(dy!, column));
        return g.mul(g.sub(g.mul(dy!, scale), rest), inverseDeviation!);
      },
      () => g.sum(product, [0]),
      () => g.sum(dy!, [0]),
    ];
  },
};

/**
 * Scores x [M, V] and the right columns [M] → −ln softmax(x)[target] [M], softmax(x) [M, V].
 * dx = (softmax − one-hot(target)) dy. The logarithm of Σeˣ comes from the likeliest column, whose probability is at
 * least 1/V: taken from the target's it would be infinite once that probability is below the smallest float.
 */
export const CrossEntropy: Operation<'CrossEntropy'> = {
  types: ([x, targets]) => {
    if (x!.shape.length !== 2 || !sameShape(targets!.shape, [x!.shape[0]!])) {
      throw new ShapeError('CrossEntropy', 'needs one target a row', x!.shape, targets!.shape);
    }
    return [
      { shape: targets!.shape, dtype: 'float32' },
      { shape: x!.shape, dtype: 'float32' },
    ];
  },
  emit: (onnx, [x, targets], [losses, probabilities]) => {
    const last = onnx.ints([1]);
    onnx.node('Softmax', [x!], [probabilities!], { axis: { int: -1 } });
    const highest = onnx.node1('ReduceMax', [x!, last], { keepdims: { int: 1 } });
    const likeliest = onnx.node1('ReduceMax', [probabilities!, last], { keepdims: { int: 1 } });
    const logSum = onnx.node1('Sub', [highest, onnx.node1('Log', [likeliest])]);
    const chosen = onnx.node1('GatherElements', [x!, onnx.node1('Unsqueeze', [targets!, last])], { axis: { int: 1 } });
    onnx.node('Squeeze', [onnx.node1('Sub', [logSum, chosen]), last], [losses!]);
  },
  gradient: (g, { inputs, outputs }, [dy]) => [
    () => {
      const rows = inputs[1]!.shape[0]!;
      const weights = g.reshape(dy!, [rows, 1]);
      const target = g.reshape(inputs[1]!, [rows, 1]);
      return g.apply('ScatterElements', [g.mul(outputs[1]!, weights), target, g.mul(weights, -1)], { axis: 1 });
    },
    null,
  ],
};
