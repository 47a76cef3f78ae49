/** Sprout's own training steps from a folder that start.ts wrote. */

import { batchOf, openStart, takeStep } from '../../../models/sprout-training/step.ts';
import { parseModelConfig, type Trainable } from '../../../src/engine/index.ts';
import { readStart } from './start.ts';

export interface StepsOptions {
  muon: boolean;
  /** Rows of a batch. */
  batchSize: number;
  steps: number;
  threads: number;
  /** Called after the last step, before the sessions are closed. */
  whileOpen?: () => void;
}

/** What a step gave, and the milliseconds of its parts and of all of it. */
export interface Step {
  loss: number;
  gradientsMs: number;
  normMs: number;
  optimizerMs: number;
  stepMs: number;
}

export async function takeSteps(folder: string, options: StepsOptions): Promise<Step[]> {
  const { muon, batchSize, steps, threads, whileOpen } = options;
  const { config, weights, inputIds, length, rates } = readStart(folder);
  const trainable = await openStart(parseModelConfig(config), weights, { threads, muon });
  const batchTokens = batchSize * length;
  const taken: Step[] = [];
  for (let step = 0; step < steps; step++) {
    const parts = { gradientsMs: 0, normMs: 0, optimizerMs: 0 };
    const start = performance.now();
    const batch = batchOf(inputIds.slice(step * batchTokens, (step + 1) * batchTokens), batchSize);
    const loss = await takeStep(timed(trainable, parts), batch, rates[step]!);
    taken.push({ loss, ...parts, stepMs: performance.now() - start });
  }
  whileOpen?.();
  await trainable.dispose();
  return taken;
}

type Stepped = Parameters<typeof takeStep>[0];
type Parts = Pick<Step, 'gradientsMs' | 'normMs' | 'optimizerMs'>;

function timed(trainable: Trainable, parts: Parts): Stepped {
  const timing = async <Result>(part: keyof Parts, run: () => Promise<Result>): Promise<Result> => {
    const start = performance.now();
    const result = await run();
    parts[part] += performance.now() - start;
    return result;
  };
  return {
    forwardBackward: (batch, normaliser) => timing('gradientsMs', () => trainable.forwardBackward(batch, normaliser)),
    clipGradNorm: (maxNorm) => timing('normMs', () => trainable.clipGradNorm(maxNorm)),
    optimizerStep: (rate, decay) => timing('optimizerMs', () => trainable.optimizerStep(rate, decay)),
  };
}
