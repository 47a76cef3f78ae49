/**
 * The optimiser by itself: against the textbook's formula, byte for byte against itself, and down a slope. Against
 * PyTorch it is proven by the whole fine-tunes of test/training/trainer-golden.test.ts.
 */
import { expect, test } from 'vitest';
import { adamwUpdate, defaultAdamW, sumOfSquares } from '../../src/engine/adamw.ts';
import { seededRandom } from '../../src/engine/random.ts';
import './allclose.ts';

const options = { ...defaultAdamW, learningRate: 0.1, weightDecay: 0.01, gradientScale: 0.5 };

function randomNumbers(count: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: count }, () => random.normal());
}

function run(steps: number, seed: number): Float32Array {
  const [parameter, expAvg, expAvgSq] = [randomNumbers(9, seed), new Float32Array(9), new Float32Array(9)];
  for (let step = 1; step <= steps; step++) {
    adamwUpdate(parameter, randomNumbers(9, seed + step), expAvg, expAvgSq, { ...options, step });
  }
  return parameter;
}

test('five steps follow the formula with its moments corrected for their start at zero', () => {
  const { beta1, beta2, epsilon, learningRate, weightDecay, gradientScale } = options;
  const expected = [...randomNumbers(9, 1)].map((start, i) => {
    let [p, m, v] = [start, 0, 0];
    for (let step = 1; step <= 5; step++) {
      const g = gradientScale * randomNumbers(9, 1 + step)[i]!;
      p -= learningRate * weightDecay * p;
      m = beta1 * m + (1 - beta1) * g;
      v = beta2 * v + (1 - beta2) * g * g;
      p -= (learningRate * (m / (1 - beta1 ** step))) / (Math.sqrt(v / (1 - beta2 ** step)) + epsilon);
    }
    return p;
  });
  expect(run(5, 1)).toBeAllclose(expected, { relTol: 1e-6 });
});

test('the same steps give the same bytes, whole or in parts', () => {
  expect(run(3, 2)).toEqual(run(3, 2));
  const [whole, parts] = [run(0, 2), run(0, 2)];
  const moments = () => [new Float32Array(9), new Float32Array(9)] as const;
  const gradient = randomNumbers(9, 5);
  adamwUpdate(whole, gradient, ...moments(), { ...options, step: 1 });
  const [m, v] = moments();
  adamwUpdate(parts, gradient, m, v, { ...options, step: 1 }, 0, 4);
  adamwUpdate(parts, gradient, m, v, { ...options, step: 1 }, 4, 9);
  expect(parts).toEqual(whole);
});

test('it walks down to the bottom of a bowl', () => {
  const [p, m, v] = [Float32Array.of(3, -2), new Float32Array(2), new Float32Array(2)];
  for (let step = 1; step <= 300; step++) {
    const gradient = Float32Array.of(2 * (p[0]! - 1), 20 * (p[1]! + 1)); // of (x − 1)² + 10 (y + 1)²
    adamwUpdate(p, gradient, m, v, { ...defaultAdamW, learningRate: 0.05, weightDecay: 0, gradientScale: 1, step });
  }
  expect(p).toBeAllclose([1, -1], { relTol: 1e-2 });
});

test('a sum of squares is the same wherever its four lanes begin', () => {
  const values = randomNumbers(1003, 3);
  const plain = values.reduce((sum, value) => sum + value * value, 0);
  expect([sumOfSquares(values), sumOfSquares(values, 0, 501) + sumOfSquares(values, 501)]).toBeAllclose(
    [plain, plain],
    { relTol: 1e-13 },
  );
});
