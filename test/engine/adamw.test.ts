/**
 * The optimiser by itself: against the textbook's formula, byte for byte against itself, and down a slope. Against
 * PyTorch it is proven by the whole fine-tunes of test/training/trainer-golden.test.ts.
 */
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultAdamW } from '../../src/engine/adamw.ts';
import { AdamWPool } from '../../src/engine/adamw-pool.ts';
import { allocateTensors, type OptimizedTensor } from '../../src/engine/optimizer-memory.ts';
import { seededRandom } from '../../src/engine/random.ts';
import './allclose.ts';

const options = { ...defaultAdamW, learningRate: 0.1, weightDecay: 0.1, gradientScale: 0.5 };
const ALWAYS_SHARED = 0;

/** Tensors of these sizes with random parameters and gradients; every second one decays. */
function createMemory(sizes: readonly number[], seed = 5) {
  const memory = allocateTensors(sizes.map((count, i) => ({ count, decays: i % 2 === 0 })));
  const random = seededRandom(seed);
  for (const { parameter, gradient, scratch } of memory.tensors)
    for (const values of [parameter, gradient, scratch])
      for (let i = 0; i < values.length; i++) values[i] = random.normal();
  return memory;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => Buffer.from(buffer, byteOffset, byteLength);
const bytes = (tensors: readonly OptimizedTensor[]) =>
  Buffer.concat(tensors.flatMap(({ parameter, expAvg, expAvgSq }) => [parameter, expAvg, expAvgSq].map(bytesOf)));

test('five steps follow the formula with its moments corrected for their start at zero, decay where it is due', () => {
  const { beta1, beta2, epsilon, learningRate, weightDecay, gradientScale } = options;
  const memory = createMemory([9, 4, 1]);
  const starts = memory.tensors.map(({ parameter }) => [...parameter]);
  const pool = new AdamWPool(memory, 1);
  for (let step = 1; step <= 5; step++) pool.step({ ...options, step });
  for (const [t, { parameter, gradient, decays }] of memory.tensors.entries()) {
    const expected = starts[t]!.map((start, i) => {
      let [p, m, v] = [start, 0, 0];
      for (let step = 1; step <= 5; step++) {
        const g = gradientScale * gradient[i]!;
        if (decays) p -= learningRate * weightDecay * p;
        m = beta1 * m + (1 - beta1) * g;
        v = beta2 * v + (1 - beta2) * g * g;
        p -= (learningRate * (m / (1 - beta1 ** step))) / (Math.sqrt(v / (1 - beta2 ** step)) + epsilon);
      }
      return p;
    });
    expect(parameter).toBeAllclose(expected, { relTol: 1e-5, absTol: 1e-6 });
  }
});

test('arrays of any lengths stand apart: what is done to one leaves the others as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 6 }), (sizes) => {
      const memory = createMemory(sizes);
      const sums = memory.tensors.map(({ gradient, scratch }) => gradient.map((value, i) => value + scratch[i]!));
      const pool = new AdamWPool(memory, 1);
      const before = memory.tensors.map(({ parameter, scratch }) => [bytesOf(parameter), bytesOf(scratch)].map(String));
      pool.accumulate();
      for (const [t, { gradient, parameter, scratch }] of memory.tensors.entries()) {
        expect(gradient).toEqual(sums[t]);
        expect([bytesOf(parameter), bytesOf(scratch)].map(String)).toEqual(before[t]);
      }
      const expected = sums.reduce((total, values) => values.reduce((sum, value) => sum + value ** 2, total), 0);
      expect([pool.squares()]).toBeAllclose([expected], { relTol: 1e-12 });
    }),
  );
});

test('it walks down to the bottom of a bowl', () => {
  const memory = allocateTensors([{ count: 2, decays: false }]);
  const [{ parameter, gradient }] = memory.tensors as [OptimizedTensor];
  parameter.set([3, -2]);
  const pool = new AdamWPool(memory, 1);
  for (let step = 1; step <= 300; step++) {
    gradient.set([2 * (parameter[0]! - 1), 20 * (parameter[1]! + 1)]); // of (x − 1)² + 10 (y + 1)²
    pool.step({ ...options, learningRate: 0.05, gradientScale: 1, step });
  }
  expect(parameter).toBeAllclose([1, -1], { relTol: 1e-2 });
});

test('three threads give the bytes of one, step after step', async () => {
  const sizes = [700_001, 3, 262_144, 300_000];
  const [alone, shared] = [createMemory(sizes), createMemory(sizes)];
  const [one, three] = [new AdamWPool(alone, 1), new AdamWPool(shared, 3, ALWAYS_SHARED)];
  // The first steps run while the helpers are still starting, the last ones with their help.
  for (let step = 1; step <= 6; step++) {
    one.step({ ...options, step });
    three.step({ ...options, step });
    if (step === 3) while (three.helpers < 2) await pause(5);
  }
  expect(Buffer.compare(bytes(shared.tensors), bytes(alone.tensors))).toBe(0);
  expect(three.squares()).toBe(one.squares());
  await three.dispose();
});

test('small models start no thread', () => {
  expect(new AdamWPool(createMemory([10]), 4).started).toBe(0);
});

test('a tensor beyond the reach of an address is refused', () => {
  expect(() => allocateTensors([{ count: 2 ** 28, decays: true }])).toThrow(RangeError);
});
