/** How a training starts, what it reads and how it steps: what `npm run sprout` does, and what the bench sets beside PyTorch. */
import {
  type ModelConfig,
  openTrainable,
  type TensorMap,
  type Trainable,
  type TrainingBatch,
} from '../../src/engine/index.ts';
import { labelsOf } from './packing.ts';

export const TRAINING = {
  /** Of the first weights and of the order of the rows. */
  seed: 1,
  /** Rows of a batch, each as long as the window. */
  rows: 16,
  peak: 2e-3,
  warmupSteps: 100,
  weightDecay: 0.1,
  beta1: 0.9,
  beta2: 0.95,
  maxGradNorm: 1,
} as const;

/** All weights, from `weights` on: the matrices inside the blocks by Muon, the rest, or with `muon: false` everything, by AdamW. */
export function openStart(
  config: ModelConfig,
  weights: TensorMap,
  { threads, muon = true }: { threads: number; muon?: boolean },
): Promise<Trainable> {
  const { beta1, beta2 } = TRAINING;
  return openTrainable(config, weights, { method: 'full', threads, adamw: { beta1, beta2 }, muon });
}

/** Rows of equal length, laid end to end, as a batch that learns all of them but what a person chose. */
export function batchOf(inputIds: Int32Array, batchSize: number): TrainingBatch {
  const attentionMask = new Int32Array(inputIds.length).fill(1);
  return { inputIds, labels: labelsOf(inputIds), attentionMask, batchSize, length: inputIds.length / batchSize };
}

/** Rows of a batch that go through the model together: few enough that what a layer hands to the next stays in the processor's cache. */
export const MICRO_ROWS = 4;

/** Forward, backward, clip, step. Returns the mean loss of the tokens predicted, before the step. */
export async function takeStep(
  trainable: Pick<Trainable, 'forwardBackward' | 'clipGradNorm' | 'optimizerStep'>,
  batch: TrainingBatch,
  rate: number,
): Promise<number> {
  // The first token of a row has nothing before it, so nothing predicts it.
  const predicted = batch.labels.filter((label, index) => label !== -100 && index % batch.length !== 0).length;
  let loss = 0;
  for (const part of microBatches(batch)) loss += await trainable.forwardBackward(part, predicted);
  if (!Number.isFinite(loss)) throw new Error(`the loss became ${loss}`);
  await trainable.clipGradNorm(TRAINING.maxGradNorm);
  await trainable.optimizerStep(rate, TRAINING.weightDecay);
  return loss;
}

function* microBatches({ batchSize, length, ...arrays }: TrainingBatch): Generator<TrainingBatch> {
  for (let first = 0; first < batchSize; first += MICRO_ROWS) {
    const rows = Math.min(MICRO_ROWS, batchSize - first);
    const part = (values: Int32Array) => values.subarray(first * length, (first + rows) * length);
    yield {
      inputIds: part(arrays.inputIds),
      labels: part(arrays.labels),
      attentionMask: part(arrays.attentionMask),
      batchSize: rows,
      length,
    };
  }
}
