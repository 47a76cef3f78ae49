/** The graphs of a brain in use: the blocks with a cache written in place, and the head, which nothing is adapted in. */
import { architectureOf, type ModelConfig } from './architectures/index.ts';
import type { AdapterValues, Parts } from './architectures/types.ts';
import { type FileRange, Graph } from './graph.ts';
import { loraNames } from './lora.ts';
import { cacheWidth } from './operations/cached-attention.ts';
import { hiddenName, pastName, presentName } from './serving-graph.ts';

/** Where the weights lie. */
export interface ServingWeights {
  readonly mapped: ReadonlyMap<string, FileRange>;
}

/** The shape of a layer's keys, and of its values, in a cache for `capacity` tokens of one text. */
export function cacheShape<Size extends number | string>(config: ModelConfig, capacity: Size): (number | Size)[] {
  const { keyValueHeads, headSize } = architectureOf(config);
  return [1, keyValueHeads, capacity, cacheWidth(headSize)];
}

/**
 * Inputs: input_ids [1, T] and position_ids [T], last [1] and total [] (the index of the last token and how many there are
 * with it, int32), past_key_values.N.key|value with room for S tokens, and with `adapters`, under peft's names, A [R, in] and
 * B [out, R] with the scaling already in B; R may be 0. Outputs: hidden_states.N [T, C], present.N.key|value: give them the
 * memory of the inputs.
 */
export function bodyGraph(config: ModelConfig, weights: ServingWeights, { adapters }: { adapters: boolean }): Graph {
  const architecture = architectureOf(config);
  const g = new Graph();
  const inputIds = g.input('input_ids', [1, 'T'], 'int64');
  const positionIds = g.input('position_ids', ['T'], 'int64');
  const cacheLength = { last: g.input('last', [1], 'int32'), total: g.input('total', [], 'int32') };
  const shape = cacheShape(config, 'S');
  const past = Array.from({ length: architecture.layers }, (_, layer) => ({
    key: g.input(pastName(layer, 'key'), shape),
    value: g.input(pastName(layer, 'value'), shape),
  }));
  const pairs = new Map<string, AdapterValues>();
  for (const { name, inFeatures, outFeatures } of adapters ? architecture.linears : []) {
    const names = loraNames(name);
    pairs.set(name, { a: g.input(names.a, ['R', inFeatures]), b: g.input(names.b, [outFeatures, 'R']), scaling: 1 });
  }
  const parts = partsOf(g, config, weights, pairs);
  const { hiddenStates, present } = architecture.build(g, parts, { inputIds, positionIds, past, cacheLength });
  for (const [layer, { key, value }] of present.entries()) {
    g.output(presentName(layer, 'key'), key);
    g.output(presentName(layer, 'value'), value);
  }
  for (const [layer, hidden] of hiddenStates.entries()) g.output(hiddenName(layer), hidden);
  return g;
}

/** Input: hidden [M, C], after the last norm. Output: logits [M, V]. */
export function scoringHeadGraph(config: ModelConfig, weights: ServingWeights): Graph {
  const { hiddenSize, headTable } = architectureOf(config);
  const g = new Graph();
  const hidden = g.input('hidden', ['M', hiddenSize]);
  g.output('logits', g.gemm(hidden, partsOf(g, config, weights).weight(headTable), { transB: true }));
  return g;
}

/** Inputs: hidden [M, C], after the last norm, and targets [M]. Output: nll [M], −ln p of each target. */
export function measuringHeadGraph(config: ModelConfig, weights: ServingWeights): Graph {
  const { hiddenSize, headTable } = architectureOf(config);
  const g = new Graph();
  const hidden = g.input('hidden', ['M', hiddenSize]);
  const targets = g.input('targets', ['M'], 'int64');
  const table = partsOf(g, config, weights).weight(headTable);
  g.output('nll', g.apply('LinearCrossEntropy', [hidden, table, targets], {}));
  return g;
}

function partsOf(
  g: Graph,
  config: ModelConfig,
  { mapped }: ServingWeights,
  adapters: ReadonlyMap<string, AdapterValues> = new Map(),
): Parts {
  const shapes = architectureOf(config).weights;
  return {
    weight: (name) => g.mappedWeight(name, shapes.get(name)!, mapped.get(name)!),
    adapter: (layer) => adapters.get(layer),
  };
}
