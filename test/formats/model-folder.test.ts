import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { normaliseWeights, parseModelConfig, randomWeights, type TensorMap } from '../../src/engine/index.ts';
import {
  encodeSafetensors,
  openModelFolder,
  readSafetensors,
  writeModelFolder,
  writeSafetensors,
} from '../../src/formats/index.ts';
import { golden, inWords, noGolden, refusal, temporaryFolder } from './helpers.ts';

/** As small as a GPT-2 gets. */
const config = {
  model_type: 'gpt2',
  architectures: ['GPT2LMHeadModel'],
  vocab_size: 11,
  n_positions: 8,
  n_embd: 4,
  n_layer: 1,
  n_head: 2,
  n_inner: null,
  activation_function: 'gelu_new',
  layer_norm_epsilon: 1e-5,
  initializer_range: 0.02,
  tie_word_embeddings: true,
  bos_token_id: 0,
  eos_token_id: 0,
};

const weights = (): TensorMap => randomWeights(parseModelConfig(config), 1);

function tinyFolder(): string {
  const folder = join(temporaryFolder(), 'tiny');
  writeModelFolder(folder, { config, tensors: weights() });
  return folder;
}

/** The same weights as two shards with their index. */
function shardedFolder(change: (index: { weight_map: Record<string, unknown> }) => void = () => {}): string {
  const folder = tinyFolder();
  rmSync(join(folder, 'model.safetensors'));
  const halves: TensorMap[] = [new Map(), new Map()];
  const index: { weight_map: Record<string, unknown> } = { weight_map: {} };
  [...weights()].forEach(([name, tensor], i) => {
    halves[i % 2]?.set(name, tensor);
    index.weight_map[name] = `model-0000${(i % 2) + 1}-of-00002.safetensors`;
  });
  halves.forEach((half, i) => {
    writeSafetensors(join(folder, `model-0000${i + 1}-of-00002.safetensors`), half, { format: 'pt' });
  });
  change(index);
  writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify(index));
  return folder;
}

describe('a model folder', () => {
  test('comes back as it was written', () => {
    const model = openModelFolder(tinyFolder());
    expect(model.config).toEqual({ ...config, dtype: 'float32' });
    expect(Buffer.from(encodeSafetensors(model.weights())).equals(encodeSafetensors(weights()))).toBe(true);
    expect(model.tokenizer()).toBe(null);
    expect(model.licence).toBeUndefined();
  });

  test('says in its file that PyTorch can load it, as transformers asks', () => {
    expect(readSafetensors(join(tinyFolder(), 'model.safetensors')).metadata).toEqual({ format: 'pt' });
  });

  test('in half precision is half as large, rounded to nearest', () => {
    const folder = join(temporaryFolder(), 'half');
    const third: TensorMap = new Map([['w', { dtype: 'float32', shape: [2], data: new Float32Array([1 / 3, 1]) }]]);
    writeModelFolder(folder, { config, tensors: third, dtype: 'float16' });
    const { tensors } = readSafetensors(join(folder, 'model.safetensors'));
    // 1/3 in half precision is 0x3555, as numpy.float16(1/3).view('uint16') says.
    expect(tensors.get('w')).toEqual({ dtype: 'float16', shape: [2], data: new Uint16Array([0x3555, 0x3c00]) });
    expect(openModelFolder(folder).config).toMatchObject({ dtype: 'float16' });
  });

  test('takes the tokenizer and the generation settings along', () => {
    const from = tinyFolder();
    writeFileSync(join(from, 'tokenizer.json'), '{"model":{"vocab":{"a":0}}}');
    writeFileSync(join(from, 'generation_config.json'), '{"eos_token_id":0}');
    const to = join(temporaryFolder(), 'copy');
    writeModelFolder(to, {
      config,
      tensors: weights(),
      tokenizerFrom: openModelFolder(from),
      card: '---\nlicense: mit\n---\n# Tiny\n',
    });
    const model = openModelFolder(to);
    expect(model).toMatchObject({ licence: 'mit', generationConfig: { eos_token_id: 0 } });
    expect(model.tokenizer()).toEqual({ tokenizer: { model: { vocab: { a: 0 } } }, config: {} });
  });

  test('in shards reads the same as in one file', () => {
    const model = openModelFolder(shardedFolder());
    expect(model.weightFiles).toHaveLength(2);
    expect(Buffer.from(encodeSafetensors(model.weights())).equals(encodeSafetensors(weights()))).toBe(true);
  });

  test.skipIf(noGolden)('that Python wrote is read, and written again byte-equal', () => {
    for (const name of ['gpt2', 'llama', 'llama-tied', 'roberta']) {
      const model = openModelFolder(join(golden, name));
      const folder = join(temporaryFolder(), name);
      writeModelFolder(folder, {
        config: Object(model.config),
        tensors: model.weights(),
        tokenizerFrom: model,
      });
      const again = readFileSync(join(folder, 'model.safetensors'));
      expect(again.equals(readFileSync(join(golden, name, 'model.safetensors'))), name).toBe(true);
      expect(openModelFolder(folder).config).toEqual({ ...Object(model.config), dtype: 'float32' });
      expect(openModelFolder(folder).tokenizer() !== null).toBe(name === 'roberta');
    }
  });
});

