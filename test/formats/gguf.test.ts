import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { STRING_LIMIT_BYTES } from '../../src/formats/gguf-cursor.ts';
import { ALIGNMENT_LIMIT, ARRAY_LIMIT, KEY_COUNT_LIMIT, KEY_LIMIT_BYTES } from '../../src/formats/gguf-header.ts';
import { openGguf } from '../../src/formats/index.ts';
import {
  BF16,
  bool,
  encodeGguf,
  F16,
  F32,
  float32,
  floats,
  type GgufParts,
  int32,
  list,
  string,
  text,
  tinyLlama,
  uint32,
  uint64,
  type Value,
  withFirstTensor,
  withMetadata,
} from './gguf-builder.ts';
import { inWords, refusal, temporaryFolder } from './helpers.ts';
import { readWholeModel } from './read-whole-model.ts';

const smollm = resolve('..', 'shared', 'models', 'SmolLM2-135M-Instruct.Q4_1.gguf');
const noSmollm = !existsSync(smollm);
if (noSmollm) console.info(`skipped: the model is not at ${smollm}`);

function write(parts: GgufParts | Buffer): string {
  const path = join(temporaryFolder(), 'tiny.gguf');
  writeFileSync(path, Buffer.isBuffer(parts) ? parts : encodeGguf(parts));
  return path;
}

const firstColumn = (numbers: ArrayLike<number>) => Array.from(numbers).filter((_, i) => i % 32 === 0);

