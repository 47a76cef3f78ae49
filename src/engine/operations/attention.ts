/**
 * Scaled dot-product attention: queries q [B, H, T, D], keys k and values v [B, G, S, D], bias broadcasting to
 * [B, H, T, S] → o [B, H, T, D] and the weights p [B, H, T, S]: p = softmax(scale · q kᵀ + bias), o = p v.
 * With fewer key-value heads than queries (Ainslie et al. 2023) H/G neighbouring queries look at the same keys: seen as
 * [B, G, H/G·T, D], a view, they are the rows of one product, and their keys' gradients are summed by it.
 *
 * dv = pᵀ do, dp = do vᵀ, ds = p (dp − δ), dq = scale · ds k, dk = scale · dsᵀ q, where δ = Σ dp p over the keys. As
 * Σ dp p = Σ do o over the width (Dao et al. 2022), δ is taken from the [.., D] side: two passes over [.., S] less.
 */
import { broadcast, productOf, type Shape, ShapeError, sameShape } from '../dimensions.ts';
import type { Value } from '../graph.ts';
import type { Operation } from './types.ts';

export const Attention: Operation<'Attention'> = {
  types: ([q, k, v, bias]) => {
    const [B, H, T, D] = q!.shape;
    const [, G, S] = k!.shape;
    const fits = q!.shape.length === 4 && sameShape(k!.shape, v!.shape) && sameShape(k!.shape, [B!, G!, S!, D!]);
    if (!fits || Number(H) % Number(G) !== 0)
      throw new ShapeError('Attention', 'queries, keys and values do not fit', q!.shape, k!.shape, v!.shape);
    const scores = [B!, H!, T!, S!];
    if (!sameShape(broadcast('Attention', scores, bias!.shape), scores)) {
      throw new ShapeError('Attention', 'the bias does not fit the scores', scores, bias!.shape);
    }
    return [
      { shape: q!.shape, dtype: 'float32' },
      { shape: scores, dtype: 'float32' },
    ];
  },
  emit: (onnx, [q, k, v, bias], [output, weights], { inputs, outputs, attributes: { scale } }) => {
    const [queries, keys] = [inputs[0]!.shape, inputs[1]!.shape];
    const isGrouped = queries[1] !== keys[1];
    const view = (x: string, shape: Shape): string => onnx.node1('Reshape', [x, onnx.shape(shape)]);
    const product = { transB: { int: 1 }, alpha: { float: scale } };
    const grouped = isGrouped ? view(q!, groupedShape(queries, keys)) : q!;
    let scores = onnx.node1('FusedMatMul', [grouped, k!], product, 'com.microsoft');
    if (isGrouped) scores = view(scores, outputs[1]!.shape);
    onnx.node('Softmax', [onnx.node1('Add', [scores, bias!])], [weights!], { axis: { int: -1 } });
    // Made again on the way back, only the weights are wanted.
    if (!onnx.isWanted(outputs[0]!)) return;
    if (!isGrouped) return onnx.node('MatMul', [weights!, v!], [output!]);
    const mixed = onnx.node1('MatMul', [view(weights!, groupedShape(outputs[1]!.shape, keys)), v!]);
    onnx.node('Reshape', [mixed, onnx.shape(queries)], [output!]);
  },
  gradient: (g, { inputs, outputs, attributes: { scale } }, [dy]) => {
    const [q, k, v] = inputs as [Value, Value, Value];
    const [output, weights] = outputs as [Value, Value];
    const grouped = (x: Value): Value =>
      sameShape(x.shape, groupedShape(x.shape, k.shape)) ? x : g.reshape(x, groupedShape(x.shape, k.shape));
    const scoreGradient = (): Value => {
      const delta = g.sum(g.mul(dy!, output), [3], true); // [B, H, T, 1]
      const looked = g.matmul(grouped(dy!), v, { transB: true }); // [B, G, H/G·T, S]
      return g.mul(weights, g.sub(g.reshape(looked, weights.shape), delta)); // [B, H, T, S]
    };
    return [
      () => g.reshape(g.matmul(grouped(scoreGradient()), k, { alpha: scale }), q.shape),
      () => g.matmul(grouped(scoreGradient()), grouped(q), { transA: true, alpha: scale }),
      () => g.matmul(grouped(weights), grouped(dy!), { transA: true }),
      null,
    ];
  },
};

/** [B, H, T, X] seen as [B, G, H/G·T, X]. */
function groupedShape([B, H, T, X]: Shape, [, G]: Shape): Shape {
  return [B!, G!, productOf([Number(H) / Number(G), T!]), X!];
}
