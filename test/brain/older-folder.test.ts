/** A folder as DialoGPT's: config.json, a torch checkpoint from before 1.6 in half precision, vocab.json, merges.txt. */
import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { specialTokens } from '../../models/sprout-training/tokenizer.ts';
import { defaultGeneration } from '../../src/brain/index.ts';
import { float32ToFloat16, parseModelConfig, randomWeights } from '../../src/engine/index.ts';
import { legacyCheckpoint, storageOf, type Tensors } from '../formats/torch-files.ts';
import { golden, noGolden, opened, temporaryFolder, tinyConfig, tinyEncoding, tinyFolder } from './helpers.ts';

const WINDOW = tinyConfig.n_positions;

/** The tiny brain's weights as old checkpoints hold them: in half precision, with masks, and the head beside what it is tied to. */
function olderCheckpoint(): Buffer {
  const half: Tensors = {};
  for (const [name, { shape, data }] of randomWeights(parseModelConfig(tinyConfig), 7)) {
    const bits = Uint16Array.from(data as Float32Array, float32ToFloat16);
    half[name] = { storage: storageOf('Half', name, bits), shape };
  }
  const mask = storageOf('Byte', 'mask', new Uint8Array(WINDOW * WINDOW).fill(1));
  return legacyCheckpoint({
    ...half,
    'lm_head.weight': half['transformer.wte.weight']!,
    'transformer.h.0.attn.bias': { storage: mask, shape: [1, 1, WINDOW, WINDOW] },
  });
}

function olderFolder(): string {
  const folder = temporaryFolder();
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(tinyConfig));
  writeFileSync(path.join(folder, 'pytorch_model.bin'), olderCheckpoint());
  const ids = Object.fromEntries(tinyEncoding.vocabulary.map((piece, id) => [piece, id]));
  writeFileSync(path.join(folder, 'vocab.json'), JSON.stringify(ids));
  const special = { additional_special_tokens: specialTokens };
  writeFileSync(path.join(folder, 'special_tokens_map.json'), JSON.stringify(special));
  const merges = tinyEncoding.merges.map((pair) => pair.join(' '));
  writeFileSync(path.join(folder, 'merges.txt'), `#version: 0.2\n${merges.join('\n')}\n`);
  return folder;
}

describe('a brain from an older folder', () => {
  test('answers, word for word, as the same one in safetensors and with tokenizer.json', async () => {
    const [older, newer] = [await opened(olderFolder()), await opened(tinyFolder({ dtype: 'float16' }))];
    const prompt = await newer.promptIds([], 'the cat sat on the mat');
    expect(older.tokenizer.known).toBe(true);
    expect(older.trainingIds('Olá, coração 😀')).toEqual(newer.trainingIds('Olá, coração 😀'));
    const settings = { ...defaultGeneration, maxNewTokens: 12, seed: 3 };
    const [left, right] = [await older.generate(prompt, settings), await newer.generate(prompt, settings)];
    expect(left.outputIds.length).toBeGreaterThan(0);
    expect(left.outputIds).toEqual(right.outputIds);
    expect(left.text).toBe(right.text);
    expect(await older.logprobs(prompt)).toEqual(await newer.logprobs(prompt));
  });

  test.skipIf(noGolden)('opens from a checkpoint torch wrote, masks and tied head and all', async () => {
    const folder = temporaryFolder();
    copyFileSync(path.join(golden, 'gpt2', 'config.json'), path.join(folder, 'config.json'));
    copyFileSync(path.join(golden, 'gpt2', 'legacy-half.bin'), path.join(folder, 'pytorch_model.bin'));
    const [older, whole] = [await opened(folder), await opened(path.join(golden, 'gpt2'))];
    const ids = [5, 17, 99, 3, 64];
    const [rounded, exact] = [await older.logprobs(ids), await whole.logprobs(ids)];
    // Weights rounded to half: the same model within half's three digits, not another one.
    for (const [i, value] of rounded.entries()) expect(Math.abs(value - exact[i]!)).toBeLessThan(0.05);
    const { outputIds } = await older.generate(ids, { ...defaultGeneration, maxNewTokens: 5, seed: 1 });
    expect(outputIds.length).toBeGreaterThan(0);
  });
});
