/**
 * GGUF's names for an architecture's settings and tensors, and Hugging Face's. Source of the names: llama.cpp,
 * gguf-py/gguf/constants.py and tensor_mapping.py.
 */
import { UserError } from '../errors.ts';
import { type GgufHeader, type GgufPlace, type Metadata, type MetadataValue, shown } from './gguf-header.ts';
import type { JsonObject } from './json-file.ts';

export const GGUF_ARCHITECTURES = ['llama', 'qwen2'] as const;
export type GgufArchitecture = (typeof GGUF_ARCHITECTURES)[number];

const MODEL_CLASS: Record<GgufArchitecture, string> = { llama: 'LlamaForCausalLM', qwen2: 'Qwen2ForCausalLM' };

const GLOBAL_NAMES: Readonly<Record<string, string>> = {
  'token_embd.weight': 'model.embed_tokens.weight',
  'output_norm.weight': 'model.norm.weight',
  'output.weight': 'lm_head.weight',
};

const BLOCK_NAMES: Readonly<Record<string, string>> = {
  'attn_norm.weight': 'input_layernorm.weight',
  'attn_q.weight': 'self_attn.q_proj.weight',
  'attn_k.weight': 'self_attn.k_proj.weight',
  'attn_v.weight': 'self_attn.v_proj.weight',
  'attn_output.weight': 'self_attn.o_proj.weight',
  'ffn_norm.weight': 'post_attention_layernorm.weight',
  'ffn_gate.weight': 'mlp.gate_proj.weight',
  'ffn_up.weight': 'mlp.up_proj.weight',
  'ffn_down.weight': 'mlp.down_proj.weight',
};

const QWEN2_BIASES: Readonly<Record<string, string>> = {
  'attn_q.bias': 'self_attn.q_proj.bias',
  'attn_k.bias': 'self_attn.k_proj.bias',
  'attn_v.bias': 'self_attn.v_proj.bias',
};

/** Hugging Face's name of a tensor. @throws UserError gguf_tensor_unknown for one that the architecture has no place for. */
export function tensorName(name: string, architecture: GgufArchitecture, file: string): string {
  if (Object.hasOwn(GLOBAL_NAMES, name)) return GLOBAL_NAMES[name]!;
  const [, block, part = ''] = /^blk\.(0|[1-9]\d{0,5})\.(.+)$/.exec(name) ?? [];
  const names = architecture === 'qwen2' ? { ...BLOCK_NAMES, ...QWEN2_BIASES } : BLOCK_NAMES;
  if (block === undefined || !Object.hasOwn(names, part))
    throw new UserError('gguf_tensor_unknown', { file, tensor: name, architecture });
  return `model.layers.${block}.${names[part]}`;
}

/** Rows of a head where the tensor's rows are in interleaved rotary order: llama.cpp reorders q and k of Llama alone. */
export function interleavedHead(name: string, architecture: GgufArchitecture, headSize: number): number | undefined {
  return architecture === 'llama' && /\.attn_[qk]\.weight$/.test(name) ? headSize : undefined;
}

/** The metadata, with what is asked of a value: a wrong one is said with its key. */
export class GgufSettings {
  readonly #metadata: Metadata;
  readonly #file: string;

  constructor(metadata: Metadata, file: string) {
    this.#metadata = metadata;
    this.#file = file;
  }

  get(key: string): MetadataValue | undefined {
    return this.#metadata.get(key);
  }

  text(key: string): string | undefined {
    const value = this.get(key);
    return value === undefined || typeof value === 'string' ? value : this.wrong(key, 'string');
  }

  flag(key: string, otherwise: boolean): boolean {
    const value = this.get(key) ?? otherwise;
    return typeof value === 'boolean' ? value : this.wrong(key, 'true, false');
  }

  /** A positive number, or `otherwise`. */
  positive(key: string, otherwise?: number): number {
    const value = this.get(key) ?? otherwise;
    if (value === undefined) return this.#missing(key);
    return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : this.wrong(key, '> 0');
  }

  /** A whole number from `lowest` to 2³¹ − 1, or `otherwise`. One for each layer counts as one where all are equal. */
  count(key: string, otherwise?: number, lowest = 1): number {
    const found = this.get(key) ?? otherwise;
    if (found === undefined) return this.#missing(key);
    const value = Array.isArray(found) && found.every((each) => each === found[0]) ? found[0] : found;
    const fits = typeof value === 'number' && Number.isInteger(value) && value >= lowest && value < 2 ** 31;
    return fits ? value : this.wrong(key, `${lowest} … 2147483647`);
  }

  /** The id of a token, or undefined. */
  token(key: string, vocabulary: number): number | undefined {
    if (this.get(key) === undefined) return undefined;
    const id = this.count(key, undefined, 0);
    return id < vocabulary ? id : this.wrong(key, `0 … ${vocabulary - 1}`);
  }

