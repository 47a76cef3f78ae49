/**
 * Scaled dot-product attention: queries q [B, H, T, D], keys k and values v [B, H, S, D], bias broadcasting to
 * [B, H, T, S] → o [B, H, T, D] and the weights p [B, H, T, S]: p = softmax(scale · q kᵀ + bias), o = p v.
 *
 * dv = pᵀ do, dp = do vᵀ, ds = p (dp − δ), dq = scale · ds k, dk = scale · dsᵀ q, where δ = Σ dp p over the keys. As
 * Σ dp p = Σ do o over the width (Dao et al. 2022), δ is taken from the [.., D] side: two passes over [.., S] less.
 */
import { broadcast, ShapeError, sameShape } from '../dimensions.ts';
import type { Value } from '../graph.ts';
import type { Operation } from './types.ts';

export const Attention: Operation<'Attention'> = {
  types: ([q, k, v, bias]) => {
    const fits =
      q!.shape.length === 4 && sameShape(k!.shape, v!.shape) && sameShape(q!.shape.with(2, 0), k!.shape.with(2, 0));
    if (!fits) throw new ShapeError('Attention', 'queries, keys and values do not fit', q!.shape, k!.shape, v!.shape);
    const scores = q!.shape.with(3, k!.shape[2]!);
    if (!sameShape(broadcast('Attention', scores, bias!.shape), scores)) {
      throw new ShapeError('Attention', 'the bias does not fit the scores', scores, bias!.shape);
    }
    return [
      { shape: q!.shape, dtype: 'float32' },
      { shape: scores, dtype: 'float32' },
    ];
  },
  emit: (onnx, [q, k, v, bias], [output, weights], { attributes: { scale } }) => {
    const scores = onnx.node1(
      'FusedMatMul',
      [q!, k!],
      { transB: { int: 1 }, alpha: { float: scale } },
      'com.microsoft',
    );
    onnx.node('Softmax', [onnx.node1('Add', [scores, bias!])], [weights!], { axis: { int: -1 } });
    onnx.node('MatMul', [weights!, v!], [output!]);
  },
  gradient: (g, { inputs, outputs, attributes: { scale } }, [dy]) => {
    const [q, k, v] = inputs as [Value, Value, Value];
    const [output, weights] = outputs as [Value, Value];
    const scoreGradient = (): Value => {
      const delta = g.sum(g.mul(dy!, output), [3], true); // [B, H, T, 1]
      return g.mul(weights, g.sub(g.matmul(dy!, v, { transB: true }), delta)); // [B, H, T, S]
    };
    return [
      () => g.matmul(scoreGradient(), k, { alpha: scale }),
      () => g.matmul(scoreGradient(), q, { transA: true, alpha: scale }),
      () => g.matmul(weights, dy!, { transA: true }),
      null,
    ];
  },
};