describe('a damaged folder is refused in words that name the part', () => {
  test('no folder, a file in its place, no config.json, a config.json that is no object', () => {
    const folder = tinyFolder();
    expect(refusal(() => openModelFolder(join(folder, 'nowhere'))).identifier).toBe('file_missing');
    expect(refusal(() => openModelFolder(join(folder, 'config.json'))).identifier).toBe('model_not_a_folder');
    writeFileSync(join(folder, 'config.json'), '{"model_type": ');
    expect(inWords(refusal(() => openModelFolder(folder)))).toContain('config.json cannot be read as JSON');
    writeFileSync(join(folder, 'config.json'), '[]');
    expect(refusal(() => openModelFolder(folder)).identifier).toBe('json_unreadable');
    rmSync(join(folder, 'config.json'));
    expect(refusal(() => openModelFolder(folder)).identifier).toBe('model_config_missing');
  });

  test('no weights at all', () => {
    const folder = tinyFolder();
    rmSync(join(folder, 'model.safetensors'));
    expect(refusal(() => openModelFolder(folder)).identifier).toBe('model_weights_missing');
  });

  test('a truncated file, by its name', () => {
    const folder = tinyFolder();
    const path = join(folder, 'model.safetensors');
    truncateSync(path, statSync(path).size - 8);
    const error = refusal(() => openModelFolder(folder).weights());
    expect(inWords(error)).toContain('model.safetensors');
    expect(inWords(error)).toMatch(/cut off/);
  });

  test('a missing tensor and a wrong shape, by the name of the tensor', () => {
    const parsed = parseModelConfig(config);
    const folder = tinyFolder();
    const name = 'transformer.h.0.mlp.c_fc.weight';
    const lacking = weights();
    lacking.delete(name);
    writeModelFolder(folder, { config, tensors: lacking });
    const missing = refusal(() => normaliseWeights(parsed, openModelFolder(folder).weights()));
    expect(missing.identifier).toBe('model_tensor_missing');
    expect(inWords(missing)).toContain(name);
    const bent = weights().set(name, { dtype: 'float32', shape: [16, 4], data: new Float32Array(64) });
    writeModelFolder(folder, { config, tensors: bent });
    const wrong = refusal(() => normaliseWeights(parsed, openModelFolder(folder).weights()));
    expect(wrong.identifier).toBe('model_tensor_shape');
    expect(inWords(wrong)).toContain(name);
  });

  test('a lost shard', () => {
    const folder = shardedFolder();
    rmSync(join(folder, 'model-00002-of-00002.safetensors'));
    expect(inWords(refusal(() => openModelFolder(folder)))).toContain('lacks model-00002-of-00002.safetensors');
  });

  test('a shard that lacks a tensor the index promises', () => {
    const folder = shardedFolder((index) => {
      index.weight_map['h.7.ghost'] = 'model-00001-of-00002.safetensors';
    });
    expect(inWords(refusal(() => openModelFolder(folder).weights()))).toContain('the tensor h.7.ghost');
  });

  test('two shards that hold the same tensor', () => {
    const folder = shardedFolder();
    const first = readSafetensors(join(folder, 'model-00001-of-00002.safetensors')).tensors;
    const second = readSafetensors(join(folder, 'model-00002-of-00002.safetensors')).tensors;
    writeSafetensors(join(folder, 'model-00002-of-00002.safetensors'), new Map([...first, ...second]));
    expect(refusal(() => openModelFolder(folder).weights()).identifier).toBe('safetensors_duplicate');
  });

  test.each(['../secret.safetensors', '/etc/passwd', 'a/b.safetensors', 'C:\\w.safetensors', '', 7, null])(
    'an index that leads to %s',
    (file) => {
      const folder = shardedFolder((index) => {
        index.weight_map.wte = file;
      });
      expect(refusal(() => openModelFolder(folder)).identifier).toBe('model_index_damaged');
    },
  );

  test('an index without a map', () => {
    const folder = shardedFolder();
    writeFileSync(join(folder, 'model.safetensors.index.json'), '{"metadata":{}}');
    expect(refusal(() => openModelFolder(folder)).identifier).toBe('model_index_damaged');
  });

  test('writing where a file stands in the way is a sentence, and leaves the file', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'model.safetensors'));
    const error = refusal(() => writeModelFolder(folder, { config, tensors: weights() }));
    expect(error.identifier).toBe('file_unwritable');
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});
