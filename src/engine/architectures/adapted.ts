/** What an adapter adds to a linear layer (Hu et al. 2021). */
import type { Graph, Value } from '../graph.ts';
import type { AdapterValues } from './types.ts';

/** y + scaling · (x Aᵀ) Bᵀ. @param x [N, in], what the layer read. @param y [N, out], what it made of it. */
export function adapted(g: Graph, x: Value, y: Value, adapter: AdapterValues | undefined): Value {
  if (!adapter) return y;
  return g.gemm(narrowed(g, x, adapter), adapter.b, { transB: true, alpha: adapter.scaling, plus: y });
}

/** x Aᵀ [N, r]; of joined layers one product makes all. */
function narrowed(g: Graph, x: Value, { a, joined }: AdapterValues): Value {
  if (!joined) return g.gemm(x, a, { transB: true });
  const all = g.gemm(x, g.apply('Concat', joined.all, { axis: 0 }), { transB: true }); // [N, r · layers]
  return g.applyAll('Split', [all], { axis: 1, parts: joined.all.length })[joined.place]!;
}
