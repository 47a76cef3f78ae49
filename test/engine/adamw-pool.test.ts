/** The optimiser shared among threads gives the bytes of one thread, and helpers really work. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { adamwUpdate, defaultAdamW, sumOfSquares } from '../../src/engine/adamw.ts';
import { AdamWPool, allocate, type OptimizedTensor } from '../../src/engine/adamw-pool.ts';
import { seededRandom } from '../../src/engine/random.ts';
import './allclose.ts';

const ALWAYS_SHARED = 2 ** 30;
const sizes = [700_001, 3, 262_144, 300_000];

function createTensors(): OptimizedTensor[] {
  const random = seededRandom(5);
  const numbers = (size: number): Float32Array => {
    const values = allocate(size, ALWAYS_SHARED);
    for (let i = 0; i < size; i++) values[i] = random.uniform() - 0.5;
    return values;
  };
  return sizes.map((size, i) => ({
    parameter: numbers(size),
    gradient: numbers(size),
    expAvg: allocate(size, ALWAYS_SHARED),
    expAvgSq: allocate(size, ALWAYS_SHARED),
    decays: i % 2 === 0,
  }));
}

const step = { ...defaultAdamW, learningRate: 0.1, weightDecay: 0.1, gradientScale: 0.5 };

test('three threads give the bytes of one, step after step', async () => {
  const [alone, shared] = [createTensors(), createTensors()];
  const pool = new AdamWPool(shared, 3);
  // The first steps run while the helpers are still starting, the last ones with their help.
  for (let i = 1; i <= 6; i++) {
    pool.step({ ...step, step: i });
    for (const { parameter, gradient, expAvg, expAvgSq, decays } of alone) {
      adamwUpdate(parameter, gradient, expAvg, expAvgSq, { ...step, step: i, weightDecay: decays ? 0.1 : 0 });
    }
    if (i === 3) while (pool.helpers < 2) await pause(5);
  }
  for (const [i, { parameter, expAvgSq }] of shared.entries()) {
    expect(Buffer.compare(bytesOf(parameter), bytesOf(alone[i]!.parameter))).toBe(0);
    expect(Buffer.compare(bytesOf(expAvgSq), bytesOf(alone[i]!.expAvgSq))).toBe(0);
  }
  await pool.dispose();
});

test('the sum of squares is the same number whoever adds it up', async () => {
  const tensors = createTensors();
  const [one, three] = [new AdamWPool(tensors, 1), new AdamWPool(tensors, 3)];
  const alone = one.squares();
  while (three.helpers < 2) await pause(5);
  expect(three.squares()).toBe(alone);
  expect([alone]).toBeAllclose([tensors.reduce((sum, { gradient }) => sum + sumOfSquares(gradient), 0)], {
    relTol: 1e-12,
  });
  await one.dispose();
  await three.dispose();
});

test('small models start no thread', () => {
  expect(allocate(10, 1000).buffer).toBeInstanceOf(ArrayBuffer);
  const values = () => new Float32Array(10);
  const small = { parameter: values(), gradient: values(), expAvg: values(), expAvgSq: values(), decays: true };
  expect(new AdamWPool([small], 4).started).toBe(0);
});

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
