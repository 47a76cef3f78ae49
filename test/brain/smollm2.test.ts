/**
 * A real chat model from its GGUF file against transformers: prompts, greedy replies, log-probabilities, and the first
 * steps of a LoRA and of a full fine-tune. It is expanded to float32 once (538 MB on disk for the time of the test).
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Brain, openBrain } from '../../src/brain/index.ts';
import { openTrainable, type Trainable } from '../../src/engine/index.ts';
import { readAdapterFolder } from '../../src/formats/index.ts';
import { collate, truncate } from '../../src/training/collator.ts';
import { train } from '../../src/training/index.ts';
import '../engine/allclose.ts';

const shared = path.resolve('..', 'shared');
const file = path.join(shared, 'models', 'SmolLM2-135M-Instruct.Q4_1.gguf');
const golden = path.join(shared, 'golden', 'smollm2');
const absent = !existsSync(file) || !existsSync(golden);
if (absent) console.warn(`skipped: the model is not at ${file}`);

interface GoldenSteps {
  learning_rate: number;
  row: number[];
  log: ({ loss: number; grad_norm: number; learning_rate: number } | { final_loss: number })[];
}

interface Reference {
  greedy: { prompt: string; rendered: string; input_ids: number[]; output_ids: number[] }[];
  logprobs: { text: string; input_ids: number[]; token_logprobs: number[] }[];
  lora: GoldenSteps;
  full: GoldenSteps;
}

describe.skipIf(absent)('SmolLM2 from its GGUF file', () => {
  let folder: string;
  let brain: Brain;
  let reference: Reference;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'smollm2-'));
    reference = JSON.parse(readFileSync(path.join(golden, 'reference.json'), 'utf8')) as Reference;
    brain = await openBrain(file, { dataFolder: folder });
  });
  afterAll(async () => {
    await brain.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  test('answers as the reference does, prompt and reply token for token', async () => {
    expect(reference.greedy.length).toBeGreaterThan(0);
    for (const { prompt, input_ids, output_ids } of reference.greedy) {
      const ids = await brain.promptIds([], prompt);
      expect(ids).toEqual(input_ids);
      const settings = { greedy: true, repetitionPenalty: 1, maxNewTokens: output_ids.length, seed: 1 };
      const { outputIds } = await brain.generate(ids, settings);
      expect(outputIds).toEqual(output_ids);
    }
  });

  test('finds every token as likely as the reference does', async () => {
    for (const { text, input_ids, token_logprobs } of reference.logprobs) {
      expect(brain.tokenizer.encode(text)).toEqual(input_ids);
      expect(await brain.logprobs(input_ids)).toBeAllclose(token_logprobs, { relTol: 0, absTol: 1e-3 });
    }
  });

  async function steps(trainable: Trainable, { row, learning_rate, log }: GoldenSteps): Promise<void> {
    const expected = log.flatMap((step) => ('loss' in step ? [step] : []));
    const args = { learningRate: learning_rate, numTrainEpochs: expected.length, shuffle: false };
    const outcome = await train(trainable, [{ inputIds: row }], args);
    const { nll, tokens } = await trainable.evaluate(collate([truncate({ inputIds: row }, row.length)]));
    await trainable.dispose();
    expect(outcome.log.flatMap(({ loss, gradNorm }) => [loss, gradNorm])).toBeAllclose(
      expected.flatMap((step) => [step.loss, step.grad_norm]),
      { relTol: 1e-3, absTol: 1e-3 },
    );
    const final = log.flatMap((step) => ('final_loss' in step ? [step.final_loss] : []));
    expect([nll / tokens]).toBeAllclose(final, { relTol: 1e-3 });
  }

  test('learns with an adapter as with peft', async () => {
    const { lora, tensors } = readAdapterFolder(path.join(golden, 'lora-init'));
    const options = { method: 'lora', lora, adapter: tensors } as const;
    await steps(await openTrainable(brain.config, { file: brain.weightsFile }, options), reference.lora);
  });

  test('learns with all its weights as with PyTorch', async () => {
    await steps(await openTrainable(brain.config, { file: brain.weightsFile }, { method: 'full' }), reference.full);
  });
});
