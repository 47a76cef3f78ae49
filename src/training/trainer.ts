/**
 * The training loop, with the arguments, the arithmetic and the log of transformers' Trainer (logging every step). What is
 * wanted of the model is an objective's (objective.ts); order, schedule, clipping, checkpoints and stopping are the same
 * for all.
 */
import { performance } from 'node:perf_hooks';
import { seededRandom, type TensorMap, type Trainable } from '../engine/index.ts';
import { UserError } from '../errors.ts';
import type { TrainingRow } from './collator.ts';
import type { Objective } from './objective.ts';
import { peakMemory } from './peak-memory.ts';
import { type LrSchedulerType, learningRateAt } from './schedule.ts';
import { supervised } from './supervised.ts';

export type { TrainingRow } from './collator.ts';

export interface TrainingArguments {
  learningRate: number;
  numTrainEpochs: number;
  perDeviceTrainBatchSize: number;
  gradientAccumulationSteps: number;
  weightDecay: number;
  warmupSteps: number;
  lrSchedulerType: LrSchedulerType;
  maxGradNorm: number;
  shuffle: boolean;
  seed: number;
  /** Overrules numTrainEpochs. */
  maxSteps?: number;
  /** Rows are cut to this many tokens. */
  maxLength?: number;
}

/** The Trainer's defaults. */
export const defaultTrainingArguments: TrainingArguments = {
  learningRate: 5e-5,
  numTrainEpochs: 3,
  perDeviceTrainBatchSize: 1,
  gradientAccumulationSteps: 1,
  weightDecay: 0,
  warmupSteps: 0,
  lrSchedulerType: 'linear',
  maxGradNorm: 1,
  shuffle: true,
  seed: 42,
};

export interface StepLog {
  step: number;
  totalSteps: number;
  loss: number;
  /** Before clipping. */
  gradNorm: number;
  /** The one used in this step. */
  learningRate: number;
  epoch: number;
  /** What else the objective measured in this step, under TRL's names. */
  metrics?: Readonly<Record<string, number>>;
}

export interface TrainSummary {
  trainRuntime: number; // seconds
  trainSamplesPerSecond: number;
  trainStepsPerSecond: number;
  trainLoss: number;
  epoch: number;
  peakMemoryMb: number;
  steps: number;
}

export interface TrainerCheckpoint {
  step: number;
  /** Sum of the losses of all steps so far. */
  totalLoss: number;
  tensors: TensorMap;
}

export interface TrainerHooks {
  onStep?(log: StepLog): void | Promise<void>;
  /** Steps between checkpoints; 0 or absent: none but when pausing. */
  checkpointEvery?: number;
  /** The tensors are live views: write or copy them before returning. */
  onCheckpoint?(checkpoint: TrainerCheckpoint): void | Promise<void>;
  resume?: TrainerCheckpoint;
  /** Asked before every step. 'pause' checkpoints first. */
  shouldStop?(): 'continue' | 'cancel' | 'pause';
}

export interface TrainOutcome {
  outcome: 'finished' | 'cancelled' | 'paused';
  /** The steps of this call; those before a resumed checkpoint are not repeated. */
  log: StepLog[];
  summary: TrainSummary;
}

/**
 * Trains on `rows` (one a sample), each learnt whole but for its labels of −100. See `trainFor`.
 * @throws UserError training_rows_empty; training_diverged.
 */
export async function train(
  trainable: Trainable,
  rows: readonly TrainingRow[],
  args: Partial<TrainingArguments> = {},
  hooks: TrainerHooks = {},
): Promise<TrainOutcome> {
  return trainFor(trainable, supervised(rows, args.maxLength), args, hooks);
}

/**
 * Trains for an objective. Same start, samples, arguments and threads: the same bytes, interrupted or not.
 * @throws UserError training_diverged {step} when numbers overflow (the weights are as before that step).
 */
