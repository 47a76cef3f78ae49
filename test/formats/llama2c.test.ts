import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { elementCount } from '../../src/engine/index.ts';
import { UserError } from '../../src/errors.ts';
import { openLlama2c, openModelSource } from '../../src/formats/index.ts';
import { inWords, refusal, temporaryFolder } from './helpers.ts';
import { count, encode, encodeTokenizer, PIECES, TINY } from './llama2c-builder.ts';

const stories = resolve('..', 'shared', 'models', 'stories260K.bin');
const noStories = !existsSync(stories);
if (noStories) console.info(`skipped: the model is not at ${stories}`);

function write(model: Buffer, beside: Record<string, Buffer> = {}): string {
  const path = join(temporaryFolder(), 'tiny.bin');
  writeFileSync(path, model);
  for (const [name, bytes] of Object.entries(beside)) writeFileSync(join(dirname(path), name), bytes);
  return path;
}

describe('a model of llama2.c', () => {
  test('is a Llama in the terms of Hugging Face', () => {
    const source = openLlama2c(write(encode()));
    expect(source.config).toMatchObject({
      model_type: 'llama',
      hidden_size: 8,
      intermediate_size: 12,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      num_key_value_heads: 1,
      head_dim: 4,
      vocab_size: 6,
      max_position_embeddings: 5,
      tie_word_embeddings: true,
      rope_theta: 10000,
      rms_norm_eps: 1e-5,
    });
    expect(source.stored().size).toBe(2 + 2 * 9);
    expect(source.tokenizer()).toBe(null);
  });

  test('gives every weight from its place: one kind after another over all layers', () => {
    const stored = openLlama2c(write(encode())).stored();
    const begins = [...stored].map(([name, { read }]) => [name, Math.min(...Array.from(read().data, Number))]);
    const layer = (i: number) => ({
      input_layernorm: 48 + 8 * i,
      'self_attn.q_proj': 64 + 64 * i,
      'self_attn.k_proj': 192 + 32 * i,
      'self_attn.v_proj': 256 + 32 * i,
      'self_attn.o_proj': 320 + 64 * i,
      post_attention_layernorm: 448 + 8 * i,
      'mlp.gate_proj': 464 + 96 * i,
      'mlp.down_proj': 656 + 96 * i,
      'mlp.up_proj': 848 + 96 * i,
    });
    const layers = [0, 1].flatMap((i) =>
      Object.entries(layer(i)).map(([name, begin]) => [`model.layers.${i}.${name}.weight`, begin]),
    );
    expect(Object.fromEntries(begins)).toEqual({
      'model.embed_tokens.weight': 0,
      ...Object.fromEntries(layers),
      'model.norm.weight': 1040,
    });
  });

  test('with a negative vocabulary has a head of its own, behind the tables of cosines and sines', () => {
    const source = openLlama2c(write(encode([8, 12, 2, 2, 1, -6, 5])));
    expect(source.config).toMatchObject({ tie_word_embeddings: false, vocab_size: 6 });
    const head = source.stored().get('lm_head.weight')!;
    expect(head.shape).toEqual([6, 8]);
    expect(head.read().data[0]).toBe(1048 + 2 * 5 * 2);
  });

  test('has its q and k rows put in the half-split rotary order', () => {
    const stored = openLlama2c(write(encode())).stored();
    const rows = (name: string) => {
      const { data } = stored.get(`model.layers.0.self_attn.${name}.weight`)!.read();
      const first = Math.min(...Array.from(data, Number));
      return Array.from(data, Number)
        .filter((_, i) => i % 8 === 0)
        .map((value) => (value - first) / 8);
    };
    expect(rows('q_proj')).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
    expect(rows('k_proj')).toEqual([0, 2, 1, 3]);
    expect(rows('v_proj')).toEqual([0, 1, 2, 3]);
  });

  test('ends a story where run.c does, at bos', () => {
    expect(openLlama2c(write(encode())).generationConfig).toEqual({ bos_token_id: 1, eos_token_id: [2, 1] });
  });

  test('takes the tokenizer that is called by its size before the one that is not', () => {
    const other = encodeTokenizer(['<unk>', '<s>', '</s>', 'x', 'y', 'z']);
    const vocabulary = (beside: Record<string, Buffer>) => {
      const { tokenizer } = openLlama2c(write(encode(), beside)).tokenizer()!;
      return Object.keys(Object(tokenizer.model).vocab);
    };
    const own = ['<unk>', '<s>', '</s>', ' ', 'a', ' a'];
    expect(vocabulary({ 'tok6.bin': encodeTokenizer(PIECES), 'tokenizer.bin': other })).toEqual(own);
    expect(vocabulary({ 'tokenizer.bin': encodeTokenizer(PIECES) })).toEqual(own);
  });

  test.skipIf(noStories)('that is real has as many numbers as it says', () => {
    const stored = openLlama2c(stories).stored();
    const numbers = [...stored.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);
    // 260K by name.
    expect(numbers).toBe(260_032);
  });
});

