/** What the rest of the house sees of a brain: a loaded language model with its tokenizer and its versions. */
import type { AdapterWeights, EncoderConfig, ModelConfig } from '../engine/index.ts';
import type { ModelSource } from '../formats/index.ts';

export const INTENTS = ['suggest', 'disagree', 'ask', 'agree'] as const;
export type Intent = (typeof INTENTS)[number];

export const EMOTIONS = ['neutral', 'happy', 'sad', 'surprised', 'excited', 'angry', 'afraid'] as const;
export type Emotion = (typeof EMOTIONS)[number];

/** Language of the conversation; two languages joined by a hyphen mean "said in the first, answered in the second". */
export const LANGUAGES = ['en', 'pt', 'en-pt', 'pt-en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** How a speaker meant a sentence. What is absent is not told to the model. */
export interface Choices {
  intent: Intent;
  emotion: Emotion;
  language: Language;
}

/** One earlier exchange: what the person said and what the model replied. */
export interface ContextTurn {
  text: string;
  reply: string;
}

/** How the next token is picked; names, meanings and defaults are those of transformers' GenerationConfig: the model's own, else these. */
export interface DrawingSettings {
  /** Default 0.7. */
  temperature?: number;
  /** Default 50; 0 keeps every token. */
  topK?: number;
  /** Default 0.9; 1 keeps every token. */
  topP?: number;
  /** Default 1.2; 1 is none. */
  repetitionPenalty?: number;
}

export interface GenerationSettings extends DrawingSettings {
  /** Default 100. */
  maxNewTokens?: number;
  /** Same seed, same prompt, same weights: same reply. */
  seed: number;
  /** Always the likeliest token; temperature, top-k, top-p and seed are then without effect. */
  greedy?: boolean;
}

export interface Generation {
  inputIds: number[];
  /** The new tokens only; the closing eos, if it came, is kept. */
  outputIds: number[];
  /** It was stopped at maxNewTokens, or at the end of the model's window, before it ended by itself. */
  reachedLimit: boolean;
  /** `outputIds` as text: no special tokens, no half characters, trimmed. Empty when the model has no tokenizer. */
  text: string;
  /** Natural-log probability of each output token under the model's own distribution, before penalty, temperature and cuts. */
  tokenLogprobs: number[];
  seconds: number;
  tokensPerSecond: number;
}

/** A version of a brain: `{}` is the base, an adapter or a file of full weights makes it another. */
export interface BrainVersion {
  /** Full fine-tune: a float32 .safetensors file. */
  weightsFile?: string;
  adapter?: AdapterWeights;
}

/** One message of a conversation; the roles are those the model's template knows: user, assistant, often system. */
export interface ChatMessage {
  role: string;
  content: string;
}

/** How a model's conversations were laid out in its training: a program in the template language Jinja. */
export interface ChatTemplate {
  template: string;
  /** Names it may use besides `messages` and `add_generation_prompt`: bos_token, eos_token … */
  variables: Readonly<Record<string, string>>;
}

export interface BrainTokenizer {
  /** False where the model has none: `encode` and `decode` then throw tokenizer_missing. */
  readonly known: boolean;
  /** A person's text: control tokens spelt out in it stay plain letters, unless `parseSpecial` asks otherwise. */
  encode(text: string, options?: { parseSpecial?: boolean }): number[];
  /** The text in pieces, cut within each control token it spells, so that no piece spells one; whole where it spells none. */
  cutSpecial(text: string): string[];
  /** Null where the model has none. */
  readonly chatTemplate: ChatTemplate | null;
  /** Text of `ids` without special tokens. */
  decode(ids: readonly number[]): string;
  /** Each id as the text it stands for alone; special tokens by their name. For tables and explanations. */
  piece(id: number): string;
  /** Id of a special token, or null when this tokenizer has none of that name. */
  specialId(name: string): number | null;
  /** The token that closes an utterance. */
  readonly eosId: number;
}

export interface BrainInfo {
  name: string;
  architecture: string;
  parameters: number;
  vocabulary: number;
  window: number;
  layers: number;
  licence: string | null;
  /** Whether text can go in and out; without a tokenizer only ids can. */
  hasTokenizer: boolean;
  /** Estimates in bytes of main memory, beyond Node's own: weights, activations, optimiser state. */
  memory: { serving: number; lora: number; full: number };
}

export interface BertScores {
  precision: number;
  recall: number;
  f1: number;
  /** Whose hidden states these numbers come from, e.g. "sprout": they are comparable only within one model and layer. */
  model: string;
  layer: number;
  layers: number;
}

/**
 * How a brain in use keeps its base's weights. 'quantised': in 4 or 8 bits, as the model's file has them or else rounded to 8:
 * smaller and faster, and a little inexact. Training, and versions with weights of their own, are float32 all the same.
 */
export type Precision = 'float32' | 'quantised';

export interface BrainOptions {
  /** Where caches are kept; made when absent. */
  dataFolder: string;
  threads?: number;
  /** Default float32. */
  precision?: Precision;
  /**
   * False serves a float32 base from the file it is trained from: slower to write, but nothing is copied, and a process that
   * also trains has it in memory once.
   */
  repack?: boolean;
  /** How another process serves the same brain: adapters are trained over that one's file where they can be, in memory once. */
  besideServing?: Precision;
  /** How many files of weights are kept open, the base's and those of full fine-tunes; fewer take less memory. */
  sessions?: number;
}

export interface Brain {
  readonly name: string;
  readonly config: ModelConfig;
  /** Most tokens the model can hold at once, prompt and reply together. */
  readonly window: number;
  /** UserError tokenizer_missing on use when the folder has none. */
  readonly tokenizer: BrainTokenizer;
  /** The model as it lies on disk, for those that train or convert it. */
  readonly source: ModelSource;
  /** How the model's own generation_config.json has it drawn from; `generate` takes it where nothing else is said. */
  readonly drawing: DrawingSettings;
  /** The base's weights as a float32 .safetensors file. */
  readonly weightsFile: string;
  /** The same weights for training an adapter over them: as they are stored, in half precision too, or as they are served. */
  readonly frozenFile: string;
  /**
   * What the model reads before it answers `text`: laid out by its own chat template, or each utterance closed by the end
   * token where it has none; told the choices, and who speaks, where it has control tokens. What does not fit beside `maxNewTokens` new tokens is left out, the oldest first.
   * @throws UserError tokenizer_missing, chat_template_failed, chat_template_runaway.
   */
  promptIds(
    context: readonly ContextTurn[],
    text: string,
    choices?: Partial<Choices>,
    maxNewTokens?: number,
  ): Promise<number[]>;
  /**
   * A whole conversation, laid out likewise, of any length.
   * @param addGenerationPrompt whether the beginning of the assistant's next message is added, where the model knows one.
   * @throws UserError those of `promptIds`.
   */
  conversationIds(messages: readonly ChatMessage[], options: { addGenerationPrompt: boolean }): Promise<number[]>;
  trainingIds(text: string): number[];
  generate(
    promptIds: readonly number[],
    settings: GenerationSettings,
    version?: BrainVersion,
    onToken?: (id: number, textSoFar: string) => void,
  ): Promise<Generation>;
  /** Natural-log probability of every id but the first, given those before it: n−1 numbers. */
  logprobs(ids: readonly number[], version?: BrainVersion): Promise<number[]>;
  /** layers + 1 arrays of [T × C], the embeddings first; the last one stands after the final layer norm. */
  hiddenStates(ids: readonly number[], version?: BrainVersion): Promise<Float32Array[]>;
  bertScore(reference: string, hypothesis: string, version?: BrainVersion): Promise<BertScores>;
  info(): BrainInfo;
  dispose(): Promise<void>;
}

export interface EncoderTokenizer {
  /** False where the model has none: encoding then throws tokenizer_missing. */
  readonly known: boolean;
  /** The text's ids between the encoder's first and last token, all of them. */
  encode(text: string): number[];
  /** As bert_score 0.3.13 hands a sentence to the encoder: stripped, with RoBERTa's leading space, cut to what fits. */
  encodeSentence(text: string): number[];
  /** Whether an id is the encoder's first or last token, which bert_score gives no weight. */
  isEnd(id: number): boolean;
}

/** What is worth knowing about an encoder. It is not trained here, so only serving is estimated. */
export interface EncoderInfo extends Omit<BrainInfo, 'memory'> {
  memory: { serving: number };
}

export interface EncoderOptions extends Pick<BrainOptions, 'dataFolder' | 'threads'> {
  /** What people call the model; its folder's name unless said. */
  name?: string;
}

/** A loaded encoder: it reads, and never says anything. */
export interface EncoderModel {
  readonly name: string;
  readonly config: EncoderConfig;
  readonly layers: number;
  /** Most tokens it reads at once. */
  readonly window: number;
  readonly tokenizer: EncoderTokenizer;
  /** layer + 1 arrays of [T × C], the embeddings first; `layer` is the last unless said. @throws UserError prompt_empty, prompt_token_unknown, sequence_too_long. */
  hiddenStates(ids: readonly number[], layer?: number): Promise<Float32Array[]>;
  /** What bert_score answers with this encoder at `layer`; of several references the best each. @throws UserError encoder_layer_missing, tokenizer_missing. */
  bertScore(references: readonly string[], hypothesis: string, layer: number): Promise<BertScores>;
  info(): EncoderInfo;
  dispose(): Promise<void>;
}
