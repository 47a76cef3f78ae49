/** The graphs of a brain in use: the blocks with a cache written in place, and the head, which nothing is adapted in. */
import { architectureOf, type ModelConfig } from './architectures/index.ts';
import type { AdapterValues, Parts } from './architectures/types.ts';
import { Graph, type Value } from './graph.ts';
import { hiddenName, pastName, presentName } from './graph-names.ts';
import { loraNames } from './lora.ts';
import { cacheWidth } from './operations/cached-attention.ts';
import { BLOCK_SIZE, blocksAcross, panelShape } from './packing.ts';
import { partsOf } from './parts.ts';
import { type PackedMatrix, packedName, type ServingWeights } from './serving-weights.ts';

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
  const parts = servingParts(g, config, weights, pairs);
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
  const g = new Graph();
  g.output('logits', head(g, config, weights, g.input('hidden', ['M', architectureOf(config).hiddenSize])));
  return g;
}

/** Inputs: hidden [M, C], after the last norm, and targets [M]. Output: nll [M], −ln p of each target. */
export function measuringHeadGraph(config: ModelConfig, weights: ServingWeights): Graph {
  const g = new Graph();
  const logits = head(g, config, weights, g.input('hidden', ['M', architectureOf(config).hiddenSize]));
  g.output('nll', g.apply('CrossEntropy', [logits, g.input('targets', ['M'], 'int64')], {}));
  return g;
}

function head(g: Graph, config: ModelConfig, weights: ServingWeights, hidden: Value): Value {
  const { headTable } = architectureOf(config);
  const packed = packedProduct(g, weights, hidden, headTable);
  return packed ?? g.gemm(hidden, servingParts(g, config, weights).weight(headTable), { transB: true });
}

function servingParts(
  g: Graph,
  config: ModelConfig,
  weights: ServingWeights,
  adapters: ReadonlyMap<string, AdapterValues> = new Map(),
): Parts {
  return {
    ...partsOf(g, architectureOf(config).weights, new Map(), weights.mapped, adapters),
    product: (x, layer) => packedProduct(g, weights, x, `${layer}.weight`),
  };
}

/** x [N, in] times a packed weight → [N, out]; undefined where the weight is a plain one. */
function packedProduct(g: Graph, { packed }: ServingWeights, x: Value, weight: string): Value | undefined {
  const matrix = packed.get(weight);
  if (matrix === undefined) return undefined;
  // Asked for each of the weights in it, the graph makes the product once.
  const whole = matrix.form === 'panels' ? panelProduct(g, x, matrix) : blockProduct(g, x, matrix);
  if (matrix.weights.length === 1) return whole;
  return g.applyAll('SplitColumns', [whole], { sizes: matrix.sizes })[matrix.weights.indexOf(weight)]!;
}

function panelProduct(g: Graph, x: Value, matrix: PackedMatrix & { form: 'panels' }): Value {
  const panels = g.mappedWeight(packedName(matrix, 'panels'), panelShape(matrix), matrix.panels);
  return g.apply('MatMulPanels', [x, panels], { columns: matrix.outFeatures });
}

function blockProduct(g: Graph, x: Value, matrix: PackedMatrix & { form: 'blocks' }): Value {
  const { bits, inFeatures, outFeatures } = matrix;
  const shape = [outFeatures, blocksAcross(matrix)];
  const name = packedName(matrix, bits === 4 ? 'blocks4' : 'blocks8');
  const blocks = g.mappedWeight(name, [...shape, 4 * bits], matrix.blocks, 'uint8');
  const scales = g.mappedWeight(packedName(matrix, 'scales'), shape, matrix.scales);
  const y = g.apply('MatMulNBits', [x, blocks, scales], { inFeatures, bits });
  if (matrix.offsets === undefined) return y;
  // What a block's offset adds is the offset times the sum of the block's inputs.
  const sums = g.sum(g.reshape(x, [x.shape[0]!, blocksAcross(matrix), BLOCK_SIZE]), [2]);
  const offsets = g.mappedWeight(packedName(matrix, 'offsets'), shape, matrix.offsets);
  return g.gemm(sums, offsets, { transB: true, plus: y });
}
