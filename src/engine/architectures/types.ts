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
  /** Rows of a weight [V, C], one an index. @param distinct no index comes twice. */
  rows(name: string, indices: Value, distinct: boolean): Value;
  /** A weight [V, C] in parts of its rows, in order: one, unless it is too large to be made float32 as a whole. */
  table(name: string): readonly Value[];
  /** x [N, in] times the weight of a linear layer → [N, out], where that is kept in a form of its own. */
  product?(x: Value, layer: string): Value | undefined;
  /** The adapter on a linear layer, if there is one. */
  adapter(layer: string): AdapterValues | undefined;
}

export interface CachedKeys {
  readonly key: Value; // [B, G, P, D], G key-value heads
  readonly value: Value; // [B, G, P, D]
}

/** How far a cache that is written in place is filled, as GroupQueryAttention takes it. */
export interface CacheLength {
  readonly last: Value; // [B], int32
  readonly total: Value; // [], int32
}

export interface ModelInputs {
  readonly inputIds: Value; // [B, T]
  readonly positionIds: Value; // [T] or [B, T]
  readonly causalBias?: Value; // broadcasts to [B, H, T, S]; for all but caches written in place
  readonly past?: readonly CachedKeys[]; // one a layer
  /** With it `past` has room for more tokens than it holds, and the new ones are written into it. */
  readonly cacheLength?: CacheLength;
}

export interface ModelOutputs {
  /** layers + 1 of [N, C], N = B·T, in Hugging Face's order: the embedding, each block, the last one after the final norm. */
  readonly hiddenStates: readonly Value[];
  readonly present: readonly CachedKeys[];
}

/** What is looked for in a model's files. */
export interface WeightLayout {
  /** Names as in model.safetensors → shapes. */
  readonly weights: ReadonlyMap<string, readonly number[]>;
  /** Other names files give a weight. */
  aliases(weight: string): readonly string[];
}

/** A causal language model. */
export interface Architecture extends WeightLayout {
  /** Every linear layer of the blocks, in order; not the head. */
  readonly linears: readonly LinearLayer[];
  /** Linear layers that read the same numbers: a brain in use multiplies by their weights at once. */
  readonly together?: readonly (readonly string[])[];
  readonly layers: number;
  readonly heads: number;
  /** Fewer than `heads` where several queries share a key (grouped-query attention). */
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly hiddenSize: number;
  readonly vocabSize: number;
  readonly window: number;
  /**
   * Whether the Trainer counts a row's first label, which nothing predicts, among those it divides a loss by. It does for
   * classes whose name it does not take for a causal model's (GPT2LMHeadModel; transformers 5.23, Trainer._loss_shifts_labels).
   */
  readonly countsFirstLabel: boolean;
  /** The weight [V, C] whose rows score the tokens: logits = hidden · tableᵀ. */
  readonly headTable: string;
  /** Standard deviation of a weight's first values; 0 keeps it zero, null one (norms). */
  initialDeviation(weight: string): number | null;
  build(g: Graph, parts: Parts, inputs: ModelInputs): ModelOutputs;
}

export interface EncoderInputs {
  readonly inputIds: Value; // [B, T]
  readonly positionIds: Value; // [B, T]
  readonly paddingBias: Value; // broadcasts to [B, H, T, T]
}

/** A model that reads a whole text at once and says nothing: every token sees those before and after it. */
export interface EncoderArchitecture extends WeightLayout {
  readonly layers: number;
  readonly heads: number;
  readonly headSize: number;
  readonly hiddenSize: number;
  readonly vocabSize: number;
  /** Most tokens at once, its own included. */
  readonly window: number;
  /** Position ids of one text; what padding behind it gets changes nothing, as nobody looks at it. */
  positions(ids: readonly number[]): number[];
  readonly padId: number;
  /** The first `layers` layers: layers + 1 of [N, C], N = B·T, the embeddings first. */
  build(g: Graph, weight: (name: string) => Value, inputs: EncoderInputs, layers: number): readonly Value[];
}