describe('a GGUF file', () => {
  test('is a model in the terms of Hugging Face', () => {
    const source = openGguf(write(tinyLlama()));
    expect(source.config).toEqual({
      model_type: 'llama',
      architectures: ['LlamaForCausalLM'],
      vocab_size: 8,
      hidden_size: 32,
      intermediate_size: 32,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      num_key_value_heads: 1,
      head_dim: 16,
      hidden_act: 'silu',
      rms_norm_eps: 0.5,
      rope_theta: 10000,
      max_position_embeddings: 16,
      tie_word_embeddings: true,
      eos_token_id: 0,
    });
    expect(source.generationConfig).toEqual({ eos_token_id: 0 });
    expect(source.licence).toBe('mit');
    expect(source.weightFiles).toEqual([source.path]);
    expect([...source.stored().keys()]).toEqual([
      'model.embed_tokens.weight',
      'model.layers.0.input_layernorm.weight',
      'model.layers.0.self_attn.q_proj.weight',
      'model.layers.0.self_attn.k_proj.weight',
      'model.layers.0.self_attn.v_proj.weight',
      'model.layers.0.self_attn.o_proj.weight',
      'model.layers.0.post_attention_layernorm.weight',
      'model.layers.0.mlp.gate_proj.weight',
      'model.layers.0.mlp.up_proj.weight',
      'model.layers.0.mlp.down_proj.weight',
      'model.norm.weight',
    ]);
  });

  test('with an output matrix is not tied', () => {
    const parts = tinyLlama();
    const output = { ...parts.tensors[0]!, name: 'output.weight' };
    const source = openGguf(write({ ...parts, tensors: [...parts.tensors, output] }));
    expect(source.config).toMatchObject({ tie_word_embeddings: false });
    expect(source.stored().has('lm_head.weight')).toBe(true);
  });

  test('gives q and k rows in the half-split rotary order, numbers and blocks alike; all others as they lie', () => {
    const stored = openGguf(write(tinyLlama())).stored();
    // As transformers' LlamaTensorProcessor._reverse_permute_weights orders two heads of 16 rows.
    const head = [0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15];
    const rowsOf = (name: string) => {
      const tensor = stored.get(`model.layers.0.self_attn.${name}.weight`)!;
      const blocks = tensor.quantised!.readBlocks();
      const fromBlocks = Array.from({ length: blocks.length / 34 }, (_, block) => blocks[block * 34 + 2]);
      expect(firstColumn(tensor.read().data as Float32Array)).toEqual(fromBlocks);
      return fromBlocks;
    };
    expect(rowsOf('q_proj')).toEqual([...head, ...head.map((row) => row + 16)]);
    expect(rowsOf('k_proj')).toEqual(head);
    expect(rowsOf('v_proj')).toEqual(Array.from({ length: 16 }, (_, row) => row));
  });

  test('of the kind qwen2 keeps its rows, and brings biases', () => {
    const parts = tinyLlama();
    const bias = { name: 'blk.0.attn_q.bias', dims: [32n], type: F32, data: floats(new Array<number>(32).fill(3)) };
    const metadata = parts.metadata.map(([key, value]): [string, Value] => [key.replace(/^llama\./, 'qwen2.'), value]);
    metadata[0] = ['general.architecture', text('qwen2')];
    const source = openGguf(write({ metadata, tensors: [...parts.tensors, bias] }));
    expect(source.config).toMatchObject({ model_type: 'qwen2', architectures: ['Qwen2ForCausalLM'] });
    expect(source.stored().get('model.layers.0.self_attn.q_proj.bias')?.read().data[31]).toBe(3);
    const q = source.stored().get('model.layers.0.self_attn.q_proj.weight')!.read();
    expect(firstColumn(q.data as Float32Array)).toEqual(Array.from({ length: 32 }, (_, row) => row));
  });

  test('keeps half-precision tensors in half precision', () => {
    const data = Buffer.alloc(512, Buffer.from([0x01, 0x3c]));
    for (const [type, dtype] of [
      [F16, 'float16'],
      [BF16, 'bfloat16'],
    ] as const) {
      const tensor = openGguf(write(withFirstTensor({ type, data })))
        .stored()
        .get('model.embed_tokens.weight')!;
      expect(tensor.quantised).toBeUndefined();
      expect(tensor.read()).toEqual({ dtype, shape: [8, 32], data: new Uint16Array(256).fill(0x3c01) });
    }
  });

  test('says where the metadata put the end of a turn', () => {
    const source = openGguf(write(withMetadata({ 'tokenizer.ggml.eot_token_id': uint32(5) })));
    expect(source.generationConfig).toEqual({ eos_token_id: [0, 5] });
  });

  test('counts heads given for each layer as one number, where they are equal', () => {
    const key = 'llama.attention.head_count_kv';
    const equal = withMetadata({ [key]: list([uint32(1), uint32(1)]) });
    expect(openGguf(write(equal)).config).toMatchObject({ num_key_value_heads: 1 });
    const different = withMetadata({ [key]: list([uint32(1), uint32(2)]) });
    expect(refusal(() => openGguf(write(different)))).toMatchObject({
      identifier: 'gguf_value_wrong',
      context: { key },
    });
  });

  test('may be aligned otherwise, and of version 2', () => {
    const parts = { ...withMetadata({ 'general.alignment': uint32(64) }), alignment: 64, version: 2 };
    expect(() => readWholeModel(write(parts))).not.toThrow();
  });

  test.skipIf(noSmollm)('that llama.cpp wrote: SmolLM2', () => {
    const source = openGguf(smollm);
    expect(source.licence).toBe('apache-2.0');
    expect(source.config).toMatchObject({ rope_theta: 100000, num_attention_heads: 9, num_key_value_heads: 3 });
    const stored = source.stored();
    expect(stored.size).toBe(272);
    const numbers = (name: string) => [...(stored.get(name)!.read().data as Float32Array).subarray(0, 4)];
    // transformers 5's reversed permutation over gguf.dequantize of gguf-py 0.19.0; the second row of a head was its third.
    expect(numbers('model.embed_tokens.weight')).toEqual(SMOLLM.embeddings);
    const k = stored.get('model.layers.7.self_attn.k_proj.weight')!.read().data as Float32Array;
    expect([...k.subarray(576, 580)]).toEqual(SMOLLM.secondRow);
  });
});

const SMOLLM = {
  embeddings: [-0.10654449462890625, 0.032978057861328125, 0.048198699951171875, -0.022830963134765625],
  secondRow: [-0.027984619140625, -0.193878173828125, 0.01348876953125, -0.0694580078125],
};