const withHeader = (index: number, value: number) => encode(TINY.with(index, value), count(TINY));

const lies: [name: string, file: () => Buffer, identifier: string, said: (string | number)[]][] = [
  ['no header', () => encode().subarray(0, 27), 'llama2c_size', [28, 27]],
  ['a width of 0', () => withHeader(0, 0), 'llama2c_header', ['dim = 0']],
  ['a width below 0', () => withHeader(0, -8), 'llama2c_header', ['dim = -8']],
  ['no layers', () => withHeader(2, 0), 'llama2c_header', ['n_layers = 0']],
  ['more layers than any model', () => withHeader(2, 2 ** 31 - 1), 'llama2c_header', ['n_layers = 2147483647']],
  ['heads that do not divide the width', () => withHeader(3, 3), 'llama2c_header', ['n_heads = 3']],
  ['heads of odd width', () => withHeader(3, 8), 'llama2c_header', ['n_heads = 8']],
  ['key heads that do not divide the heads', () => withHeader(4, 3), 'llama2c_header', ['n_kv_heads = 3']],
  ['more key heads than heads', () => withHeader(4, 4), 'llama2c_header', ['n_kv_heads = 4']],
  ['no vocabulary', () => withHeader(5, 0), 'llama2c_header', ['vocab_size = 0']],
  ['a head it does not hold', () => withHeader(5, -6), 'llama2c_size', []],
  ['numbers whose product overflows', () => withHeader(0, 2 ** 31 - 8), 'llama2c_size', []],
  ['a byte too many', () => Buffer.concat([encode(), Buffer.alloc(1)]), 'llama2c_size', [4300, 4301]],
  ['a byte too few', () => encode().subarray(0, -1), 'llama2c_size', [4300, 4299]],
];

describe('a model of llama2.c is refused that has', () => {
  test.each(lies)('%s', (_, file, identifier, said) => {
    const error = refusal(() => openModelSource(write(file())));
    expect(error.identifier).toBe(identifier);
    for (const value of said) expect(inWords(error)).toContain(`${value}`);
  });
});

const tokenizerLies: [name: string, file: () => Buffer, position: number][] = [
  ['is empty', () => Buffer.alloc(0), 0],
  ['breaks off between pieces', () => encodeTokenizer(PIECES.slice(0, 5)), 62],
  ['breaks off in a piece', () => encodeTokenizer(PIECES).subarray(0, -1), 62],
  ['goes on', () => encodeTokenizer([...PIECES, 'b']), 72],
  ['has a piece longer than its longest', () => encodeTokenizer(PIECES, 5), 30],
  ['has a length below 0', () => negativeLength(encodeTokenizer(PIECES)), 4],
  ['has a score that is no number', () => scoreNaN(encodeTokenizer(PIECES)), 4],
  ['has a piece twice', () => encodeTokenizer(PIECES.with(5, 'a')), 62],
  ['has a piece that is not UTF-8', () => encodeTokenizer([...PIECES.slice(0, 5), Buffer.from([0xff])]), 62],
];

function negativeLength(bytes: Buffer): Buffer {
  bytes.writeInt32LE(-1, 8);
  return bytes;
}

function scoreNaN(bytes: Buffer): Buffer {
  bytes.writeFloatLE(Number.NaN, 4);
  return bytes;
}

describe('a tokenizer of llama2.c is refused that', () => {
  test.each(tokenizerLies)('%s', (_, file, position) => {
    const source = openLlama2c(write(encode(), { 'tok6.bin': file() }));
    const error = refusal(() => source.tokenizer());
    expect(error).toMatchObject({
      identifier: 'llama2c_tokenizer',
      context: { file: 'tok6.bin', position, tokens: 6 },
    });
  });

  test('has any bytes changed, or is read: nothing else happens', () => {
    const whole = encodeTokenizer(PIECES);
    const path = write(encode());
    const source = openLlama2c(path);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, value) => {
        writeFileSync(join(dirname(path), 'tok6.bin'), Buffer.from(whole).fill(value, at, at + 1));
        try {
          source.tokenizer();
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
