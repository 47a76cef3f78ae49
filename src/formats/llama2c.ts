/**
 * Models of llama2.c in its first layout ("v0", the one run.c reads): seven 32-bit numbers, then every weight as float32,
 * one kind of tensor after another over all layers. Layout: https://github.com/karpathy/llama2.c, export.py
 * `legacy_export` and run.c `memory_map_weights`. The tokenizer lies in a file of its own beside it.
 */
import { basename } from 'node:path';
import { UserError } from '../errors.ts';
import { withFile } from './byte-source.ts';
import { GGUF_TYPES, type GgufType } from './gguf-types.ts';
import { llama2cTokenizer } from './llama2c-tokenizer.ts';
import type { ModelSource } from './model-source.ts';
import { TENSOR_LIMIT } from './safetensors-header.ts';
import { type StoredRows, storedTensor } from './stored-rows.ts';

const HEADER_BYTES = 28;
const FLOAT32: GgufType = GGUF_TYPES.get(0)!;

/** run.c's own: the file does not say them. */
const BOS = 1;
const EOS = 2;
const ROPE_THETA = 10000;
const RMS_NORM_EPS = 1e-5;

interface Header {
  readonly dim: number;
  readonly hidden_dim: number;
  readonly n_layers: number;
  readonly n_heads: number;
  readonly n_kv_heads: number;
  readonly vocab_size: number;
  readonly seq_len: number;
  /** Whether the head is the token embeddings; the sign of vocab_size says it. */
  readonly tied: boolean;
}

/** Opens a file without reading its weights. @throws UserError for a header that lies or does not fit the file's length. */
export function openLlama2c(path: string): ModelSource {
  const header = readHeader(path);
  const tensors = locate(path, header);
  return {
    path,
    config: configOf(header),
    stored: () => new Map([...tensors].map(([name, rows]) => [name, storedTensor(rows)])),
    weightFiles: [path],
    tokenizer: () => llama2cTokenizer(path, header.vocab_size),
    // Training put bos between stories, so it is where run.c stops; eos is there for models that learnt it.
    generationConfig: { bos_token_id: BOS, eos_token_id: [EOS, BOS] },
  };
}

function readHeader(path: string): Header {
  return withFile(path, ({ size, fill }) => {
    const file = basename(path);
    if (size < HEADER_BYTES) throw new UserError('llama2c_size', { file, expected: HEADER_BYTES, actual: size });
    const bytes = Buffer.alloc(HEADER_BYTES);
    fill(bytes, 0);
    const number = (index: number) => bytes.readInt32LE(index * 4);
    const header: Header = {
      dim: number(0),
      hidden_dim: number(1),
      n_layers: number(2),
      n_heads: number(3),
      n_kv_heads: number(4),
      vocab_size: Math.abs(number(5)),
      seq_len: number(6),
      tied: number(5) > 0,
    };
    check(header, file);
    // Seven plausible numbers are soon found in any file; that they add up to its length is what tells a model.
    const expected =
      HEADER_BYTES + 4 * layout(header).reduce((sum, { count, shape }) => sum + count * product(shape), 0);
    if (expected !== size) throw new UserError('llama2c_size', { file, expected, actual: size });
    return header;
  });
}

function check({ tied, ...numbers }: Header, file: string): void {
  const refuse = (key: string, value: number): never => {
    throw new UserError('llama2c_header', { file, key, value });
  };
  for (const [key, value] of Object.entries(numbers)) if (value < 1) refuse(key, value);
  const { dim, n_heads, n_kv_heads, n_layers } = numbers;
  // Rotary embeddings turn pairs, so a head has an even width.
  if (dim % (2 * n_heads) !== 0) refuse('n_heads', n_heads);
  if (n_heads % n_kv_heads !== 0) refuse('n_kv_heads', n_kv_heads);
  if (n_layers * 9 > TENSOR_LIMIT) refuse('n_layers', n_layers);
}

interface Kind {
  /** The name in a layer, or in the model where there is one; null for tables that are computed anew. */
  readonly name: string | null;
  /** How many follow one another: one a layer, one, or none. */
  readonly count: number;
  readonly shape: readonly number[];
  readonly interleaved?: boolean;
}

/** In the file's order. */
function layout({ dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len, tied }: Header): Kind[] {
  const head = dim / n_heads;
  const layer = (name: string, shape: number[], interleaved = false) => ({
    name: `model.layers.#.${name}.weight`,
    count: n_layers,
    shape,
    interleaved,
  });
  return [
    { name: 'model.embed_tokens.weight', count: 1, shape: [vocab_size, dim] },
    layer('input_layernorm', [dim]),
    layer('self_attn.q_proj', [dim, dim], true),
    layer('self_attn.k_proj', [n_kv_heads * head, dim], true),
    layer('self_attn.v_proj', [n_kv_heads * head, dim]),
    layer('self_attn.o_proj', [dim, dim]),
    layer('post_attention_layernorm', [dim]),
    layer('mlp.gate_proj', [hidden_dim, dim]),
    layer('mlp.down_proj', [dim, hidden_dim]),
    layer('mlp.up_proj', [hidden_dim, dim]),
    { name: 'model.norm.weight', count: 1, shape: [dim] },
    // Cosines and sines of the rotary embeddings.
    { name: null, count: 2, shape: [seq_len, head / 2] },
    { name: 'lm_head.weight', count: tied ? 0 : 1, shape: [vocab_size, dim] },
  ];
}

function locate(path: string, header: Header): Map<string, StoredRows> {
  const tensors = new Map<string, StoredRows>();
  const head = header.dim / header.n_heads;
  let begin = HEADER_BYTES;
  for (const { name, count, shape, interleaved } of layout(header))
    for (let i = 0; i < count; i++) {
      const rows = { path, type: FLOAT32, shape, begin };
      if (name !== null)
        tensors.set(name.replace('#', `${i}`), interleaved ? { ...rows, interleavedHead: head } : rows);
      begin += 4 * product(shape);
    }
  return tensors;
}

function configOf(header: Header) {
  return {
    model_type: 'llama',
    architectures: ['LlamaForCausalLM'],
    vocab_size: header.vocab_size,
    hidden_size: header.dim,
    intermediate_size: header.hidden_dim,
    num_hidden_layers: header.n_layers,
    num_attention_heads: header.n_heads,
    num_key_value_heads: header.n_kv_heads,
    head_dim: header.dim / header.n_heads,
    hidden_act: 'silu',
    rms_norm_eps: RMS_NORM_EPS,
    rope_theta: ROPE_THETA,
    max_position_embeddings: header.seq_len,
    tie_word_embeddings: header.tied,
    bos_token_id: BOS,
    eos_token_id: EOS,
  };
}

function product(shape: readonly number[]): number {
  return shape.reduce((sum, length) => sum * length, 1);
}
