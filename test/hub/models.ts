/** Repositories shaped as real ones: old DialoGPT's, a Llama's in shards, a folder of GGUF files. Contents are made up. */
import { seededRandom } from '../../src/engine/index.ts';
import type { Repository } from './mirror.ts';

export const MEGABYTE = 1024 * 1024;
export const COMMIT = '49c537161a457d5256512f9d2d38a87d81ae0f0e';

/** Bytes that no two places have alike, so that a piece in the wrong place is seen. */
export function noise(bytes: number, seed = 1): Buffer {
  const { uniform } = seededRandom(seed);
  const words = Uint32Array.from({ length: Math.ceil(bytes / 4) }, () => uniform() * 2 ** 32);
  return Buffer.from(words.buffer, 0, bytes);
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

/** microsoft/DialoGPT-small as it is listed: the old checkpoint, the tokenizer in two files, and much that we do not want. */
export function dialoGpt(bytes = 3 * MEGABYTE): Repository {
  const useless = ['.gitattributes', 'flax_model.msgpack', 'tf_model.h5', 'onnx/model.onnx', 'rust_model.ot'];
  return {
    commit: COMMIT,
    licence: 'mit',
    files: {
      ...Object.fromEntries(useless.map((name) => [name, noise(64)])),
      'README.md': Buffer.from('---\nlicense: mit\n---\n# DialoGPT\n'),
      'config.json': json({ model_type: 'gpt2', n_layer: 2 }),
      'merges.txt': Buffer.from('#version: 0.2\nĠ t\n'),
      'pytorch_model.bin': noise(bytes),
      'vocab.json': json({ a: 0, b: 1 }),
    },
  };
}

/** A chat model in two shards; the same weights once more as an old checkpoint, which is then not wanted. */
export function shardedLlama(): Repository {
  const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  return {
    commit: '7e27bd9f95328f0f3b08261d1252705110c806f8',
    licence: 'llama3.2',
    files: {
      'config.json': json({ model_type: 'llama' }),
      'generation_config.json': json({ do_sample: true }),
      'tokenizer.json': json({ model: {} }),
      'tokenizer_config.json': json({}),
      'chat_template.jinja': Buffer.from('{{ messages }}'),
      'original/consolidated.00.pth': noise(64),
      'pytorch_model.bin': noise(64),
      'model.safetensors.index.json': json({
        metadata: { total_size: 2 * MEGABYTE },
        weight_map: {
          'model.embed_tokens.weight': shards[0],
          'model.norm.weight': shards[1],
          'lm_head.weight': shards[1],
        },
      }),
      [shards[0]!]: noise(MEGABYTE, 2),
      [shards[1]!]: noise(MEGABYTE, 3),
    },
  };
}

export function ggufs(...names: string[]): Repository {
  const files = Object.fromEntries(names.map((name, index) => [name, noise(MEGABYTE / 4, index)]));
  return { commit: 'ab'.repeat(20), files: { 'README.md': Buffer.from('# GGUF\n'), ...files } };
}
