/** Opening a brain for training: from memory or from its file, and what is refused. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  copyTensors,
  defaultLora,
  float32ToFloat16,
  normaliseWeights,
  openTrainable,
  randomWeights,
  type TensorMap,
  type Trainable,
  type TrainingBatch,
} from '../../src/engine/index.ts';
import { writeSafetensors } from '../../src/formats/index.ts';
import { collate, truncate } from '../../src/training/collator.ts';
import './allclose.ts';
import { createConfig, createRows } from './tiny.ts';

const config = createConfig();
const folder = mkdtempSync(join(tmpdir(), 'trainable-'));
const file = join(folder, 'model.safetensors');
writeSafetensors(file, randomWeights(config, 3));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const batchOf = (count: number): TrainingBatch => collate(createRows(count).map((row) => truncate(row, 99)));

async function steps(trainable: Trainable, count = 3): Promise<number[]> {
  const losses: number[] = [];
  for (let i = 0; i < count; i++) {
    losses.push(await trainable.forwardBackward(batchOf(3), 25), await trainable.clipGradNorm(1));
    await trainable.optimizerStep(1e-2, 0.1);
  }
  return losses;
}

describe.each(['full', 'lora'] as const)('%s', (method) => {
  test('weights mapped or read from their file train to the same bytes as weights in memory', async () => {
    const [memory, mapped] = [
      await openTrainable(config, randomWeights(config, 3), { method }),
      await openTrainable(config, { file }, { method }),
    ];
    expect(await steps(mapped)).toEqual(await steps(memory));
    expect(mapped.exportState()).toEqual(memory.exportState());
    const [a, b] = [await mapped.evaluate(batchOf(4)), await memory.evaluate(batchOf(4))];
    expect(a).toEqual(b);
    await mapped.dispose();
    await memory.dispose();
  });

  test("the caller's weights stay as they were", async () => {
    const weights = randomWeights(config, 3);
    const before = copyTensors(weights);
    const trainable = await openTrainable(config, weights, { method });
    await steps(trainable);
    expect(weights).toEqual(before);
    await trainable.dispose();
  });

  test('evaluating changes nothing and agrees with the loss of training', async () => {
    const trainable = await openTrainable(config, { file }, { method });
    const before = copyTensors(trainable.exportState());
    const { nll, tokens } = await trainable.evaluate(batchOf(3));
    expect(trainable.exportState()).toEqual(before);
    expect([await trainable.forwardBackward(batchOf(3), tokens)]).toBeAllclose([nll / tokens]);
    await trainable.dispose();
  });

  test('a state of another model changes nothing', async () => {
    const trainable = await openTrainable(config, { file }, { method });
    await steps(trainable, 1);
    const before = copyTensors(trainable.exportState());
    const wrong = new Map([...before].slice(0, -2));
    expect(() => trainable.importState(wrong)).toThrow(/lacks/);
    expect(trainable.exportState()).toEqual(before);
    await trainable.dispose();
  });
});

describe.each(['float16', 'bfloat16'] as const)('a base kept in %s', (dtype) => {
  // 9,000 tokens: the table is read in two parts.
  const large = createConfig({ vocab_size: 9000 });
  const halves: TensorMap = new Map(
    [...randomWeights(large, 3)].map(([name, { shape, data }]) => {
      const bits = (value: number) =>
        dtype === 'float16' ? float32ToFloat16(value) : new Uint32Array(Float32Array.of(value).buffer)[0]! >>> 16;
      return [name, { dtype, shape, data: Uint16Array.from(data as Float32Array, bits) }];
    }),
  );

  test('trains as its float32 copy does, without being expanded', async () => {
    const half = join(folder, `${dtype}.safetensors`);
    writeSafetensors(half, halves);
    const [mapped, expanded] = [
      await openTrainable(large, { file: half }, { method: 'lora' }),
      await openTrainable(large, normaliseWeights(large, halves), { method: 'lora' }),
    ];
    expect(await steps(mapped)).toBeAllclose(await steps(expanded), { relTol: 1e-5 });
    for (const [name, { data }] of expanded.trainedTensors())
      expect(mapped.trainedTensors().get(name)!.data as Float32Array, name).toBeAllclose(data as Float32Array, {
        absTol: 1e-4,
      });
    expect([(await mapped.evaluate(batchOf(3))).nll]).toBeAllclose([(await expanded.evaluate(batchOf(3))).nll]);
  });

  test('is refused by a full training, which needs float32', async () => {
    const half = join(folder, `${dtype}.safetensors`);
    writeSafetensors(half, halves);
    await expect(openTrainable(large, { file: half }, { method: 'full' })).rejects.toThrow(/weights_file_not_float32/);
  });
});

test('each token can have a weight of its own, as losses of preference need: uniform ones give the usual loss', async () => {
  const open = () => openTrainable(config, { file }, { method: 'lora', lora: defaultLora(config, 2, 4) });
  const [usual, weighted, opposed] = [await open(), await open(), await open()];
  const batch = batchOf(2);
  const uniform = new Float32Array(batch.labels.length).fill(1 / 8);
  const loss = await usual.forwardBackward(batch, 8);
  expect(await weighted.forwardBackwardWeighted(batch, uniform)).toBe(loss);
  expect(await weighted.clipGradNorm(1)).toBe(await usual.clipGradNorm(1));
  // Half for and half against the same tokens cancel.
  await opposed.forwardBackwardWeighted(batch, uniform);
  await opposed.forwardBackwardWeighted(
    batch,
    uniform.map((weight) => -weight),
  );
  expect(await opposed.clipGradNorm(1)).toBeLessThan(1e-7);
});

test('padding is neither learnt nor looked at: a padded row gives the gradient of the row alone', async () => {
  const open = () => openTrainable(config, { file }, { method: 'full' });
  const [alone, padded] = [await open(), await open()];
  const row = truncate({ inputIds: [5, 6, 7, 8] }, 99);
  const silent = truncate({ inputIds: [1, 2, 3, 4, 5, 6, 7], labels: Array(7).fill(-100) }, 99);
  const a = await alone.forwardBackward(collate([row]), 4);
  const b = await padded.forwardBackward(collate([row, silent], 9), 4);
  expect([b, await padded.clipGradNorm(1)]).toBeAllclose([a, await alone.clipGradNorm(1)]);
});

test('rows longer than the window are refused', async () => {
  const trainable = await openTrainable(config, { file }, { method: 'full' });
  const batch = collate([truncate({ inputIds: Array(25).fill(1) }, 99)]);
  await expect(trainable.forwardBackward(batch, 1)).rejects.toThrow(/sequence_too_long.*25.*24/);
  await trainable.dispose();
});
