/** Learning rows by heart, word for word: the Trainer's own objective, the mean −ln p of the step's labels. */
import type { Trainable } from '../engine/index.ts';
import { UserError } from '../errors.ts';
import { collate, itemsIn, type TrainingRow, teaches, truncate } from './collator.ts';
import type { Objective } from './objective.ts';

/**
 * A step's loss and gradient are sums over its micro-batches divided by all their labels (num_items_in_batch), so that
 * accumulating gradients gives what one big batch gives.
 * @param maxLength rows are cut to this many tokens.
 * @throws UserError training_rows_empty where no row has anything to learn.
 */
export function supervised(rows: readonly TrainingRow[], maxLength = Number.POSITIVE_INFINITY): Objective {
  const samples = rows.map((row) => truncate(row, maxLength));
  if (!samples.some(teaches)) throw new UserError('training_rows_empty');
  return {
    samples: samples.length,
    async gather(trainable: Trainable, microBatches) {
      const batches = microBatches.map((numbers) => numbers.map((number) => samples[number]!));
      const items = batches.flat().reduce((sum, row) => sum + itemsIn(row, trainable.countsFirstLabel), 0);
      let loss = 0;
      for (const batch of batches) loss += await trainable.forwardBackward(collate(batch), Math.max(1, items));
      return { loss };
    },
  };
}
