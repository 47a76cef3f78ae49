/** A loaded encoder: texts in; hidden states, and BERTScore as bert_score 0.3.13 computes it, out. */
import {
  type Encoder,
  type EncoderConfig,
  encoderOf,
  isEncoderConfig,
  openEncoder,
  parseAnyConfig,
  parseEncoderConfig,
} from '../engine/index.ts';
import { UserError } from '../errors.ts';
import { type ModelSource, openModelSource } from '../formats/index.ts';
import { bestBertScore, type TokenVectors } from '../scoring/index.ts';
import { findWeights } from './brain.ts';
import { openEncoderTokenizer } from './encoder-tokenizer.ts';
import { describeEncoder } from './info.ts';
import { locate } from './locate.ts';
import { SerialQueue } from './queue.ts';
import type { BertScores, EncoderInfo, EncoderModel, EncoderOptions, EncoderTokenizer } from './types.ts';

/** See `openEncoderModel` in index.ts. */
export async function loadEncoder(source: string, options: EncoderOptions): Promise<EncoderModel> {
  const place = locate(source);
  const folder = openModelSource(place.path);
  const config = parseEncoderConfig(folder.config);
  const weightsFile = findWeights(folder, config, options.dataFolder);
  return new LoadedEncoder(options.name ?? place.name, folder, config, { weightsFile, threads: options.threads });
}

/** Whether a source's config.json is an encoder's. @throws UserError unsupported_architecture, listing both kinds. */
export function isEncoder(source: string): boolean {
  return isEncoderConfig(parseAnyConfig(openModelSource(locate(source).path).config));
}

class LoadedEncoder implements EncoderModel {
  readonly name: string;
  readonly config: EncoderConfig;
  readonly layers: number;
  readonly window: number;
  readonly tokenizer: EncoderTokenizer;
  readonly #source: ModelSource;
  readonly #place: { weightsFile: string; threads: number | undefined };
  /** By the deepest layer: a shallow one computes less. All map the same weights. */
  readonly #open = new Map<number, Encoder>();
  readonly #queue = new SerialQueue();

  constructor(
    name: string,
    source: ModelSource,
    config: EncoderConfig,
    place: { weightsFile: string; threads: number | undefined },
  ) {
    this.name = name;
    this.config = config;
    this.layers = encoderOf(config).layers;
    this.window = encoderOf(config).window;
    this.tokenizer = openEncoderTokenizer(source, config);
    this.#source = source;
    this.#place = place;
  }

  hiddenStates(ids: readonly number[], layer = this.layers): Promise<Float32Array[]> {
    return this.#queue.run(async () => {
      this.#check(ids);
      return (await this.#encoder(layer)).hiddenStates(ids);
    });
  }

  async bertScore(references: readonly string[], hypothesis: string, layer: number): Promise<BertScores> {
    const texts = [hypothesis, ...references].map((text) => this.tokenizer.encodeSentence(text));
    const states = await this.#queue.run(async () => (await this.#encoder(layer)).deepestStates(texts));
    const [candidate, ...known] = texts.map((ids, text) => this.#vectors(ids, states[text]!));
    const score = bestBertScore(candidate!, known);
    return { ...score, model: this.name, layer, layers: this.layers };
  }

  info(): EncoderInfo {
    return describeEncoder(this.name, this.config, this.#source, this.tokenizer.known);
  }

  dispose(): Promise<void> {
    return this.#queue.run(async () => {
      for (const encoder of this.#open.values()) await encoder.dispose();
      this.#open.clear();
    });
  }

  async #encoder(layer: number): Promise<Encoder> {
    const open = this.#open.get(layer) ?? (await openEncoder(this.config, { ...this.#place, layer }));
    this.#open.set(layer, open);
    return open;
  }

  #vectors(ids: readonly number[], states: Float32Array): TokenVectors {
    const width = this.config.hiddenSize;
    return {
      vectors: ids.map((_, token) => states.subarray(token * width, (token + 1) * width)),
      special: ids.map((id) => this.tokenizer.isEnd(id)),
    };
  }

  #check(ids: readonly number[]): void {
    if (ids.length === 0) throw new UserError('prompt_empty');
    const last = this.config.vocabSize - 1;
    const unknown = ids.find((id) => !Number.isInteger(id) || id < 0 || id > last);
    if (unknown !== undefined) throw new UserError('prompt_token_unknown', { token: unknown, last });
  }
}
