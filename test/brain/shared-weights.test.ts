/** Bot and worker have a brain's weights in memory once: an adapter is trained over the file that is served. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type BrainOptions, openBrain } from '../../src/brain/index.ts';
import { openTrainable, parseModelConfig, randomWeights } from '../../src/engine/index.ts';
import { writeModelFolder } from '../../src/formats/index.ts';
import { train } from '../../src/training/trainer.ts';
import { temporaryFolder } from './helpers.ts';

const GPT2 = { model_type: 'gpt2', n_embd: 32, n_layer: 2, n_head: 2, n_positions: 64, vocab_size: 300 };
const LLAMA = {
  ...{ model_type: 'llama', hidden_size: 64, intermediate_size: 96, num_hidden_layers: 2 },
  ...{ num_attention_heads: 2, num_key_value_heads: 1, max_position_embeddings: 64, vocab_size: 320 },
};
const UNTIED = { ...LLAMA, tie_word_embeddings: false };
const TIED = { ...LLAMA, tie_word_embeddings: true };

async function openedModel(config: Record<string, unknown>, options: Partial<BrainOptions>) {
  const folder = temporaryFolder();
  writeModelFolder(folder, { config, tensors: randomWeights(parseModelConfig(config), 7), dtype: 'float16' });
  const brain = await openBrain(folder, { dataFolder: temporaryFolder(), threads: 1, ...options });
  onTestFinished(() => brain.dispose());
  return { brain, own: path.join(folder, 'model.safetensors') };
}

describe('beside a bot that serves float32', () => {
  test.each([
    ['GPT-2', GPT2],
    ['Llama', UNTIED],
    ['Llama with one table', TIED],
  ])('%s is trained over the file that is served: the same bytes as over plain weights', async (_, config) => {
    const dataFolder = temporaryFolder();
    const { brain } = await openedModel(config, { dataFolder, besideServing: 'float32' });
    await brain.logprobs([20, 30, 40]);
    const { frozenFile } = brain;
    expect(readdirSync(path.join(dataFolder, 'cache'))).toEqual([path.basename(frozenFile)]);
    const trained = async (file: string) => {
      const trainable = await openTrainable(brain.config, { file }, { method: 'lora' });
      await train(trainable, [{ inputIds: [20, 30, 40, 50] }], { learningRate: 1e-2 });
      const state = trainable.exportState();
      const { nll } = await trainable.evaluate({
        ...{ inputIds: Int32Array.of(1, 2, 3), labels: Int32Array.of(1, 2, 3), attentionMask: Int32Array.of(1, 1, 1) },
        ...{ batchSize: 1, length: 3 },
      });
      return { state, nll };
    };
    expect(brain.weightsFile).not.toBe(frozenFile);
    expect(await trained(frozenFile)).toEqual(await trained(brain.weightsFile));
  });

  test('a model whose matrices do not fill their panels is trained over its own file', async () => {
    const { brain, own } = await openedModel({ ...GPT2, n_embd: 40 }, { besideServing: 'float32' });
    expect(brain.frozenFile).toBe(own);
  });
});

test('beside a bot that serves fewer bits, or none, a model is trained over its own file', async () => {
  for (const options of [{ besideServing: 'quantised' }, {}] as const) {
    const { brain, own } = await openedModel(TIED, options);
    expect(brain.frozenFile).toBe(own);
  }
});
