/** The whole model as one graph with its cache going in and out, as transformers.js's generate() asks for it. */
import { architectureOf, type ModelConfig } from './architectures/index.ts';
import type { AdapterValues } from './architectures/types.ts';
import { type FileRange, Graph } from './graph.ts';
import { loraNames } from './lora.ts';
import { partsOf } from './parts.ts';

export const pastName = (layer: number, part: 'key' | 'value'): string => `past_key_values.${layer}.${part}`;
export const presentName = (layer: number, part: 'key' | 'value'): string => `present.${layer}.${part}`;
export const hiddenName = (layer: number): string => `hidden_states.${layer}`;

/**
 * Inputs: input_ids and position_ids [B, T], attention_mask [B, P+T], rows [M] (the places whose logits are wanted),
 * past_key_values.N.key|value [B, H, P, D], and under peft's names the adapter, A [R, in] and B [out, R] with the scaling
 * already in B. Outputs: logits [M, V], present.N.key|value [B, H, P+T, D], hidden_states.N [B·T, C].
 */
export function servingGraph(config: ModelConfig, mapped: ReadonlyMap<string, FileRange>): Graph {
  const architecture = architectureOf(config);
  const g = new Graph();
  const inputIds = g.input('input_ids', ['B', 'T'], 'int64');
  const attentionMask = g.input('attention_mask', ['B', 'P+T'], 'int64');
  const positionIds = g.input('position_ids', ['B', 'T'], 'int64');
  const rows = g.input('rows', ['M'], 'int64');
  const cacheShape = ['B', architecture.keyValueHeads, 'P', architecture.headSize];
  const past = Array.from({ length: architecture.layers }, (_, layer) => ({
    key: g.input(pastName(layer, 'key'), cacheShape),
    value: g.input(pastName(layer, 'value'), cacheShape),
  }));
  const adapters = new Map<string, AdapterValues>();
  for (const { name, inFeatures, outFeatures } of architecture.linears) {
    const names = loraNames(name);
    adapters.set(name, { a: g.input(names.a, ['R', inFeatures]), b: g.input(names.b, [outFeatures, 'R']), scaling: 1 });
  }

  const parts = partsOf(g, architecture.weights, new Map(), mapped, adapters);
  const causalBias = g.apply('CausalBias', [inputIds, attentionMask], {});
  const { hiddenStates, present } = architecture.build(g, parts, { inputIds, positionIds, causalBias, past });
  const wanted = g.apply('Gather', [hiddenStates.at(-1)!, rows], { distinct: true }); // [M, C]
  g.output('logits', g.gemm(wanted, parts.weight(architecture.headTable), { transB: true }));
  for (const [layer, { key, value }] of present.entries()) {
    g.output(presentName(layer, 'key'), key);
    g.output(presentName(layer, 'value'), value);
  }
  for (const [layer, hidden] of hiddenStates.entries()) g.output(hiddenName(layer), hidden);
  return g;
}
