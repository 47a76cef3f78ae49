/**
 * A brain in use: base weights mapped from their file, an adapter that can be swapped between calls, answers as logits,
 * log-probabilities, hidden states, or token by token through transformers.js.
 */
import { dirname } from 'node:path';
import { UserError } from '../errors.ts';
import { architectureOf, type ModelConfig } from './architectures/index.ts';
import type { Architecture } from './architectures/types.ts';
import type { Graph } from './graph.ts';
import { type AdapterWeights, checkAdapter, loraNames, loraScaling } from './lora.ts';
import { headGraph, hiddenName, pastName, presentName, servingGraph } from './serving-graph.ts';
import { floatsOf, type InferenceSession, int64Tensor, openSession, type SessionOptions, Tensor } from './session.ts';
import { toFloat32 } from './tensor.ts';
import { mapWeights } from './weights-file.ts';

export interface ServingOptions {
  /** Float32 .safetensors, mapped into memory; must stay as it is while the model is open. */
  weightsFile: string;
  threads?: number;
}

/** What transformers.js asks of an onnxruntime session; the adapter's inputs are hidden from it. */
export interface TransformersSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata: readonly {
    name: string;
    isTensor: true;
    type: string;
    shape: readonly (number | string)[];
  }[];
  readonly config: { readonly dtype: 'fp32'; readonly device: 'cpu' };
  run(feeds: Record<string, unknown>): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}

export interface ServingModel {
  readonly config: ModelConfig;
  /** Used by the calls that follow; null: the base alone. @throws UserError when it was made for another model. */
  setAdapter(adapter: AdapterWeights | null): void;
  /** For `new GPT2LMHeadModel(config, {model: session}, …)`: generate() runs over our graph. Logits are the last place's alone, [B, 1, V]. */
  readonly transformersSession: TransformersSession;
  /** [T, V] for a whole sequence. @throws UserError sequence_too_long, as the next two. */
  logits(inputIds: readonly number[]): Promise<Float32Array>;
  /** T − 1 natural logarithms of the probability of each next token. */
  logprobs(inputIds: readonly number[]): Promise<Float64Array>;
  /** layers + 1 arrays [T · C]: the embedding, each block's output, the last one after the final norm. */
  hiddenStates(inputIds: readonly number[]): Promise<Float32Array[]>;
  dispose(): Promise<void>;
}

/** Rows of logits made at once when only their log-probabilities are wanted: 128 of GPT-2's are 26 MB. */
const HEAD_ROWS = 128;

export async function openServing(config: ModelConfig, options: ServingOptions): Promise<ServingModel> {
  const mapped = mapWeights(config, options.weightsFile);
  const sessionOptions: SessionOptions = { threads: options.threads, weightsFolder: dirname(options.weightsFile) };
  const graph = servingGraph(config, mapped);
  const session = await openSession(graph, sessionOptions);
  const openHead = () => openSession(headGraph(config, mapped), sessionOptions);
  return new OnnxServing(config, graph, session, openHead);
}

class OnnxServing implements ServingModel {
  readonly config: ModelConfig;
  readonly transformersSession: TransformersSession;
  readonly #architecture: Architecture;
  readonly #session: InferenceSession;
  readonly #openHead: () => Promise<InferenceSession>;
  readonly #none: Record<string, Tensor>;
  #head: InferenceSession | undefined;
  #adapter: Record<string, Tensor>;

  constructor(config: ModelConfig, graph: Graph, session: InferenceSession, openHead: () => Promise<InferenceSession>) {
    this.config = config;
    this.#architecture = architectureOf(config);
    this.#session = session;
    this.#openHead = openHead;
    this.#none = this.#adapterTensors(null);
    this.#adapter = this.#none;
    this.transformersSession = this.#sessionFor(graph);
  }

  setAdapter(adapter: AdapterWeights | null): void {
    this.#adapter = adapter === null ? this.#none : this.#adapterTensors(adapter);
  }

  async logits(inputIds: readonly number[]): Promise<Float32Array> {
    const rows = inputIds.map((_, t) => t);
    const { logits } = await this.#session.run(this.#feeds(inputIds, rows), ['logits']);
    return floatsOf(logits);
  }

