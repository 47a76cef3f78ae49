/**
 * A brain in use: base weights mapped from their file, an adapter that can be swapped between calls; answers token by token,
 * as logits, log-probabilities or hidden states. One call at a time.
 */
import { dirname } from 'node:path';
import { UserError } from '../errors.ts';
import { architectureOf, type ModelConfig } from './architectures/index.ts';
import type { Architecture } from './architectures/types.ts';
import { bodyGraph, measuringHeadGraph, scoringHeadGraph } from './decoding-graph.ts';
import type { Graph } from './graph.ts';
import { hiddenName } from './graph-names.ts';
import { KeyValueCache } from './key-value-cache.ts';
import { type AdapterWeights, checkAdapter, loraNames, loraScaling } from './lora.ts';
import type { ServingWeights } from './serving-weights.ts';
import { type InferenceSession, int64Tensor, openSession, runInto, type SessionOptions, Tensor } from './session.ts';
import { toFloat32 } from './tensor.ts';
import { mapServingWeights } from './weights-file.ts';

export interface ServingOptions {
  /**
   * Float32 .safetensors, or one whose matrices are packed (serving-weights.ts), mapped into memory; must stay as it is while
   * the model is open.
   */
  weightsFile: string;
  threads?: number;
}

/** One text being read, a few tokens at a time. */
export interface Decoder {
  /**
   * Reads the tokens that come next. Returns the scores [V] of what may follow the last of them, in an array that the next
   * call uses again. @throws UserError sequence_too_long.
   */
  read(inputIds: readonly number[]): Promise<Float32Array>;
}

export interface ServingModel {
  readonly config: ModelConfig;
  /** Used by the calls that follow; null: the base alone. @throws UserError when it was made for another model. */
  setAdapter(adapter: AdapterWeights | null): void;
  /** Begins a text of at most `capacity` tokens. Any other call ends it. @throws UserError sequence_too_long. */
  startDecoding(capacity: number): Decoder;
  /** [T, V] for a whole sequence. @throws UserError sequence_too_long, as the next two. */
  logits(inputIds: readonly number[]): Promise<Float32Array>;
  /** T − 1 natural logarithms of the probability of each next token. */
  logprobs(inputIds: readonly number[]): Promise<Float64Array>;
  /** layers + 1 arrays [T · C]: the embedding, each block's output, the last one after the final norm. */
  hiddenStates(inputIds: readonly number[]): Promise<Float32Array[]>;
  dispose(): Promise<void>;
}

/** Rows of logits made at once when only their log-probabilities are wanted: 32 of GPT-2's are 6 MB, which stay with the process. */
const HEAD_ROWS = 32;
/** Caches are made for a multiple of this many tokens, so that the next text can often use the one that is there. */
const CACHE_STEP = 64;

/** Its sessions are opened when first needed. @throws UserError as mapServingWeights, and for each weight that does not fit. */
export async function openServing(config: ModelConfig, options: ServingOptions): Promise<ServingModel> {
  const weights = mapServingWeights(config, options.weightsFile);
  const sessionOptions: SessionOptions = {
    threads: options.threads,
    weightsFolder: dirname(options.weightsFile),
    silent: true,
    // Without it the kernels for blocks would expand them at every call. The packed copy is as small as they are.
    prepack: [...weights.packed.values()].some(({ form }) => form === 'blocks'),
  };
  return new OnnxServing(config, weights, sessionOptions);
}

/** What a session is for: the blocks without and with places for an adapter, the head for scores and for log-probabilities. */
type Role = 'base' | 'adapted' | 'scores' | 'measures';

class OnnxServing implements ServingModel {
  readonly config: ModelConfig;
  readonly #architecture: Architecture;
  readonly #weights: ServingWeights;
  readonly #options: SessionOptions;
  /** By what they do, opened when first needed. */
  readonly #sessions = new Map<Role, InferenceSession>();
  readonly #rankZero: Record<string, Tensor>;
  /** Null while the base alone is wanted. */
  #adapter: Record<string, Tensor> | null = null;
  #cache: KeyValueCache | undefined;
  /** Changes whenever the cache is used for another text. */
  #text = 0;

