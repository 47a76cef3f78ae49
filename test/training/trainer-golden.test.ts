/** Whole fine-tunes against transformers.Trainer and peft: every logged number, and the weights they end with. */
import { describe, expect, test } from 'vitest';
import { openTrainable, type Trainable } from '../../src/engine/index.ts';
import { type StepLog, type TrainingArguments, train } from '../../src/training/trainer.ts';
import '../engine/allclose.ts';
import { type Golden, type GoldenRun, goldenAbsent, goldenModels } from '../engine/golden.ts';

async function repeat(run: GoldenRun, trainable: Trainable) {
  const names: Record<string, keyof TrainingArguments> = {
    per_device_train_batch_size: 'perDeviceTrainBatchSize',
    gradient_accumulation_steps: 'gradientAccumulationSteps',
    learning_rate: 'learningRate',
    num_train_epochs: 'numTrainEpochs',
    weight_decay: 'weightDecay',
    warmup_steps: 'warmupSteps',
    max_grad_norm: 'maxGradNorm',
  };
  const given = Object.entries(run.arguments).map(([key, value]) => {
    expect(names).toHaveProperty(key);
    return [names[key], value];
  });
  const rows = run.rows.map((inputIds) => ({ inputIds }));
  return train(trainable, rows, { ...Object.fromEntries(given), shuffle: false });
}

function expectSameLog(run: GoldenRun, { log, summary }: Awaited<ReturnType<typeof repeat>>): void {
  const steps = run.log.slice(0, -1);
  expect(log.length).toBe(steps.length);
  expect(log.map(({ loss }) => loss)).toBeAllclose(
    steps.map(({ loss }) => loss),
    { relTol: 1e-4, absTol: 0 },
  );
  expect(log.map(({ gradNorm }) => gradNorm)).toBeAllclose(
    steps.map((step) => step.grad_norm),
    { relTol: 1e-4, absTol: 0 },
  );
  expect(log.map(({ learningRate }) => learningRate)).toBeAllclose(
    steps.map((step) => step.learning_rate),
    { relTol: 1e-12 },
  );
  expect(log.map(({ epoch }) => epoch)).toEqual(steps.map(({ epoch }) => epoch));
  expect([summary.trainLoss, summary.epoch]).toBeAllclose([run.log.at(-1)!.train_loss!, run.log.at(-1)!.epoch], {
    relTol: 1e-4,
  });
}

function expectSameTensors(golden: Golden, trainable: Trainable, file: string, steps: StepLog[]): void {
  const expected = golden.tensors(file);
  const actual = trainable.trainedTensors();
  expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [name, { data }] of expected) {
    const isKeyBias = (_: unknown, i: number) =>
      name.endsWith('c_attn.bias') && Math.floor((3 * i) / data.length) === 1;
    const all = actual.get(name)!.data as Float32Array;
    const [ours, theirs] = [all, data as Float32Array].map((values) => values.filter((v, i) => !isKeyBias(v, i)));
    expect(ours!, name).toBeAllclose(theirs!, { relTol: 0, absTol: 1e-5 });
    // A key's bias shifts all scores of a query alike, so its true gradient is zero; AdamW makes steps as large as the
    // learning rate of whatever rounding leaves there, in PyTorch as here. Only their size can be compared.
    const reach = 1.01 * steps.reduce((sum, { learningRate }) => sum + learningRate, 0);
    expect(Math.max(0, ...all.filter(isKeyBias).map(Math.abs)), `${name}, keys`).toBeLessThanOrEqual(reach);
  }
}

describe.skipIf(goldenAbsent).each(goldenModels)('a fine-tune of $name gives what the Trainer gives', (golden) => {
  test.each(['full-seed', 'full-batch2', 'full-accum'])(
    '%s: every logged number and the final weights',
    async (name) => {
      const run = golden.run(name);
      const trainable = await openTrainable(golden.config(), golden.tensors('model.safetensors'), { method: 'full' });
      const outcome = await repeat(run, trainable);
      expectSameLog(run, outcome);
      expectSameTensors(golden, trainable, `${name}.safetensors`, outcome.log);
      await trainable.dispose();
    },
  );

  test('lora-sft: every logged number and the final adapter', async () => {
    const run = golden.run('lora-sft');
    const adapter = golden.tensors('lora-init/adapter_model.safetensors');
    const options = { method: 'lora', lora: golden.lora(), adapter } as const;
    const trainable = await openTrainable(golden.config(), golden.tensors('model.safetensors'), options);
    const outcome = await repeat(run, trainable);
    expectSameLog(run, outcome);
    expectSameTensors(golden, trainable, 'lora-sft/adapter_model.safetensors', outcome.log);
    await trainable.dispose();
  });
});
