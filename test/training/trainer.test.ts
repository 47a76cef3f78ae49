/** The loop around the engine: same job same bytes, interrupted or not; stopping; what a step is made of. */
import { describe, expect, test } from 'vitest';
import {
  copyTensors,
  defaultLora,
  openTrainable,
  randomWeights,
  type TensorMap,
  type Trainable,
  type TrainableOptions,
} from '../../src/engine/index.ts';
import { type TrainerCheckpoint, type TrainingArguments, train } from '../../src/training/trainer.ts';
import '../engine/allclose.ts';
import { createConfig, createRows } from '../engine/tiny.ts';

const config = createConfig();
const open = (options: Partial<TrainableOptions> = {}): Promise<Trainable> =>
  openTrainable(config, randomWeights(config, 3), { method: 'full', ...options });

const lora = { method: 'lora', lora: defaultLora(config, 4, 8) } as const;
const args: Partial<TrainingArguments> = {
  learningRate: 3e-3,
  numTrainEpochs: 3,
  perDeviceTrainBatchSize: 2,
  gradientAccumulationSteps: 2,
  weightDecay: 0.1,
  warmupSteps: 2,
  lrSchedulerType: 'cosine',
};

const bytesOf = (tensors: TensorMap): Record<string, string> =>
  Object.fromEntries(
    [...tensors].map(([name, { data }]) => [
      name,
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
    ]),
  );

describe.each([
  ['full', {}],
  ['lora', lora],
] as const)('%s', (_, options) => {
  test('the same job twice gives the same bytes', async () => {
    const [first, second] = [await open(options), await open(options)];
    const rows = createRows(7);
    const one = await train(first, rows, args);
    const two = await train(second, rows, args);
    expect(two.log).toEqual(one.log);
    expect(bytesOf(second.exportState())).toEqual(bytesOf(first.exportState()));
  });

  test('paused at any step and resumed elsewhere, a job ends with the same bytes', async () => {
    const whole = await open(options);
    const rows = createRows(7);
    const { log, summary } = await train(whole, rows, args);
    expect(log.length).toBe(6);
    for (let stopAt = 1; stopAt < log.length; stopAt++) {
      let saved: TrainerCheckpoint | undefined;
      const before = await open(options);
      let asked = 0;
      const paused = await train(before, rows, args, {
        shouldStop: () => (asked++ === stopAt ? 'pause' : 'continue'),
        onCheckpoint: (checkpoint) => {
          saved = { ...checkpoint, tensors: copyTensors(checkpoint.tensors) };
        },
      });
      expect([paused.outcome, paused.log.length, saved?.step]).toEqual(['paused', stopAt, stopAt]);
      const after = await open(options);
      const resumed = await train(after, rows, args, { resume: saved });
      expect([...paused.log, ...resumed.log]).toEqual(log);
      expect(resumed.summary).toMatchObject({
        trainLoss: summary.trainLoss,
        steps: summary.steps,
        epoch: summary.epoch,
      });
      expect(bytesOf(after.exportState())).toEqual(bytesOf(whole.exportState()));
    }
  });

  test('it learns: the loss of a pattern falls by more than half', async () => {
    // Spread-out embeddings: an adapter cannot enlarge the head it scores with.
    const spread = createConfig({ initializer_range: 0.5 });
    const trainable = await openTrainable(spread, randomWeights(spread, 3), { method: 'full', ...options });
    const { log } = await train(trainable, createRows(4), {
      ...args,
      learningRate: 2e-2,
      numTrainEpochs: 40,
      warmupSteps: 0,
    });
    expect(log.at(-1)!.loss).toBeLessThan(log[0]!.loss / 2);
  });
});

test('LoRA leaves a start whose B is zero as the base is, and trains nothing else', async () => {
  const [full, adapted] = [await open(), await open(lora)];
  const rows = createRows(2);
  const batch = { rows, args: { ...args, learningRate: 0, numTrainEpochs: 1 } };
  const [a, b] = [await train(full, batch.rows, batch.args), await train(adapted, batch.rows, batch.args)];
  expect(b.log.map(({ loss }) => loss)).toBeAllclose(
    a.log.map(({ loss }) => loss),
    { relTol: 1e-5 },
  );
  expect([...adapted.trainedTensors().keys()].every((name) => /lora_[AB]\.weight$/.test(name))).toBe(true);
});

test('accumulating two batches of two is one batch of four', async () => {
  const [whole, parts] = [await open(), await open()];
  const rows = createRows(4);
  const shared = { ...args, numTrainEpochs: 2, shuffle: false };
  const one = await train(whole, rows, { ...shared, perDeviceTrainBatchSize: 4, gradientAccumulationSteps: 1 });
  const two = await train(parts, rows, { ...shared, perDeviceTrainBatchSize: 2, gradientAccumulationSteps: 2 });
  expect(two.log.map(({ loss }) => loss)).toBeAllclose(one.log.map(({ loss }) => loss));
  expect(two.log.map(({ gradNorm }) => gradNorm)).toBeAllclose(one.log.map(({ gradNorm }) => gradNorm));
});