export async function trainFor(
  trainable: Trainable,
  objective: Objective,
  args: Partial<TrainingArguments> = {},
  hooks: TrainerHooks = {},
): Promise<TrainOutcome> {
  const options = { ...defaultTrainingArguments, ...args };
  const plan = planSteps(objective.samples, options);

  const started = performance.now();
  const log: StepLog[] = [];
  const first = hooks.resume?.step ?? 0;
  let totalLoss = hooks.resume?.totalLoss ?? 0;
  await objective.begin?.(trainable);
  if (hooks.resume) trainable.importState(hooks.resume.tensors);

  let outcome: TrainOutcome['outcome'] = 'finished';
  let step = first;
  let order: { epoch: number; samples: number[] } | undefined;
  for (; step < plan.totalSteps; step++) {
    const wish = hooks.shouldStop?.() ?? 'continue';
    if (wish !== 'continue') {
      outcome = wish === 'pause' ? 'paused' : 'cancelled';
      break;
    }
    const epoch = Math.floor(step / plan.stepsPerEpoch);
    // Each epoch's order follows from the seed and its number alone, so a resumed training finds it again.
    if (order?.epoch !== epoch) order = { epoch, samples: orderOf(objective.samples, epoch, options) };
    const microBatches = microBatchesOf(order.samples, step % plan.stepsPerEpoch, options);

    const { loss, metrics } = await objective.gather(trainable, microBatches, step);
    const gradNorm = await trainable.clipGradNorm(options.maxGradNorm);
    // One such step would make every weight not-a-number; before it, nothing is lost.
    if (!Number.isFinite(loss + gradNorm)) throw new UserError('training_diverged', { step: step + 1 });
    const learningRate = learningRateAt(
      { ...options, type: options.lrSchedulerType, totalSteps: plan.totalSteps },
      step,
    );
    await trainable.optimizerStep(learningRate, options.weightDecay);
    totalLoss += loss;

    const entry = {
      step: step + 1,
      totalSteps: plan.totalSteps,
      loss,
      gradNorm,
      learningRate,
      epoch: plan.epochAfter(step),
      ...(metrics === undefined ? {} : { metrics }),
    };
    log.push(entry);
    await hooks.onStep?.(entry);
    if (hooks.checkpointEvery && (step + 1) % hooks.checkpointEvery === 0 && step + 1 < plan.totalSteps) {
      await hooks.onCheckpoint?.({ step: step + 1, totalLoss, tensors: trainable.exportState() });
    }
  }
  if (outcome === 'paused') await hooks.onCheckpoint?.({ step, totalLoss, tensors: trainable.exportState() });

  const seconds = (performance.now() - started) / 1000;
  const epoch = step === 0 ? 0 : plan.epochAfter(step - 1);
  const summary: TrainSummary = {
    trainRuntime: seconds,
    trainSamplesPerSecond: ((step - first) / plan.stepsPerEpoch) * (objective.samples / seconds),
    trainStepsPerSecond: (step - first) / seconds,
    trainLoss: step === 0 ? 0 : totalLoss / step,
    epoch,
    peakMemoryMb: peakMemory() / 2 ** 20,
    steps: step,
  };
  return { outcome, log, summary };
}

/** How many optimiser steps a training of so many samples takes. */
export function stepsFor(samples: number, args: Partial<TrainingArguments>): number {
  return planSteps(samples, { ...defaultTrainingArguments, ...args }).totalSteps;
}

interface Plan {
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** The Trainer's fractional epoch once step `step` (from 0) is done. */
  epochAfter(step: number): number;
}

function planSteps(sampleCount: number, options: TrainingArguments): Plan {
  const { perDeviceTrainBatchSize, gradientAccumulationSteps, numTrainEpochs, maxSteps } = options;
  const batchesPerEpoch = Math.ceil(sampleCount / perDeviceTrainBatchSize);
  const stepsPerEpoch = Math.ceil(batchesPerEpoch / gradientAccumulationSteps);
  const totalSteps = maxSteps ?? Math.ceil(numTrainEpochs * stepsPerEpoch);
  const epochAfter = (step: number): number => {
    const batchesDone = Math.min(((step % stepsPerEpoch) + 1) * gradientAccumulationSteps, batchesPerEpoch);
    return Math.floor(step / stepsPerEpoch) + batchesDone / batchesPerEpoch;
  };
  return { stepsPerEpoch, totalSteps, epochAfter };
}

/** The samples' numbers by Fisher–Yates, from the seed and the epoch. */
function orderOf(samples: number, epoch: number, { shuffle, seed }: TrainingArguments): number[] {
  const order = Array.from({ length: samples }, (_, number) => number);
  if (!shuffle) return order;
  const random = seededRandom(seed + 1_000_003 * epoch);
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** The micro-batches of the `index`-th step of an epoch; the last step takes what is left. */
function microBatchesOf(samples: readonly number[], index: number, options: TrainingArguments): number[][] {
  const size = options.perDeviceTrainBatchSize;
  const first = index * options.gradientAccumulationSteps * size;
  return Array.from({ length: options.gradientAccumulationSteps }, (_, i) =>
    samples.slice(first + i * size, first + (i + 1) * size),
  ).filter((batch) => batch.length > 0);
}
