/** Learning rates over a training, as transformers' schedulers give them: up during the warm-up, then the named way down. */

export const LR_SCHEDULER_TYPES = ['linear', 'constant', 'cosine'] as const;
export type LrSchedulerType = (typeof LR_SCHEDULER_TYPES)[number];

export interface Schedule {
  readonly type: LrSchedulerType;
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly totalSteps: number;
}

/** The learning rate used in step `step` (0 for the first: with a warm-up it is 0, as in transformers). */
export function learningRateAt({ type, learningRate, warmupSteps, totalSteps }: Schedule, step: number): number {
  if (step < warmupSteps) return learningRate * (step / Math.max(1, warmupSteps));
  const decaySteps = Math.max(1, totalSteps - warmupSteps);
  switch (type) {
    case 'constant':
      return learningRate;
    case 'linear':
      return learningRate * Math.max(0, (totalSteps - step) / decaySteps);
    case 'cosine':
      return learningRate * Math.max(0, 0.5 * (1 + Math.cos((Math.PI * (step - warmupSteps)) / decaySteps)));
  }
}
