/** The loss of a language model's head: −ln p of the right tokens. */
import type { Graph, Value } from './graph.ts';

/**
 * −ln softmax(h Wᵀ) at the right tokens: ln Σ e^(h Wᵀ) − h · W[right], [M]. Of the table W only its parts are read, one after
 * another, so that neither the scores of all tokens nor a table kept in half precision are ever whole in memory as float32.
 * @param hidden h [M, C]. @param right W[right] [M, C]. @param table W, as parts [Vᵢ, C] of its rows.
 */
export function crossEntropy(g: Graph, hidden: Value, right: Value, table: readonly Value[]): Value {
  const sums = table.map((part) => g.apply('LinearLogSumExp', [hidden, part], {})); // [M, 1] each
  const logSum = sums.length === 1 ? sums[0]! : g.apply('ReduceLogSumExp', [g.apply('Concat', sums, { axis: 1 })], {});
  const chosen = g.sum(g.mul(hidden, right), [1], true); // [M, 1]
  return g.reshape(g.sub(logSum, chosen), [hidden.shape[0]!]);
}
