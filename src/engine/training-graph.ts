/** The graphs of training: losses of labelled places, and the gradient of their weighted sum for every trained tensor. */
import { architectureOf, type ModelConfig } from './architectures/index.ts';
import type { AdapterValues, Parts } from './architectures/types.ts';
import { gradients } from './gradients.ts';
import { type FileRange, Graph, type Value } from './graph.ts';
import { type LoraConfig, loraNames, loraScaling, loraTargets } from './lora.ts';

export const gradientName = (parameter: string): string => `gradient of ${parameter}`;

export interface TrainingGraphOptions {
  /** Train an adapter and leave the weights alone; absent: train all weights. */
  lora?: LoraConfig;
  /** Where frozen weights lie in their file; absent: they are inputs. */
  mapped?: ReadonlyMap<string, FileRange>;
  /** Losses alone, without gradients. */
  lossOnly?: boolean;
}

/**
 * Inputs: input_ids [B, T], position_ids [T], rows [M] (which of the B·T places are labelled), targets [M], token_weights
 * [M], and the tensors. Outputs: nll [M], −ln p of each target; the gradients of Σ token_weights · nll, so that any loss
 * whose slope per token is known runs on the same graph: supervised (1 / count), preference losses (signs and weights).
 */
export function trainingGraph(config: ModelConfig, options: TrainingGraphOptions): Graph {
  const architecture = architectureOf(config);
  const g = new Graph();
  const inputIds = g.input('input_ids', ['B', 'T'], 'int64');
  const positionIds = g.input('position_ids', ['T'], 'int64');
  const rows = g.input('rows', ['M'], 'int64');
  const targets = g.input('targets', ['M'], 'int64');

  const { lora, mapped } = options;
  const trained = new Map<string, Value>();
  const weights = new Map<string, Value>();
  for (const [name, shape] of architecture.weights) {
    const range = mapped?.get(name);
    const value = range ? g.mappedWeight(name, shape, range) : g.input(name, shape);
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

  const parts: Parts = { weight: (name) => weights.get(name)!, adapter: (layer) => adapters.get(layer) };
  // Padding stands on the right, where causal attention never looks back from it: no mask is needed.
  const causalBias = g.apply('CausalBias', [inputIds], {});
  const { hiddenStates } = architecture.build(g, parts, { inputIds, positionIds, causalBias });
  // Only labelled places reach the head: [N, C] → [M, C].
  const labelled = g.apply('Gather', [hiddenStates.at(-1)!, rows], { distinct: true });
  const nll = g.apply('LinearCrossEntropy', [labelled, parts.weight(architecture.headTable), targets], {});
  g.output('nll', nll);
  if (options.lossOnly) return g;

  const tokenWeights = g.input('token_weights', ['M']);
  const values = gradients(g, nll, tokenWeights, [...trained.values()]);
  for (const [i, name] of [...trained.keys()].entries()) g.output(gradientName(name), values[i]!);
  return g;
}
