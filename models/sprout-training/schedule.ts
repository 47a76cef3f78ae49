/**
 * Warm up, hold, cool down. Unlike one long cosine the holding part does not depend on when the training ends, so the end
 * can be chosen while it runs (on a shared machine nobody knows the speed beforehand) and a resumed run is still the
 * same run, byte for byte. (Zhai et al. 2022 and Hägele et al. 2024 find it as good as a cosine.)
 */
export interface Schedule {
  peak: number;
  warmupSteps: number;
  /** Step from which the rate falls; the last of `steps` has `floor` of the peak left. */
  cooldownFrom: number;
  steps: number;
}

const FLOOR = 0.05;

/** Learning rate of step `step`, counted from 0. */
export function learningRate(step: number, { peak, warmupSteps, cooldownFrom, steps }: Schedule): number {
  if (step < warmupSteps) return (peak * (step + 1)) / warmupSteps;
  if (step < cooldownFrom) return peak;
  const done = Math.min(1, (step - cooldownFrom) / Math.max(1, steps - cooldownFrom));
  return peak * (FLOOR + ((1 - FLOOR) * (1 + Math.cos(Math.PI * done))) / 2);
}
