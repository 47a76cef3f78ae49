/** What an architecture offers the engine, and what it is given to build itself from. */

import type { Graph, Value } from '../graph.ts';

/** A linear layer an adapter can sit on. `fanInFanOut`: its weight is stored [in, out], as GPT-2's Conv1D does. */
export interface LinearLayer {
  readonly name: string;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly fanInFanOut: boolean;
}

export interface AdapterValues {
  readonly a: Value; // [r, in]
  readonly b: Value; // [out, r]
  readonly scaling: number;
}

/** Where the parts of a model come from: graph inputs when training, a mapped file when serving. */
export interface Parts {
  weight(name: string): Value;
  /** The adapter on a linear layer, if there is one. */
  adapter(layer: string): AdapterValues | undefined;
}

export interface CachedKeys {
  readonly key: Value; // [B, H, P, D]
  readonly value: Value; // [B, H, P, D]
}

export interface ModelInputs {
  readonly inputIds: Value; // [B, T]
  readonly positionIds: Value; // [T] or [B, T]
  readonly causalBias: Value; // broadcasts to [B, H, T, S]
  readonly past?: readonly CachedKeys[]; // one a layer
}

export interface ModelOutputs {
  /** layers + 1 of [N, C], N = B·T, in Hugging Face's order: the embedding, each block, the last one after the final norm. */
  readonly hiddenStates: readonly Value[];
  readonly present: readonly CachedKeys[];
}

export interface Architecture {
  /** Names as in model.safetensors → shapes. */
  readonly weights: ReadonlyMap<string, readonly number[]>;
  /** Every linear layer of the blocks, in order; not the head. */
  readonly linears: readonly LinearLayer[];
  readonly layers: number;
  readonly heads: number;
  readonly headSize: number;
  readonly hiddenSize: number;
  readonly vocabSize: number;
  readonly window: number;
  /** The weight [V, C] whose rows score the tokens: logits = hidden · tableᵀ. */
  readonly headTable: string;
  /** Standard deviation of a weight's first values; 0 keeps it zero, null one (norms). */
  initialDeviation(weight: string): number | null;
  build(g: Graph, parts: Parts, inputs: ModelInputs): ModelOutputs;
}
