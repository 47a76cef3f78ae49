/** The graphs of training: losses of labelled places, and the gradient of their weighted sum for every trained tensor. */
import { architectureOf, type ModelConfig } from './architectures/index.ts';
import type { AdapterValues } from './architectures/types.ts';
import { crossEntropy } from './cross-entropy.ts';
import type { Dimension } from './dimensions.ts';
import { CHEAP, gradientParts } from './gradients.ts';
import { Graph, type Value } from './graph.ts';
import { type LoraConfig, loraNames, loraScaling, loraTargets } from './lora.ts';
import { partsOf } from './parts.ts';
import type { FrozenWeights } from './weights-file.ts';

export const gradientName = (parameter: string): string => `gradient of ${parameter}`;
const rowsName = (parameter: string, part: number): string => `rows ${part} for the gradient of ${parameter}`;
const indicesName = (parameter: string, part: number): string => `indices ${part} for the gradient of ${parameter}`;

/** Rows that have yet to be added to a parameter's gradient, as outputs of the graph. */
export interface SparseOutput {
  readonly parameter: string;
  /** Output of shape [K, C]. */
  readonly rows: string;
  /** Output of shape [K], int64. */
  readonly indices: string;
  /** K, in the graph's symbols B, T and M. */
  readonly count: Dimension;
  /** C. */
  readonly width: number;
}

export interface TrainingGraph {
  readonly graph: Graph;
  /** Parameters whose gradient is an output; that of the others is `sparse` alone, added to zeros. */
  readonly dense: readonly string[];
  readonly sparse: readonly SparseOutput[];
}

export interface TrainingGraphOptions {
  /** Train an adapter and leave the weights alone; absent: train all weights. */
  lora?: LoraConfig;
  /** Where frozen weights lie in their file, in the precision they are stored in; absent: they are inputs. */
  frozen?: FrozenWeights;
  /** Losses alone, without gradients. */
  lossOnly?: boolean;
}

/**
 * Inputs: input_ids [B, T], position_ids [T], rows [M] (which of the B·T places are labelled), targets [M], token_weights
 * [M], and the tensors. Outputs: nll [M], −ln p of each target; the gradients of Σ token_weights · nll, those of a table's
 * single rows apart, so that any loss
 * whose slope per token is known runs on the same graph: supervised (1 / count), preference losses (signs and weights).
 */
export function trainingGraph(config: ModelConfig, options: TrainingGraphOptions): TrainingGraph {
  const architecture = architectureOf(config);
  const g = new Graph();
  const inputIds = g.input('input_ids', ['B', 'T'], 'int64');
  const positionIds = g.input('position_ids', ['T'], 'int64');
  const rows = g.input('rows', ['M'], 'int64');
  const targets = g.input('targets', ['M'], 'int64');

  const { lora, frozen } = options;
  const trained = new Map<string, Value>();
  const weights = new Map<string, Value>();
  for (const [name, shape] of architecture.weights) {
    if (frozen) continue;
    const value = g.input(name, shape);
    weights.set(name, value);
    if (!lora) trained.set(name, value);
  }
  const adapters = new Map<string, AdapterValues>();
  for (const { name, inFeatures, outFeatures } of lora ? loraTargets(config, lora) : []) {
    const names = loraNames(name);
    const a = g.input(names.a, [lora!.r, inFeatures]);
    const b = g.input(names.b, [outFeatures, lora!.r]);
    adapters.set(name, { a, b, scaling: loraScaling(lora!) });
    trained.set(names.a, a).set(names.b, b);
  }

  const sources = partsOf(g, architecture.weights, weights, frozen?.mapped, adapters, frozen?.panels);
  // Padding stands on the right, where causal attention never looks back from it: no mask is needed.
  const causalBias = g.apply('CausalBias', [inputIds], {});
  const { hiddenStates } = architecture.build(g, sources, { inputIds, positionIds, causalBias });
  // Only labelled places reach the head: [N, C] → [M, C].
  const labelled = g.apply('Gather', [hiddenStates.at(-1)!, rows], { distinct: true });
  const right = sources.rows(architecture.headTable, targets, false); // [M, C]
  const nll = crossEntropy(g, labelled, right, sources.table(architecture.headTable)); // [M]
  g.output('nll', nll);
  if (options.lossOnly) return { graph: g, dense: [], sparse: [] };

  const tokenWeights = g.input('token_weights', ['M']);
  const remade = lora ? CHEAP : undefined;
  const parts = gradientParts(g, nll, tokenWeights, [...trained.values()], remade);
  const dense: string[] = [];
  const sparse: SparseOutput[] = [];
  for (const [i, parameter] of [...trained.keys()].entries()) {
    const gradient = parts[i]!;
    if (gradient.dense) {
      g.output(gradientName(parameter), gradient.dense);
      dense.push(parameter);
    }
    for (const [part, { rows, indices }] of gradient.sparse.entries()) {
      const names = { rows: rowsName(parameter, part), indices: indicesName(parameter, part) };
      g.output(names.rows, rows);
      g.output(names.indices, indices);
      sparse.push({ parameter, ...names, count: rows.shape[0]!, width: Number(rows.shape[1]) });
    }
  }
  return { graph: g, dense, sparse };
}