  constructor(config: ModelConfig, weights: ServingWeights, options: SessionOptions) {
    this.config = config;
    this.#architecture = architectureOf(config);
    this.#weights = weights;
    this.#options = options;
    this.#rankZero = adapterTensors(config, this.#architecture, null);
  }

  setAdapter(adapter: AdapterWeights | null): void {
    this.#adapter = adapter && adapterTensors(this.config, this.#architecture, adapter);
    this.#text++;
  }

  startDecoding(capacity: number): Decoder {
    const cache = this.#emptyCache(capacity);
    const text = this.#text;
    const scores = new Float32Array(this.#architecture.vocabSize);
    return {
      read: async (inputIds) => {
        if (text !== this.#text) throw new Error('another call has ended this text');
        const width = this.#architecture.hiddenSize;
        const hidden = await this.#last(inputIds, cache);
        await this.#score(hidden.subarray(hidden.length - width), scores);
        return scores;
      },
    };
  }

  async logits(inputIds: readonly number[]): Promise<Float32Array> {
    const hidden = await this.#last(inputIds, this.#emptyCache(inputIds.length));
    const scores = new Float32Array(inputIds.length * this.#architecture.vocabSize);
    await this.#score(hidden, scores);
    return scores;
  }

  async hiddenStates(inputIds: readonly number[]): Promise<Float32Array[]> {
    const names = Array.from({ length: this.#architecture.layers + 1 }, (_, layer) => hiddenName(layer));
    return this.#read(inputIds, this.#emptyCache(inputIds.length), names);
  }

  async logprobs(inputIds: readonly number[]): Promise<Float64Array> {
    const hidden = await this.#last(inputIds, this.#emptyCache(inputIds.length));
    const head = await this.#session('measures', () => measuringHeadGraph(this.config, this.#weights));
    const width = this.#architecture.hiddenSize;
    const logprobs = new Float64Array(inputIds.length - 1);
    for (let start = 0; start < logprobs.length; start += HEAD_ROWS) {
      const end = Math.min(start + HEAD_ROWS, logprobs.length);
      const losses = new Float32Array(end - start);
      const feeds = {
        hidden: new Tensor('float32', hidden.subarray(start * width, end * width), [end - start, width]),
        targets: int64Tensor(inputIds.slice(start + 1, end + 1), [end - start]),
      };
      await runInto(head, feeds, { nll: new Tensor('float32', losses, [end - start]) });
      for (const [i, value] of losses.entries()) logprobs[start + i] = -value;
    }
    return logprobs;
  }

  async dispose(): Promise<void> {
    for (const session of this.#sessions.values()) await session.release();
    this.#sessions.clear();
    this.#cache = undefined;
  }

  /** The one cache there is, for another text. */
  #emptyCache(capacity: number): KeyValueCache {
    const { window } = this.#architecture;
    if (capacity > window) throw new UserError('sequence_too_long', { length: capacity, window });
    if (this.#cache === undefined || this.#cache.capacity < capacity) {
      const room = Math.min(window, CACHE_STEP * Math.ceil(capacity / CACHE_STEP));
      this.#cache = new KeyValueCache(this.config, room);
    }
    this.#cache.length = 0;
    this.#text++;
    return this.#cache;
  }

  /** The last hidden states [T · C] of tokens that follow those in the cache. */
  async #last(inputIds: readonly number[], cache: KeyValueCache): Promise<Float32Array> {
    const [hidden] = await this.#read(inputIds, cache, [hiddenName(this.#architecture.layers)]);
    return hidden!;
  }

  /** Runs the blocks over tokens that follow those in the cache, which takes them up. */
  async #read(inputIds: readonly number[], cache: KeyValueCache, names: readonly string[]): Promise<Float32Array[]> {
    const { length } = inputIds;
    const total = cache.length + length;
    if (length === 0) throw new RangeError('an empty sequence has no logits');
    const { window, hiddenSize: width } = this.#architecture;
    if (total > window) throw new UserError('sequence_too_long', { length: total, window });
    if (total > cache.capacity) throw new RangeError(`${total} tokens where ${cache.capacity} were announced`);
    const hidden = names.map((name) => ({ name, data: new Float32Array(length * width) }));
    const results: Record<string, Tensor> = { ...cache.results };
    for (const { name, data } of hidden) results[name] = new Tensor('float32', data, [length, width]);
    const positions = inputIds.map((_, t) => cache.length + t);
    const session = await this.#body();
    const feeds = {
      ...(this.#sessions.has('adapted') ? (this.#adapter ?? this.#rankZero) : {}),
      ...cache.feeds,
      input_ids: int64Tensor(inputIds, [1, length]),
      position_ids: int64Tensor(positions, [length]),
      last: new Tensor('int32', Int32Array.of(total - 1), [1]),
      total: new Tensor('int32', Int32Array.of(total), []),
    };
    await runInto(session, feeds, results);
    cache.length = total;
    return hidden.map(({ data }) => data);
  }

  /** Scores [M · V] of hidden states [M · C]. */
  async #score(hidden: Float32Array, scores: Float32Array): Promise<void> {
    const { hiddenSize, vocabSize } = this.#architecture;
    const head = await this.#session('scores', () => scoringHeadGraph(this.config, this.#weights));
    const rows = hidden.length / hiddenSize;
    const feeds = { hidden: new Tensor('float32', hidden, [rows, hiddenSize]) };
    await runInto(head, feeds, { logits: new Tensor('float32', scores, [rows, vocabSize]) });
  }

  /**
   * The blocks' session. Without places for an adapter it is faster; once one has been asked for, the session that has
   * them serves the base too, with an adapter of rank 0.
   */
  async #body(): Promise<InferenceSession> {
    const isAdapted = this.#adapter !== null || this.#sessions.has('adapted');
    const kind = isAdapted ? 'adapted' : 'base';
    const graph = () => bodyGraph(this.config, this.#weights, { adapters: isAdapted });
    if (isAdapted) await this.#close('base');
    return this.#session(kind, graph);
  }

  async #session(kind: Role, graph: () => Graph): Promise<InferenceSession> {
    const known = this.#sessions.get(kind);
    if (known) return known;
    const session = await openSession(graph(), this.#options);
    this.#sessions.set(kind, session);
    return session;
  }

  async #close(kind: Role): Promise<void> {
    const session = this.#sessions.get(kind);
    this.#sessions.delete(kind);
    await session?.release();
  }
}

/** A and B of every layer, zeros where the adapter has none, of rank 0 where there is no adapter. The scaling is multiplied into B. */
function adapterTensors(
  config: ModelConfig,
  { linears }: Architecture,
  adapter: AdapterWeights | null,
): Record<string, Tensor> {
  const pairs = adapter ? checkAdapter(config, adapter.lora, adapter.tensors) : new Map();
  const r = adapter?.lora.r ?? 0;
  const result: Record<string, Tensor> = {};
  for (const { name, inFeatures, outFeatures } of linears) {
    const names = loraNames(name);
    const [a, b] = [pairs.get(names.a), pairs.get(names.b)];
    const down = a ? toFloat32(a).slice() : new Float32Array(r * inFeatures);
    const up = b ? toFloat32(b).map((value) => value * loraScaling(adapter!.lora)) : new Float32Array(outFeatures * r);
    result[names.a] = new Tensor('float32', down, [r, inFeatures]);
    result[names.b] = new Tensor('float32', up, [outFeatures, r]);
  }
  return result;
}
