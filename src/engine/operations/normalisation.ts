/** Operations that weigh numbers against their neighbours on the last axis: softmax, layer normalisation, the loss. */
import { ShapeError, sameShape } from '../dimensions.ts';
import type { Emitter } from '../emit.ts';
import type { Value } from '../graph.ts';
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
 * RMSNorm (Zhang & Sennrich 2019): x [N, C], scale [C] → y, 1/ρ [N, 1], ρ² = mean(x²) + ε. n = x/ρ, y = n scale.
 * With d = dy scale: dx = (d − n mean(d n)) / ρ (means over C).
 */
export const SimplifiedLayerNormalization: Operation<'SimplifiedLayerNormalization'> = {
  types: ([x, scale]) => {
    const [rows, columns] = x!.shape;
    if (x!.shape.length !== 2 || !sameShape(scale!.shape, [columns!]))
      throw new ShapeError('SimplifiedLayerNormalization', 'weights do not fit', x!.shape, scale!.shape);
    return [
      { shape: x!.shape, dtype: 'float32' },
      { shape: [rows!, 1], dtype: 'float32' },
    ];
  },
  emit: (onnx, inputs, outputs, { attributes }) =>
    onnx.node('SimplifiedLayerNormalization', inputs, outputs, {
      axis: { int: -1 },
      epsilon: { float: attributes.epsilon },
      stash_type: { int: 1 },
    }),
  gradient: (g, { inputs, outputs }, [dy]) => {
    const [x, scale] = [inputs[0]!, inputs[1]!];
    const inverse = outputs[1]!;
    const columns = x.shape[1];
    if (typeof columns !== 'number')
      throw new ShapeError('SimplifiedLayerNormalization', 'needs a known last axis', x.shape);
    const normalised = g.mul(x, inverse);
    const product = g.mul(dy!, normalised);
    return [
      () => {
        const column = g.mul(g.reshape(scale, [columns, 1]), 1 / columns);
        return g.mul(g.sub(g.mul(dy!, scale), g.mul(normalised, g.gemm(product, column))), inverse);
      },
      () => g.sum(product, [0]),
    ];
  },
};

/**
 * A language model's head, and what its loss needs of all scores: rows h [M, C], table W [V, C] (one row a token) →
 * ln Σ e^(h Wᵀ) [M, 1]; p = softmax(h Wᵀ) [M, V]; p W [M, C], the token the model expects on average: dh = dy (p W),
 * dW = pᵀ (dy h). No second array of all M · V scores is made, and where the table is not trained p is done with at once.
 * The logarithm comes from the likeliest token, whose probability is at least 1/V.
 */
export const LinearLogSumExp: Operation<'LinearLogSumExp'> = {
  types: ([h, table]) => {
    if (h!.shape.length !== 2 || h!.shape[1] !== table!.shape[1])
      throw new ShapeError('LinearLogSumExp', 'rows and table do not fit', h!.shape, table!.shape);
    return [
      { shape: [h!.shape[0]!, 1], dtype: 'float32' },
      { shape: [h!.shape[0]!, table!.shape[0]!], dtype: 'float32' },
      { shape: h!.shape, dtype: 'float32' },
    ];
  },
  emit: (onnx, [h, table], [logSum, probabilities, average], node) => {
    const last = onnx.ints([1]);
    const scores = onnx.node1('Gemm', [h!, table!], { transB: { int: 1 } });
    onnx.node('Softmax', [scores], [probabilities!], { axis: { int: -1 } });
    const highest = onnx.node1('ReduceMax', [scores, last], { keepdims: { int: 1 } });
    const likeliest = onnx.node1('ReduceMax', [probabilities!, last], { keepdims: { int: 1 } });
    const sum = [highest, onnx.node1('Log', [likeliest])];
    if (!onnx.isWanted(node.outputs[2]!)) return onnx.node('Sub', sum, [logSum!]);
    // Handed out together: else onnxruntime makes each part's average on the way back, and keeps all parts' p for it.
    const both = [onnx.node1('Sub', sum), onnx.node1('Gemm', [probabilities!, table!])];
    const sizes = onnx.ints([1, Number(node.inputs[0]!.shape[1])]);
    onnx.node('Split', [onnx.node1('Concat', both, { axis: { int: 1 } }), sizes], [logSum!, average!], {
      axis: { int: 1 },
    });
  },
  gradient: (g, { inputs, outputs }, [dy]) => {
    const [h] = inputs as [Value, Value];
    const [, probabilities, average] = outputs as [Value, Value, Value];
    return [() => g.mul(average, dy!), () => g.gemm(probabilities, g.mul(h, dy!), { transA: true })];
  },
};

/** y = ln Σ eˣ over the last axis of x [M, K], kept as size 1: dx = dy e^(x − y). */
export const ReduceLogSumExp: Operation<'ReduceLogSumExp'> = {
  types: ([x]) => [{ shape: [...x!.shape.slice(0, -1), 1], dtype: 'float32' }],
  emit: (onnx, [x], outputs, { inputs }) => {
    const last = onnx.ints([inputs[0]!.shape.length - 1]);
    onnx.node('ReduceLogSumExp', [x!, last], outputs, { keepdims: { int: 1 } });
  },
  gradient: (g, { inputs, outputs }, [dy]) => [() => g.mul(dy!, g.apply('Exp', [g.sub(inputs[0]!, outputs[0]!)], {}))],
};

/** Scores s [M, V], the right tokens t [M] → −ln p [M] at t and p [M, V], p = softmax(s). With w = dy: ds = w (p − one at t). */
export const CrossEntropy: Operation<'CrossEntropy'> = {
  types: ([scores, targets]) => {
    if (scores!.shape.length !== 2 || !sameShape(targets!.shape, [scores!.shape[0]!]))
      throw new ShapeError('CrossEntropy', 'scores and targets do not fit', scores!.shape, targets!.shape);
    return [
      { shape: targets!.shape, dtype: 'float32' },
      { shape: scores!.shape, dtype: 'float32' },
    ];
  },
  emit: (onnx, [scores, targets], [losses, probabilities]) =>
    emitCrossEntropy(onnx, scores!, targets!, losses!, probabilities!),
  gradient: (g, { inputs: [, targets], outputs: [, probabilities] }, [dy]) => [
    () => {
      const column = [targets!.shape[0]!, 1];
      const weights = g.reshape(dy!, column);
      const inputs = [g.mul(probabilities!, weights), g.reshape(targets!, column), g.mul(weights, -1)];
      return g.apply('ScatterElements', inputs, { axis: 1 });
    },
    null,
  ],
};

/** The logarithm of Σeˢ comes from the likeliest token, whose probability is at least 1/V. */
function emitCrossEntropy(onnx: Emitter, scores: string, targets: string, losses: string, probabilities: string): void {
  const last = onnx.ints([1]);
  onnx.node('Softmax', [scores], [probabilities], { axis: { int: -1 } });
  const highest = onnx.node1('ReduceMax', [scores, last], { keepdims: { int: 1 } });
  const likeliest = onnx.node1('ReduceMax', [probabilities, last], { keepdims: { int: 1 } });
  const logSum = onnx.node1('Sub', [highest, onnx.node1('Log', [likeliest])]);
  const column = onnx.node1('Unsqueeze', [targets, last]);
  const chosen = onnx.node1('GatherElements', [scores, column], { axis: { int: 1 } });
  onnx.node('Squeeze', [onnx.node1('Sub', [logSum, chosen]), last], [losses]);
}
