/** A loaded model: text and choices in, replies, log-probabilities and hidden states out, for any of its versions. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import {
  type AnyModelConfig,
  architectureOf,
  type ModelConfig,
  mapWeights,
  matchWeights,
  parseModelConfig,
  seededRandom,
  trainsFromPanels,
} from '../engine/index.ts';
import { UserError } from '../errors.ts';
import { type ModelSource, openModelSource } from '../formats/index.ts';
import { bertScore } from '../scoring/index.ts';
import { conversationIds, promptIds } from './chat.ts';
import { endTokens } from './end-tokens.ts';
import { describe } from './info.ts';
import { locate } from './locate.ts';
import { promptBudget, shorten } from './prompt.ts';
import { SerialQueue } from './queue.ts';
import { completeSettings, defaultGeneration, ownDrawing } from './settings.ts';
import { TemplateRenderer } from './template-renderer.ts';
import { openTokenizer } from './tokenizer.ts';
import type {
  BertScores,
  Brain,
  BrainInfo,
  BrainOptions,
  BrainTokenizer,
  BrainVersion,
  ChatMessage,
  Choices,
  ContextTurn,
  DrawingSettings,
  Generation,
  GenerationSettings,
} from './types.ts';
import { type OpenVersion, Versions } from './versions.ts';
import { expandedWeights, packedWeights } from './weights-cache.ts';

/** See `openBrain` in index.ts. */
export async function loadBrain(source: string, options: BrainOptions): Promise<Brain> {
  const place = locate(source);
  const folder = openModelSource(place.path);
  const config = parseModelConfig(folder.config);
  // What is missing or does not fit is said now, though the files are only made when they are needed.
  matchWeights(config, folder.stored());
  const weightsFile = once(() => findWeights(folder, config, options.dataFolder));
  const { precision = 'float32', repack = true } = options;
  const isServedAsItIs = precision === 'float32' && !repack;
  const cacheFolder = path.join(options.dataFolder, 'cache');
  const served = () => (isServedAsItIs ? weightsFile() : packedWeights(folder, config, precision, cacheFolder));
  const half = once(() => halfFile(folder, config));
  const isShared = options.besideServing === 'float32' && trainsFromPanels(config);
  const frozenFile = () =>
    isShared ? packedWeights(folder, config, 'float32', cacheFolder) : (half() ?? weightsFile());
  const files = { weightsFile, frozenFile: once(frozenFile) };
  return new LoadedBrain(place.name, folder, config, files, new Versions(config, served, options));
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** A single float32 safetensors file is mapped where it lies; anything else is expanded into the cache first. */
export function findWeights(folder: ModelSource, config: AnyModelConfig, dataFolder: string): string {
  const only = onlyFile(folder);
  if (only !== undefined) {
    try {
      mapWeights(config, only);
      // onnxruntime maps no weights through a link that leads out of their folder, as those of the hub's cache do.
      return realpathSync(only);
    } catch (error) {
      if (!(error instanceof UserError) || error.identifier !== 'weights_file_not_float32') throw error;
    }
  }
  return expandedWeights(folder, config, path.join(dataFolder, 'cache'));
}

/** The one safetensors file that holds all of a model, which may be used where it lies. */
function onlyFile({ weightFiles: [first, ...others] }: ModelSource): string | undefined {
  if (!first?.endsWith('.safetensors') || others.length > 0) return undefined;
  return first;
}

/** The model's only file, where it holds the weights in half precision (or float32) as they are called here. */
function halfFile(folder: ModelSource, config: ModelConfig): string | undefined {
  const only = onlyFile(folder);
  if (only === undefined) return undefined;
  try {
    mapWeights(config, only, { halves: true });
    return realpathSync(only);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** Paths of the weights, made when first asked for. */
interface WeightFiles {
  weightsFile(): string;
  frozenFile(): string;
}

class LoadedBrain implements Brain {
  readonly name: string;
  readonly config: ModelConfig;
  readonly window: number;
  readonly tokenizer: BrainTokenizer;
  readonly source: ModelSource;
  readonly drawing: DrawingSettings;
  readonly #files: WeightFiles;
  readonly #versions: Versions;
  readonly #queue = new SerialQueue();
  readonly #templates: TemplateRenderer;
  readonly #endIds: readonly number[];
  #disposed: Promise<void> | undefined;

  constructor(name: string, source: ModelSource, config: ModelConfig, files: WeightFiles, versions: Versions) {
    this.name = name;
    this.config = config;
    this.window = architectureOf(config).window;
    this.source = source;
    this.#files = files;
    this.#versions = versions;
    this.tokenizer = openTokenizer(source, config.eosTokenId);
    this.#templates = new TemplateRenderer(source.path);
    this.#endIds = endTokens(source, this.tokenizer);
    this.drawing = ownDrawing(source);
  }

  get weightsFile(): string {
    return this.#files.weightsFile();
  }

  get frozenFile(): string {
    return this.#files.frozenFile();
  }

  async promptIds(
    context: readonly ContextTurn[],
    text: string,
    choices: Partial<Choices> = {},
    maxNewTokens: number = defaultGeneration.maxNewTokens,
  ): Promise<number[]> {
    const budget = promptBudget(this.window, maxNewTokens);
    return promptIds(this.tokenizer, this.#templates, { context, text, choices, budget });
  }

  async conversationIds(
    messages: readonly ChatMessage[],
    { addGenerationPrompt }: { addGenerationPrompt: boolean },
  ): Promise<number[]> {
    return conversationIds(this.tokenizer, this.#templates, messages, addGenerationPrompt);
  }

  trainingIds(text: string): number[] {
    return this.tokenizer.encode(text);
  }

  generate(
    promptIds: readonly number[],
    settings: GenerationSettings,
    version: BrainVersion = {},
    onToken?: (id: number, textSoFar: string) => void,
  ): Promise<Generation> {
    return this.#run(version, async ({ generate }) => {
      const whole = completeSettings(settings, this.drawing);
      this.#check(promptIds);
      const inputIds = this.#fit(promptIds, whole.maxNewTokens);
      whole.maxNewTokens = Math.min(whole.maxNewTokens, this.window - inputIds.length);
      const soFar: number[] = [];
      const began = performance.now();
      const { outputIds, tokenLogprobs } = await generate(inputIds, whole, this.#endIds, {
        random: seededRandom(whole.seed).uniform,
        onToken: (id) => {
          soFar.push(id);
          onToken?.(id, this.#text(soFar));
        },
      });
      const seconds = (performance.now() - began) / 1000;
      const tokensPerSecond = outputIds.length / seconds;
      const reachedLimit = !this.#endIds.includes(outputIds.at(-1) ?? -1);
      const text = this.#text(outputIds);
      return { inputIds, outputIds, reachedLimit, text, tokenLogprobs, seconds, tokensPerSecond };
    });
  }

  logprobs(ids: readonly number[], version: BrainVersion = {}): Promise<number[]> {
    return this.#run(version, async ({ serving }) => {
      this.#checkLength(ids);
      return [...(await serving.logprobs(ids))];
    });
  }

  hiddenStates(ids: readonly number[], version: BrainVersion = {}): Promise<Float32Array[]> {
    return this.#run(version, async ({ serving }) => {
      this.#checkLength(ids);
      return serving.hiddenStates(ids);
    });
  }

  async bertScore(reference: string, hypothesis: string, version: BrainVersion = {}): Promise<BertScores> {
    const { layers } = architectureOf(this.config);
    const layer = Math.ceil(layers / 2);
    const model = { model: this.name, layer, layers };
    const [known, said] = [reference, hypothesis].map((text) => this.tokenizer.encode(text).slice(0, this.window));
    if (known!.length === 0 || said!.length === 0) return { precision: 0, recall: 0, f1: 0, ...model };
    const vectors = async (ids: number[]) => {
      const states = (await this.hiddenStates(ids, version))[layer]!;
      const width = states.length / ids.length;
      return {
        vectors: ids.map((_, token) => states.subarray(token * width, (token + 1) * width)),
        special: ids.map(() => false),
      };
    };
    return { ...bertScore(await vectors(said!), await vectors(known!)), ...model };
  }

  info(): BrainInfo {
    return describe(this.name, this.config, this.source, this.tokenizer.known);
  }

  dispose(): Promise<void> {
    this.#disposed ??= this.#queue.run(async () => {
      await this.#templates.dispose();
      await this.#versions.dispose();
    });
    return this.#disposed;
  }

  #run<T>(version: BrainVersion, work: (open: OpenVersion) => Promise<T>): Promise<T> {
    return this.#queue.run(async () => work(await this.#versions.use(version)));
  }

  #text(ids: readonly number[]): string {
    return this.tokenizer.known ? this.tokenizer.decode(ids).trim() : '';
  }

  /** A prompt that fills the window leaves no room for a reply: its beginning goes. */
  #fit(ids: readonly number[], maxNewTokens: number): number[] {
    if (ids.length < this.window) return [...ids];
    const isControl = (id: number) => this.tokenizer.specialId(this.tokenizer.piece(id)) === id;
    return shorten(ids, promptBudget(this.window, maxNewTokens), isControl);
  }

  #check(ids: readonly number[]): void {
    if (ids.length === 0) throw new UserError('prompt_empty');
    const last = this.config.vocabSize - 1;
    const unknown = ids.find((id) => !Number.isInteger(id) || id < 0 || id > last);
    if (unknown !== undefined) throw new UserError('prompt_token_unknown', { token: unknown, last });
  }

  #checkLength(ids: readonly number[]): void {
    this.#check(ids);
    if (ids.length > this.window) throw new UserError('sequence_too_long', { length: ids.length, window: this.window });
  }
}