/** Each file is right but for the one thing its name says. */
const lies: [name: string, file: () => GgufParts | Buffer, identifier: string, said: (string | number)[]][] = [
  ['too short for a header', () => Buffer.from('GGUF\x03\0\0\0'), 'gguf_truncated', [24, 8]],
  ['another version', () => ({ ...tinyLlama(), version: 4 }), 'gguf_version', [4]],
  ['a big-endian file', () => ({ ...tinyLlama(), version: 0x03000000 }), 'gguf_version', [50331648]],
  ['more tensors than any model', () => ({ ...tinyLlama(), tensorCount: 200_001n }), 'gguf_limit', ['200001', 200_000]],
  [
    'a tensor count past 2^53',
    () => ({ ...tinyLlama(), tensorCount: 2n ** 64n - 1n }),
    'gguf_limit',
    [`${2n ** 64n - 1n}`],
  ],
  [
    'one tensor more than there is',
    () => ({ ...tinyLlama(), tensorCount: 12n }),
    'gguf_value_wrong',
    ['[]', '[≥ 1, …]'],
  ],
  ['more keys than any model', () => ({ ...tinyLlama(), keyCount: 100_001n }), 'gguf_limit', [KEY_COUNT_LIMIT]],
  ['one key more than there is', () => ({ ...tinyLlama(), keyCount: 16n }), 'gguf_limit', ['tensor.name.length', 63]],
  ['a key of 64 KiB', () => withMetadata({ ['k'.repeat(65_536)]: uint32(1) }), 'gguf_limit', [KEY_LIMIT_BYTES]],
  ['a key twice', () => twice(tinyLlama()), 'gguf_duplicate', ['general.license']],
  ['a value of no type', () => withMetadata({ x: [13, Buffer.alloc(8)] }), 'gguf_value_wrong', ['x.type', 13]],
  ['a boolean of 2', () => withMetadata({ x: bool(2) }), 'gguf_value_wrong', ['x', 2]],
  [
    'a string past the limit',
    () => withMetadata({ x: [8, uint64(10_000_001n)] }),
    'gguf_limit',
    ['x.length', STRING_LIMIT_BYTES],
  ],
  ['a string past the end', () => withMetadata({ x: [8, string('a', 9_999_999n)] }), 'gguf_truncated', [9_999_999]],
  [
    'a string that is not UTF-8',
    () => withMetadata({ x: [8, string(Buffer.from([0x61, 0xff]))] }),
    'gguf_text_damaged',
    [],
  ],
  [
    'an array past the limit',
    () => withMetadata({ x: list([], 0, 1_000_001n) }),
    'gguf_limit',
    ['x.count', ARRAY_LIMIT],
  ],
  ['an array past the end', () => withMetadata({ x: list([], 8, 999_999n) }), 'gguf_truncated', [7_999_992]],
  ['an array of no type', () => withMetadata({ x: list([], 99, 1n) }), 'gguf_value_wrong', ['x.type', 99]],
  ['arrays five deep', () => withMetadata({ x: nested(5) }), 'gguf_limit', ['x.nesting', 4]],
  ['an alignment of 0', () => withMetadata({ 'general.alignment': uint32(0) }), 'gguf_value_wrong', [0]],
  ['an alignment of 48', () => withMetadata({ 'general.alignment': uint32(48) }), 'gguf_value_wrong', [48]],
  [
    'an alignment past the limit',
    () => withMetadata({ 'general.alignment': uint32(2 * ALIGNMENT_LIMIT) }),
    'gguf_value_wrong',
    [131072],
  ],
  ['an alignment in words', () => withMetadata({ 'general.alignment': text('32') }), 'gguf_value_wrong', []],
  ['a name ggml has no room for', () => withFirstTensor({ name: 'n'.repeat(64) }), 'gguf_limit', ['64', 63]],
  ['a tensor twice', () => withFirstTensor({ name: 'output_norm.weight' }), 'gguf_duplicate', ['output_norm.weight']],
  [
    'nine dimensions',
    () => withFirstTensor({ dims: new Array<bigint>(9).fill(1n) }),
    'gguf_limit',
    ['token_embd.weight.n_dimensions', 8],
  ],
  ['no dimension', () => withFirstTensor({ dims: [] }), 'gguf_value_wrong', ['[]']],
  ['a dimension of 0', () => withFirstTensor({ dims: [32n, 0n] }), 'gguf_value_wrong', ['[0,32]']],
  [
    'a dimension past 2^32',
    () => withFirstTensor({ dims: [32n, 2n ** 32n + 1n] }),
    'gguf_limit',
    [`${2n ** 32n + 1n}`],
  ],
  [
    'dimensions whose product overflows',
    () => withFirstTensor({ dims: [32n, ...new Array<bigint>(7).fill(2n ** 32n)] }),
    'gguf_range',
    [],
  ],
  ['a type that is not read', () => withFirstTensor({ type: 20 }), 'gguf_type', ['IQ4_NL', /Q4_0.*Q6_K/.source]],
  ['a type that is none', () => withFirstTensor({ type: 12345 }), 'gguf_type', ['12345']],
  [
    'rows that are no whole blocks',
    () => withFirstTensor({ dims: [16n, 16n] }),
    'gguf_value_wrong',
    ['[16,16]', '[…, n × 32]'],
  ],
  ['an offset that is not aligned', () => withFirstTensor({ offset: 1n }), 'gguf_offset', [1, 0]],
  ['an offset past 2^53', () => withFirstTensor({ offset: 2n ** 60n }), 'gguf_limit', [`${2n ** 60n}`]],
  ['tensors that overlap', () => withFirstTensor({ dims: [32n, 16n] }), 'gguf_offset', ['blk.0.attn_norm.weight']],
  ['tensors with a gap', () => withFirstTensor({ dims: [32n, 4n] }), 'gguf_offset', ['blk.0.attn_norm.weight']],
  ['a tensor past the end', () => encodeGguf(tinyLlama()).subarray(0, -1), 'gguf_range', ['output_norm.weight']],
  [
    'no architecture',
    () => withMetadata({ 'general.architecture': null }),
    'unsupported_architecture',
    ['?', 'llama, qwen2'],
  ],
  [
    'another architecture',
    () => withMetadata({ 'general.architecture': text('mamba') }),
    'unsupported_architecture',
    ['mamba'],
  ],
  [
    'an architecture that is a number',
    () => withMetadata({ 'general.architecture': uint32(1) }),
    'gguf_value_wrong',
    ['string'],
  ],
  ['no width', () => withMetadata({ 'llama.embedding_length': null }), 'gguf_key_missing', ['llama.embedding_length']],
  [
    'a width of 0',
    () => withMetadata({ 'llama.embedding_length': uint32(0) }),
    'gguf_value_wrong',
    ['llama.embedding_length', '0'],
  ],
  [
    'a width that is no whole number',
    () => withMetadata({ 'llama.embedding_length': float32(32.5) }),
    'gguf_value_wrong',
    ['32.5'],
  ],
  ['a width past 2^31', () => withMetadata({ 'llama.embedding_length': uint32(2 ** 31) }), 'gguf_value_wrong', []],
  [
    'an epsilon that is no number',
    () => withMetadata({ 'llama.attention.layer_norm_rms_epsilon': float32(Number.NaN) }),
    'gguf_value_wrong',
    ['NaN'],
  ],
  [
    'more layers than tensors',
    () => withMetadata({ 'llama.block_count': uint32(2 ** 31 - 1) }),
    'gguf_value_wrong',
    ['1 … 11'],
  ],
  ['heads of odd width', () => withMetadata({ 'llama.attention.key_length': uint32(15) }), 'gguf_value_wrong', []],
  [
    'heads that q has no whole number of',
    () => withMetadata({ 'llama.attention.key_length': uint32(24) }),
    'model_tensor_shape',
    ['[n × 24, m]', '[32,32]'],
  ],
  [
    'heads that turn in part',
    () => withMetadata({ 'llama.rope.dimension_count': uint32(8) }),
    'gguf_unsupported',
    ['8', '16'],
  ],
  [
    'stretched positions',
    () => withMetadata({ 'llama.rope.scaling.type': text('yarn') }),
    'gguf_unsupported',
    ['yarn', 'none'],
  ],
  ['a mixture of experts', () => withMetadata({ 'llama.expert_count': uint32(8) }), 'gguf_unsupported', ['8', '0']],
  ['one file of three', () => withMetadata({ 'split.count': uint32(3) }), 'gguf_unsupported', ['split.count', '3']],
  [
    'an end token past the vocabulary',
    () => withMetadata({ 'tokenizer.ggml.eos_token_id': uint32(8) }),
    'gguf_value_wrong',
    ['8', '0 … 7'],
  ],
  [
    'no token embeddings',
    () => withFirstTensor({ name: 'token_embd.bias' }),
    'model_tensor_missing',
    ['token_embd.weight'],
  ],
  [
    'a layer called __proto__',
    () => renamed('output_norm.weight', 'blk.0.__proto__'),
    'gguf_tensor_unknown',
    ['blk.0.__proto__', 'llama'],
  ],
  [
    'a tensor of frequencies',
    () => renamed('output_norm.weight', 'rope_freqs.weight'),
    'gguf_tensor_unknown',
    ['rope_freqs.weight'],
  ],
  ['embeddings that are a vector', () => withFirstTensor({ dims: [256n] }), 'gguf_value_wrong', ['[256]', '[n, m]']],
  [
    'another kind of tokenizer',
    () => withMetadata({ 'tokenizer.ggml.model': text('rwkv') }),
    'gguf_unsupported',
    ['rwkv', 'gpt2, llama'],
  ],
  [
    'a cut of text nobody knows',
    () => withMetadata({ 'tokenizer.ggml.pre': text('toString') }),
    'gguf_unsupported',
    ['toString'],
  ],
  ['no tokens', () => withMetadata({ 'tokenizer.ggml.tokens': null }), 'gguf_key_missing', ['tokenizer.ggml.tokens']],
  [
    'tokens that are numbers',
    () => withMetadata({ 'tokenizer.ggml.tokens': list([uint32(1)]) }),
    'gguf_value_wrong',
    ['string[]'],
  ],
  [
    'more tokens than embeddings',
    () => withMetadata({ 'tokenizer.ggml.tokens': list([...'abcdefghi'].map(text)) }),
    'gguf_value_wrong',
    ['9', '≤ 8'],
  ],
  [
    'a token twice',
    () => withMetadata({ 'tokenizer.ggml.tokens': list([...'aa345678'].map(text)) }),
    'gguf_duplicate',
    ['a'],
  ],
  [
    'fewer token types than tokens',
    () => withMetadata({ 'tokenizer.ggml.token_type': list([int32(1)]) }),
    'gguf_value_wrong',
    ['number[8]'],
  ],
  ['no merges', () => withMetadata({ 'tokenizer.ggml.merges': null }), 'gguf_value_wrong', ['tokenizer.ggml.merges']],
  [
    'a merge of one part',
    () => withMetadata({ 'tokenizer.ggml.merges': list([text('ab')]) }),
    'gguf_value_wrong',
    ['ab'],
  ],
  [
    'a merge into no token',
    () => withMetadata({ 'tokenizer.ggml.merges': list([text('b a')]) }),
    'gguf_value_wrong',
    ['b a'],
  ],
  [
    'pieces without scores',
    () => withMetadata({ 'tokenizer.ggml.model': text('llama') }),
    'gguf_value_wrong',
    ['tokenizer.ggml.scores'],
  ],
  [
    'a score that is no number',
    () =>
      withMetadata({
        'tokenizer.ggml.model': text('llama'),
        'tokenizer.ggml.scores': list(new Array(8).fill(float32(Number.NaN))),
      }),
    'gguf_value_wrong',
    ['number[8]'],
  ],
];