  async hiddenStates(inputIds: readonly number[]): Promise<Float32Array[]> {
    const names = Array.from({ length: this.#architecture.layers + 1 }, (_, layer) => hiddenName(layer));
    const results = await this.#session.run(this.#feeds(inputIds, [0]), names);
    return names.map((name) => floatsOf(results[name]));
  }

  async logprobs(inputIds: readonly number[]): Promise<Float64Array> {
    const last = hiddenName(this.#architecture.layers);
    const results = await this.#session.run(this.#feeds(inputIds, [0]), [last]);
    const hidden = floatsOf(results[last]);
    this.#head ??= await this.#openHead();
    const width = this.#architecture.hiddenSize;
    const logprobs = new Float64Array(inputIds.length - 1);
    for (let start = 0; start < logprobs.length; start += HEAD_ROWS) {
      const end = Math.min(start + HEAD_ROWS, logprobs.length);
      const { nll } = await this.#head.run({
        hidden: new Tensor('float32', hidden.subarray(start * width, end * width), [end - start, width]),
        targets: int64Tensor(inputIds.slice(start + 1, end + 1), [end - start]),
      });
      for (const [i, value] of floatsOf(nll).entries()) logprobs[start + i] = -value;
    }
    return logprobs;
  }

  async dispose(): Promise<void> {
    await this.#session.release();
    await this.#head?.release();
  }

  /** One whole sequence, nothing in the cache. */
  #feeds(inputIds: readonly number[], rows: readonly number[]): Record<string, Tensor> {
    const { length } = inputIds;
    const { window, layers, keyValueHeads, headSize } = this.#architecture;
    if (length > window) throw new UserError('sequence_too_long', { length, window });
    if (length === 0) throw new RangeError('an empty sequence has no logits');
    const feeds: Record<string, Tensor> = {
      ...this.#adapter,
      input_ids: int64Tensor(inputIds, [1, length]),
      attention_mask: int64Tensor(new Int32Array(length).fill(1), [1, length]),
      position_ids: int64Tensor(
        inputIds.map((_, t) => t),
        [1, length],
      ),
      rows: int64Tensor(rows, [rows.length]),
    };
    const empty = new Tensor('float32', new Float32Array(0), [1, keyValueHeads, 0, headSize]);
    for (let layer = 0; layer < layers; layer++) {
      feeds[pastName(layer, 'key')] = empty;
      feeds[pastName(layer, 'value')] = empty;
    }
    return feeds;
  }

  /** Every layer gets a pair: zeros where the adapter has none. The scaling is multiplied into B. */
  #adapterTensors(adapter: AdapterWeights | null): Record<string, Tensor> {
    const pairs = adapter ? checkAdapter(this.config, adapter.lora, adapter.tensors) : new Map();
    const r = adapter?.lora.r ?? 1;
    const result: Record<string, Tensor> = {};
    for (const { name, inFeatures, outFeatures } of this.#architecture.linears) {
      const names = loraNames(name);
      const [a, b] = [pairs.get(names.a), pairs.get(names.b)];
      const scaled = b
        ? toFloat32(b).map((value) => value * loraScaling(adapter!.lora))
        : new Float32Array(outFeatures * r);
      result[names.a] = new Tensor('float32', a ? toFloat32(a).slice() : new Float32Array(r * inFeatures), [
        r,
        inFeatures,
      ]);
      result[names.b] = new Tensor('float32', scaled, [outFeatures, r]);
    }
    return result;
  }

  #sessionFor(graph: Graph): TransformersSession {
    const adapterNames = Object.keys(this.#none);
    const shown = [...graph.inputs].filter(([name]) => name !== 'rows' && !adapterNames.includes(name));
    const presents = Array.from({ length: this.#architecture.layers }, (_, layer) => [
      presentName(layer, 'key'),
      presentName(layer, 'value'),
    ]).flat();
    const outputNames = ['logits', ...presents];
    return {
      inputNames: shown.map(([name]) => name),
      outputNames,
      // transformers.js sizes the empty cache by this name; other names count as 0 there.
      inputMetadata: shown.map(([name, { dtype, shape }]) => ({
        name,
        isTensor: true,
        type: dtype,
        shape: shape.map((size) => (size === 'B' ? 'batch_size' : size)),
      })),
      config: { dtype: 'fp32', device: 'cpu' },
      run: (feeds) => this.#generationStep(feeds as Record<string, Tensor>, outputNames),
      release: () => this.dispose(),
    };
  }

  async #generationStep(
    feeds: Record<string, Tensor>,
    outputNames: readonly string[],
  ): Promise<Record<string, Tensor>> {
    const [batch, length] = feeds.input_ids!.dims as [number, number];
    const total = feeds.attention_mask!.dims[1]!;
    const { window, vocabSize } = this.#architecture;
    if (total > window) throw new UserError('sequence_too_long', { length: total, window });
    // Only the last place's logits decide the next token.
    const rows = int64Tensor(
      Array.from({ length: batch }, (_, row) => (row + 1) * length - 1),
      [batch],
    );
    const results = await this.#session.run({ ...this.#adapter, ...feeds, rows }, outputNames);
    return { ...results, logits: new Tensor('float32', floatsOf(results.logits), [batch, 1, vocabSize]) };
  }
}
