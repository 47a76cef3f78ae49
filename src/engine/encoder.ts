/**
 * An encoder in use: its weights mapped from their file, texts as token ids in, hidden states out. Only the layers up to the
 * one that is wanted are in the graph, so the others' weights are never read from the disk.
 */
import { dirname } from 'node:path';
import { UserError } from '../errors.ts';
import type { EncoderConfig } from './architectures/bert.ts';
import { encoderOf } from './architectures/index.ts';
import { type FileRange, Graph } from './graph.ts';
import { hiddenName } from './graph-names.ts';
import { floatsOf, type InferenceSession, int64Tensor, openSession } from './session.ts';
import { mapWeights } from './weights-file.ts';

export interface EncoderOptions {
  /** Float32 .safetensors, mapped into memory; must stay as it is while the encoder is open. */
  weightsFile: string;
  /** The deepest layer anybody will ask for; 0 is the embeddings. Absent: the last. */
  layer?: number;
  threads?: number;
}

export interface Encoder {
  readonly config: EncoderConfig;
  /** The deepest layer. */
  readonly layer: number;
  /** layer + 1 arrays [T · C]: the embeddings, each layer's output. @throws UserError sequence_too_long, as the next one. */
  hiddenStates(inputIds: readonly number[]): Promise<Float32Array[]>;
  /** Several texts in one run, the shorter ones padded: for each its deepest layer, [T · C] of its own T. */
  deepestStates(texts: readonly (readonly number[])[]): Promise<Float32Array[]>;
  dispose(): Promise<void>;
}

/** @throws UserError encoder_layer_missing {layer, layers}, and those of mapWeights. */
export async function openEncoder(config: EncoderConfig, options: EncoderOptions): Promise<Encoder> {
  const { layers } = encoderOf(config);
  const { weightsFile, threads, layer = layers } = options;
  if (!Number.isInteger(layer) || layer < 0 || layer > layers)
    throw new UserError('encoder_layer_missing', { layer, layers });
  const graph = encoderGraph(config, mapWeights(config, weightsFile), layer);
  return new OnnxEncoder(config, layer, await openSession(graph, { threads, weightsFolder: dirname(weightsFile) }));
}

/** Inputs: input_ids, position_ids and attention_mask [B, T]. Outputs: hidden_states.0 … hidden_states.`layer` [B·T, C]. */
export function encoderGraph(config: EncoderConfig, mapped: ReadonlyMap<string, FileRange>, layer: number): Graph {
  const architecture = encoderOf(config);
  const g = new Graph();
  const inputIds = g.input('input_ids', ['B', 'T'], 'int64');
  const positionIds = g.input('position_ids', ['B', 'T'], 'int64');
  const attentionMask = g.input('attention_mask', ['B', 'T'], 'int64');
  const weight = (name: string) => g.mappedWeight(name, architecture.weights.get(name)!, mapped.get(name)!);
  const inputs = { inputIds, positionIds, paddingBias: g.apply('PaddingBias', [attentionMask], {}) };
  for (const [index, hidden] of architecture.build(g, weight, inputs, layer).entries())
    g.output(hiddenName(index), hidden);
  return g;
}

class OnnxEncoder implements Encoder {
  readonly config: EncoderConfig;
  readonly layer: number;
  readonly #session: InferenceSession;

  constructor(config: EncoderConfig, layer: number, session: InferenceSession) {
    this.config = config;
    this.layer = layer;
    this.#session = session;
  }

  async hiddenStates(inputIds: readonly number[]): Promise<Float32Array[]> {
    const names = Array.from({ length: this.layer + 1 }, (_, layer) => hiddenName(layer));
    const results = await this.#session.run(this.#feeds([inputIds]), names);
    return names.map((name) => floatsOf(results[name]));
  }

  async deepestStates(texts: readonly (readonly number[])[]): Promise<Float32Array[]> {
    const name = hiddenName(this.layer);
    const states = floatsOf((await this.#session.run(this.#feeds(texts), [name]))[name]);
    const rowLength = states.length / texts.length;
    const width = this.config.hiddenSize;
    return texts.map(({ length }, row) => states.subarray(row * rowLength, row * rowLength + length * width));
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }

  #feeds(texts: readonly (readonly number[])[]) {
    const { window, positions, padId } = encoderOf(this.config);
    const length = Math.max(...texts.map((ids) => ids.length));
    if (length > window) throw new UserError('sequence_too_long', { length, window });
    if (texts.some((ids) => ids.length === 0)) throw new RangeError('an empty text has no hidden states');
    const padded = (row: readonly number[], padding: number): number[] => [
      ...row,
      ...Array<number>(length - row.length).fill(padding),
    ];
    const tensor = (rows: number[][]) => int64Tensor(rows.flat(), [texts.length, length]);
    return {
      input_ids: tensor(texts.map((ids) => padded(ids, padId))),
      position_ids: tensor(texts.map((ids) => padded(positions(ids), 0))),
      attention_mask: tensor(texts.map((ids) => padded(Array<number>(ids.length).fill(1), 0))),
    };
  }
}