  wrong(key: string, expected: string, value: MetadataValue | undefined = this.get(key)): never {
    throw new UserError('gguf_value_wrong', { file: this.#file, key, value: shown(value), expected });
  }

  unsupported(key: string, supported: string): never {
    throw new UserError('gguf_unsupported', { file: this.#file, key, value: shown(this.get(key)), supported });
  }

  #missing(key: string): never {
    throw new UserError('gguf_key_missing', { file: this.#file, key });
  }
}

/** @throws UserError unsupported_architecture for one that has no names here. */
export function architectureOf(settings: GgufSettings): GgufArchitecture {
  const found = settings.text('general.architecture') ?? '?';
  const architecture = GGUF_ARCHITECTURES.find((known) => known === found);
  if (architecture === undefined)
    throw new UserError('unsupported_architecture', {
      architecture: shown(found),
      supported: GGUF_ARCHITECTURES.join(', '),
    });
  return architecture;
}

/** What config.json would say. @throws UserError for settings that are missing, make no sense, or are not known here. */
export function configOf({ metadata, places }: GgufHeader, file: string): JsonObject & { head_dim: number } {
  const settings = new GgufSettings(metadata, file);
  const architecture = architectureOf(settings);
  const key = (name: string) => `${architecture}.${name}`;
  refuseUnknownParts(settings, key);
  const hidden = settings.count(key('embedding_length'));
  const heads = settings.count(key('attention.head_count'));
  const headDim = settings.count(key('attention.key_length'), Math.floor(hidden / heads));
  // An odd head has no pairs to turn; of a head that turns only in part no tensor here would know.
  if (headDim % 2 === 1) settings.wrong(key('attention.head_count'), `${key('embedding_length')} / 2n`);
  for (const part of ['rope.dimension_count', 'attention.value_length'])
    if (settings.count(key(part), headDim) !== headDim) settings.unsupported(key(part), `${headDim}`);
  // No file has more layers than tensors; a number is taken for true before any of them is looked for.
  const layers = settings.count(key('block_count'));
  if (layers > places.length) settings.wrong(key('block_count'), `1 … ${places.length}`);
  const vocabulary = vocabularySize(places, settings);
  return {
    model_type: architecture,
    architectures: [MODEL_CLASS[architecture]],
    vocab_size: vocabulary,
    hidden_size: hidden,
    intermediate_size: settings.count(key('feed_forward_length')),
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: settings.count(key('attention.head_count_kv'), heads),
    head_dim: headDim,
    hidden_act: 'silu',
    rms_norm_eps: settings.positive(key('attention.layer_norm_rms_epsilon')),
    rope_theta: settings.positive(key('rope.freq_base'), 10000),
    max_position_embeddings: settings.count(key('context_length')),
    tie_word_embeddings: !places.some(({ name }) => name === 'output.weight'),
    ...tokenIds(settings, vocabulary),
  };
}

/** A model would load without these, and answer nonsense. */
function refuseUnknownParts(settings: GgufSettings, key: (name: string) => string): void {
  const scaling = key('rope.scaling.type');
  if ((settings.text(scaling) ?? 'none') !== 'none') settings.unsupported(scaling, 'none');
  if (settings.count(key('expert_count'), 0, 0) > 0) settings.unsupported(key('expert_count'), '0');
  if (settings.count('split.count', 1, 0) > 1) settings.unsupported('split.count', '1');
}

function vocabularySize(places: readonly GgufPlace[], settings: GgufSettings): number {
  const tensor = 'token_embd.weight';
  const embeddings = places.find(({ name }) => name === tensor);
  if (embeddings === undefined) throw new UserError('model_tensor_missing', { tensor });
  const { shape } = embeddings;
  const [rows = 0] = shape;
  if (shape.length !== 2) return settings.wrong(tensor, '[n, m]', `[${shape}]`);
  const key = 'tokenizer.ggml.tokens';
  const tokens = settings.get(key);
  // Fewer tokens than rows is usual: tables are padded to round numbers.
  if (Array.isArray(tokens) && tokens.length > rows) settings.wrong(`${key}.count`, `≤ ${rows}`, tokens.length);
  return rows;
}

function tokenIds(settings: GgufSettings, vocabulary: number): JsonObject {
  const names = { bos_token_id: 'bos', eos_token_id: 'eos', pad_token_id: 'padding' };
  return Object.fromEntries(
    Object.entries(names)
      .map(([name, key]) => [name, settings.token(`tokenizer.ggml.${key}_token_id`, vocabulary)])
      .filter(([, id]) => id !== undefined),
  );
}

/** What generation_config.json would say: a turn may end otherwise than a text. */
export function generationConfigOf(metadata: Metadata, config: JsonObject, file: string): JsonObject {
  const { bos_token_id, eos_token_id, pad_token_id, vocab_size } = config;
  const turnEnd = new GgufSettings(metadata, file).token('tokenizer.ggml.eot_token_id', Number(vocab_size));
  const ends = [...new Set([eos_token_id, turnEnd])].filter((id) => id !== undefined);
  return Object.fromEntries(
    Object.entries({ bos_token_id, eos_token_id: ends.length > 1 ? ends : ends[0], pad_token_id }).filter(
      ([, id]) => id !== undefined,
    ),
  );
}
