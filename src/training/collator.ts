/** Puts rows of different lengths into one rectangle: padded on the right, padding never learnt (label −100). */
import type { TrainingBatch } from '../engine/index.ts';

export interface TrainingRow {
  inputIds: number[];
  /** Absent: every token is learnt. −100: this one is not. */
  labels?: number[];
}

/** The label of a token that is read, not learnt. */
export const IGNORED = -100;

/** Cuts a row to its first `maxLength` tokens. */
export function truncate(row: TrainingRow, maxLength: number): Required<TrainingRow> {
  const labels = row.labels ?? row.inputIds;
  if (labels.length !== row.inputIds.length) {
    throw new RangeError(`a row of ${row.inputIds.length} tokens has ${labels.length} labels`);
  }
  return { inputIds: row.inputIds.slice(0, maxLength), labels: labels.slice(0, maxLength) };
}

/** @param padding token id to fill with; attention never looks at it, any id of the vocabulary will do. */
export function collate(rows: readonly Required<TrainingRow>[], padding = 0): TrainingBatch {
  const length = Math.max(...rows.map((row) => row.inputIds.length));
  const size = rows.length * length;
  const batch: TrainingBatch = {
    inputIds: new Int32Array(size).fill(padding),
    labels: new Int32Array(size).fill(IGNORED),
    attentionMask: new Int32Array(size),
    batchSize: rows.length,
    length,
  };
  for (const [i, { inputIds, labels }] of rows.entries()) {
    batch.inputIds.set(inputIds, i * length);
    batch.labels.set(labels, i * length);
    batch.attentionMask.fill(1, i * length, i * length + inputIds.length);
  }
  return batch;
}

/**
 * What the Trainer divides a loss by (num_items_in_batch): every label but −100.
 * @param countsFirstLabel whether the first one counts although nothing comes before it to predict it, as the Trainer does it
 * for GPT-2: a row's loss is then a little below the average over the tokens that are predicted.
 */
export function itemsIn({ labels }: Required<TrainingRow>, countsFirstLabel: boolean): number {
  const counted = countsFirstLabel ? labels : labels.slice(1);
  return counted.reduce((count, label) => count + Number(label !== IGNORED), 0);
}

/** Whether a row has anything to learn: a label that something comes before. */
export function teaches(row: Required<TrainingRow>): boolean {
  return row.labels.some((label, i) => i > 0 && label !== IGNORED);
}
