/** AdamW (Loshchilov & Hutter 2019) as torch.optim.AdamW takes it: what it is told, and what its kernel is told. */

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

/** What `step` of adamw-kernels.ts takes after the addresses, in its order. */
export type AdamWNumbers = readonly [
  beta1: number,
  fresh1: number,
  beta2: number,
  fresh2: number,
  keep: number,
  stepSize: number,
  correction: number,
  epsilon: number,
  scale: number,
];

/**
 * p ← p (1 − lr λ) − lr/(1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε), m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g².
 * @param decays whether weight decay λ applies.
 */
export function adamwNumbers(options: AdamWStep, decays: boolean): AdamWNumbers {
  const { beta1, beta2, epsilon, learningRate, weightDecay, step, gradientScale } = options;
  const keep = decays ? 1 - learningRate * weightDecay : 1;
  const stepSize = learningRate / (1 - beta1 ** step);
  const correction = 1 / Math.sqrt(1 - beta2 ** step);
  return [beta1, 1 - beta1, beta2, 1 - beta2, keep, stepSize, correction, epsilon, gradientScale];
}
