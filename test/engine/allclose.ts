/** `toBeAllclose`: every number within relTol · |expected| + absTol, printing the largest difference when one is not. */
import { expect } from 'vitest';

export interface Tolerance {
  relTol?: number;
  absTol?: number;
}

declare module 'vitest' {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    toBeAllclose(expected: ArrayLike<number>, tolerance?: Tolerance): R;
  }
}

expect.extend({
  toBeAllclose(
    actual: ArrayLike<number>,
    expected: ArrayLike<number>,
    { relTol = 1e-5, absTol = 1e-7 }: Tolerance = {},
  ) {
    let worst = { index: -1, excess: Number.NEGATIVE_INFINITY };
    for (let i = 0; i < expected.length; i++) {
      const difference = Math.abs(actual[i]! - expected[i]!);
      const excess = Number.isNaN(difference)
        ? Number.POSITIVE_INFINITY
        : difference - relTol * Math.abs(expected[i]!) - absTol;
      if (excess > worst.excess) worst = { index: i, excess };
    }
    const pass = actual.length === expected.length && expected.length > 0 && worst.excess <= 0;
    const { index } = worst;
    return {
      pass,
      message: () =>
        actual.length !== expected.length || expected.length === 0
          ? `${actual.length} numbers where ${expected.length} are expected`
          : `largest difference ${Math.abs(actual[index]! - expected[index]!)} at ${index}: ${actual[index]}, expected ${expected[index]} (relTol ${relTol}, absTol ${absTol})`,
    };
  },
});
