import { describe, expect, test } from 'vitest';
import { LR_SCHEDULER_TYPES, learningRateAt, type Schedule } from '../../src/training/schedule.ts';
import '../engine/allclose.ts';

const rates = (schedule: Partial<Schedule>, steps: number): number[] =>
  Array.from({ length: steps }, (_, step) =>
    learningRateAt({ type: 'linear', learningRate: 1, warmupSteps: 0, totalSteps: steps, ...schedule }, step),
  );

describe('learning rates are those of transformers', () => {
  // transformers 5.23.0: get_scheduler(name, optimizer, warmup, total), lr read before each of the steps.
  test('linear without warm-up: the first step uses the full rate, the last one is above 0', () => {
    expect(rates({}, 4)).toBeAllclose([1, 0.75, 0.5, 0.25]);
  });
  test('linear after two steps of warm-up', () => {
    expect(rates({ warmupSteps: 2 }, 6)).toBeAllclose([0, 0.5, 1, 0.75, 0.5, 0.25]);
  });
  test('constant stays, after its warm-up where one is set', () => {
    expect(rates({ type: 'constant' }, 3)).toEqual([1, 1, 1]);
    expect(rates({ type: 'constant', warmupSteps: 2 }, 4)).toEqual([0, 0.5, 1, 1]);
  });
  test('cosine falls along half a wave', () => {
    expect(rates({ type: 'cosine' }, 4)).toBeAllclose([1, 0.5 + Math.SQRT1_2 / 2, 0.5, 0.5 - Math.SQRT1_2 / 2]);
  });
  test('no schedule rises above its rate or below 0', () => {
    expect(LR_SCHEDULER_TYPES.length).toBe(3);
    for (const type of LR_SCHEDULER_TYPES) {
      for (const warmupSteps of [0, 1, 5, 20]) {
        expect(rates({ type, warmupSteps }, 10).every((rate) => rate >= 0 && rate <= 1)).toBe(true);
      }
    }
  });
});
