/**
 * What a training wants: the part of the loop (trainer.ts) that differs between recipes. An objective knows its samples and,
 * for a few of them at a time, the loss and the gradient it asks of the model.
 */
import type { Trainable, TrainingBatch } from '../engine/index.ts';
import { collate, IGNORED, type TrainingRow } from './collator.ts';

export interface Objective {
  /** How many samples an epoch goes over. */
  readonly samples: number;
  /**
   * Looks at the weights that training starts from, before anything changes; a resumed training asks it too, before its
   * checkpoint is taken up, so that it knows the same as the first time.
   */
  begin?(trainable: Trainable): Promise<void>;
  /**
   * Adds the gradient of one step's loss to the trainable.
   * @param microBatches numbers of the step's samples, from 0, in the portions that may be computed at once.
   * @param step from 0: where chance is needed, it follows from the seed and this number alone.
   */
  gather(trainable: Trainable, microBatches: readonly (readonly number[])[], step: number): Promise<StepResult>;
}

export interface StepResult {
  loss: number;
  /** What else the step measured, under the names TRL logs it by. */
  metrics?: Readonly<Record<string, number>>;
}

/** A prompt and a reply to it, as token ids. */
export interface Exchange {
  promptIds: readonly number[];
  replyIds: readonly number[];
}

export type Row = Required<TrainingRow>;

/**
 * A row in which the reply is learnt and the prompt only read. What does not fit `maxLength` is left out: the prompt's
 * oldest tokens first, then the end of the reply; the prompt keeps one token at least, as the reply's first token needs
 * something before it.
 */
export function replyRow({ promptIds, replyIds }: Exchange, maxLength: number): Row {
  const reply = replyIds.slice(0, maxLength - 1);
  const prompt = promptIds.slice(-(maxLength - reply.length));
  return { inputIds: [...prompt, ...reply], labels: [...prompt.map(() => IGNORED), ...reply] };
}

/** The tokens of a row that are learnt and that something comes before. */
export function learntIn({ labels }: Row): number {
  return labels.reduce((count, label, i) => count + Number(i > 0 && label !== IGNORED), 0);
}

/** Rows in one batch, with what each of their tokens costs the model as it is now. */
export interface MeasuredRows {
  rows: readonly Row[];
  batch: TrainingBatch;
  /** −ln p of every place of the batch, 0 where it is not learnt. [rows · length]. */
  tokenNll: Float32Array;
  /** ln p of each row's learnt tokens, summed. */
  logps: number[];
}

export async function measureRows(trainable: Trainable, rows: readonly Row[]): Promise<MeasuredRows> {
  const batch = collate(rows);
  const { tokenNll } = await trainable.evaluate(batch);
  const logps = rows.map((_, row) => {
    let sum = 0;
    for (const nll of tokenNll.subarray(row * batch.length, (row + 1) * batch.length)) sum += nll;
    return -sum;
  });
  return { rows, batch, tokenNll, logps };
}

/**
 * Adds to the gradients what `slope` says of each learnt token: how much the loss grows with the token's −ln p. Any loss
 * that depends on the model through the tokens' probabilities alone has its whole gradient in these slopes.
 * @param slope asked for each learnt token of each row, in order: the row, the token's −ln p now, its number in the row.
 */
export async function pushTokens(
  trainable: Trainable,
  { rows, batch, tokenNll }: MeasuredRows,
  slope: (row: number, nll: number, token: number) => number,
): Promise<void> {
  const weights = new Float32Array(tokenNll.length);
  for (const [row, { labels }] of rows.entries()) {
    let token = 0;
    for (const [place, label] of labels.entries()) {
      if (place === 0 || label === IGNORED) continue;
      const at = row * batch.length + place;
      weights[at] = slope(row, tokenNll[at]!, token++);
    }
  }
  await trainable.forwardBackwardWeighted(batch, weights);
}

/** 1 / (1 + e^−x), for any x. */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** −ln σ(x) without overflow: what DPO and its kin call the loss of a margin. */
export function logSigmoidLoss(x: number): number {
  return Math.max(0, -x) + Math.log1p(Math.exp(-Math.abs(x)));
}

export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
