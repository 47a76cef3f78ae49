/**
 * AdamW (Loshchilov & Hutter 2019) step by step as torch.optim.AdamW takes it, in double precision between loads and
 * stores of float32.
 */

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

export const defaultAdamW: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** What a step needs beside the arrays. */
export interface AdamWStep extends AdamWOptions {
  readonly learningRate: number;
  readonly weightDecay: number;
  /** 1 for the first step. */
  readonly step: number;
  /** Factor on every gradient (from clipping). */
  readonly gradientScale: number;
}

/** Updates elements start … end−1 of a parameter and its two moments in place. */
export function adamwUpdate(
  parameter: Float32Array,
  gradient: Float32Array,
  expAvg: Float32Array,
  expAvgSq: Float32Array,
  options: AdamWStep,
  start = 0,
  end = parameter.length,
): void {
  const { beta1, beta2, epsilon, learningRate, weightDecay, step, gradientScale } = options;
  const stepSize = learningRate / (1 - beta1 ** step);
  const correction = 1 / Math.sqrt(1 - beta2 ** step);
  const keep = 1 - learningRate * weightDecay;
  const fresh1 = 1 - beta1;
  const fresh2 = 1 - beta2;
  for (let i = start; i < end; i++) {
    const g = gradient[i]! * gradientScale;
    const m = expAvg[i]! * beta1 + g * fresh1;
    const v = expAvgSq[i]! * beta2 + g * g * fresh2;
    expAvg[i] = m;
    expAvgSq[i] = v;
    parameter[i] = parameter[i]! * keep - (stepSize * m) / (Math.sqrt(v) * correction + epsilon);
  }
}

/** Σ x² of elements start … end−1, in double precision. */
export function sumOfSquares(values: Float32Array, start = 0, end = values.length): number {
  // Four sums side by side: the processor need not wait for one addition before the next.
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = start;
  for (; i + 3 < end; i += 4) {
    a += values[i]! * values[i]!;
    b += values[i + 1]! * values[i + 1]!;
    c += values[i + 2]! * values[i + 2]!;
    d += values[i + 3]! * values[i + 3]!;
  }
  for (; i < end; i++) a += values[i]! * values[i]!;
  return a + b + c + d;
}