test('an epoch ends with what is left: five rows by twos, two batches a step, are two steps', async () => {
  const { log, summary } = await train(await open(), createRows(5), { ...args, numTrainEpochs: 2 });
  expect(log.map(({ step, totalSteps, epoch }) => [step, totalSteps, epoch])).toEqual([
    [1, 4, 2 / 3],
    [2, 4, 1],
    [3, 4, 1 + 2 / 3],
    [4, 4, 2],
  ]);
  expect([summary.steps, summary.epoch]).toEqual([4, 2]);
  expect(summary.trainLoss).toBeCloseTo(log.reduce((sum, { loss }) => sum + loss, 0) / 4, 12);
});

test('shuffling follows the seed: other seeds, other orders; each epoch its own', async () => {
  const losses = async (seed: number) => {
    const { log } = await train(await open(), createRows(6), {
      ...args,
      learningRate: 0,
      seed,
      perDeviceTrainBatchSize: 1,
      gradientAccumulationSteps: 1,
    });
    return log.map(({ loss }) => loss.toFixed(6));
  };
  const [first, again, other] = [await losses(1), await losses(1), await losses(2)];
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
  // A rate of 0 leaves the brain as it is: every epoch holds the same losses, in another order.
  expect(first.slice(6, 12)).not.toEqual(first.slice(0, 6));
  expect(first.slice(6, 12).sort()).toEqual(first.slice(0, 6).sort());
});

test('checkpoints come every n steps, a cancelled job leaves none behind', async () => {
  const steps: number[] = [];
  const hooks = { checkpointEvery: 2, onCheckpoint: ({ step }: TrainerCheckpoint) => void steps.push(step) };
  await train(await open(), createRows(7), args, hooks);
  expect(steps).toEqual([2, 4]);
  const cancelled = await train(await open(), createRows(7), args, { ...hooks, shouldStop: () => 'cancel' });
  expect([cancelled.outcome, cancelled.log, steps]).toEqual(['cancelled', [], [2, 4]]);
});

test('rows that teach nothing are refused before anything changes', async () => {
  const trainable = await open();
  const before = bytesOf(trainable.exportState());
  await expect(train(trainable, [], args)).rejects.toThrow(/training_rows_empty/);
  await expect(train(trainable, [{ inputIds: [4] }], args)).rejects.toThrow(/training_rows_empty/);
  expect(bytesOf(trainable.exportState())).toEqual(before);
});

test('a training that runs away ends with an error instead of a brain of not-a-numbers', async () => {
  const trainable = await open();
  const wild = {
    ...args,
    learningRate: 1e30,
    warmupSteps: 0,
    maxGradNorm: Number.POSITIVE_INFINITY,
    numTrainEpochs: 20,
  };
  await expect(train(trainable, createRows(4), wild)).rejects.toThrow(/training_diverged/);
  const numbers = [...trainable.trainedTensors().values()].flatMap(({ data }) => [...data].map(Number));
  expect(numbers.every(Number.isFinite)).toBe(true);
});

test('a gradient that is no number is never stepped along, be the loss as it may', async () => {
  const trainable = await open();
  const before = bytesOf(trainable.exportState());
  const broken: Trainable = {
    countsFirstLabel: trainable.countsFirstLabel,
    forwardBackward: (batch, normaliser) => trainable.forwardBackward(batch, normaliser),
    forwardBackwardWeighted: (...call) => trainable.forwardBackwardWeighted(...call),
    evaluate: (batch) => trainable.evaluate(batch),
    clipGradNorm: async () => Number.NaN,
    optimizerStep: (learningRate, weightDecay) => trainable.optimizerStep(learningRate, weightDecay),
    trainedTensors: () => trainable.trainedTensors(),
    exportState: () => trainable.exportState(),
    importState: (state) => trainable.importState(state),
    dispose: () => trainable.dispose(),
  };
  await expect(train(broken, createRows(4), args)).rejects.toThrow(/training_diverged/);
  expect(bytesOf(trainable.exportState())).toEqual(before);
});

test('a batch with nothing to learn among others is a step of gradient zero', async () => {
  const rows = [{ inputIds: [1, 2, 3] }, { inputIds: [4, 5], labels: [-100, -100] }];
  const { log } = await train(await open(), rows, {
    ...args,
    perDeviceTrainBatchSize: 1,
    gradientAccumulationSteps: 1,
    numTrainEpochs: 1,
    shuffle: false,
  });
  expect(log[1]).toMatchObject({ loss: 0, gradNorm: 0 });
});