function twice(parts: GgufParts): GgufParts {
  return { ...parts, metadata: [...parts.metadata, ['general.license', text('mit')]] };
}

function nested(depth: number): Value {
  return depth === 1 ? list([uint32(1)]) : list([nested(depth - 1)]);
}

function renamed(from: string, to: string): GgufParts {
  const parts = tinyLlama();
  return { ...parts, tensors: parts.tensors.map((entry) => (entry.name === from ? { ...entry, name: to } : entry)) };
}

describe('a GGUF file is refused that has', () => {
  test.each(lies)('%s', (_, file, identifier, said) => {
    const path = write(file());
    const error = refusal(() => readWholeModel(path));
    expect(error.identifier).toBe(identifier);
    for (const value of said) expect(inWords(error)).toMatch(typeof value === 'string' ? asPattern(value) : `${value}`);
  });

  test('its end cut off anywhere', () => {
    const whole = encodeGguf(tinyLlama());
    const path = write(whole);
    for (let length = 0; length < whole.length; length += 7) {
      writeFileSync(path, whole.subarray(0, length));
      expect(
        refusal(() => readWholeModel(path)),
        `${length}`,
      ).toBeInstanceOf(UserError);
    }
  });

  test('any bytes changed, or is read: nothing else happens', () => {
    const whole = encodeGguf(tinyLlama());
    const path = write(whole);
    const change = fc.tuple(fc.nat(whole.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        writeFileSync(path, bytes);
        try {
          readWholeModel(path);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** Values are looked for as they are; the one that lists types is a pattern already. */
function asPattern(value: string): RegExp {
  return new RegExp(value.includes('.*') ? value : value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
}
