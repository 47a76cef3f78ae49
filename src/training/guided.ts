/**
 * Learning from people's judgement of single replies: what somebody wrote and what was rated high is learnt, what was rated
 * low is pushed away, each as much as its weight says; prompts are read, never learnt.
 *
 *   weight > 0:  weight · Σ −ln p(token)     the supervised loss
 *   weight < 0:  |weight| · pushAway         bounded (push-away.ts)
 *
 * The two have the same slope at the start, so where a correction repeats most of the reply, what they share stays as it is
 * and the words that differ move. (Unlikelihood, Welleck et al. 2020, hardly pulls at the unlikely words a correction
 * changes, and such replies became likelier with it: docs/LOG.md, 2026-11-26.)
 */
import { UserError } from '../errors.ts';
import { type Exchange, learntIn, measureRows, type Objective, pushTokens, replyRow } from './objective.ts';
import { pushAway } from './push-away.ts';

export interface WeightedExchange extends Exchange {
  /** −1 to 1: how much to learn the reply, or (below 0) to unlearn it. */
  weight: number;
}

/** DPO's own default: the push has lost half its slope when the reply is e^11 times less likely. */
const BETA = 0.1;

/**
 * A step's loss is the mean over its replies' tokens.
 * @param maxLength tokens a prompt and a reply may have together.
 * @throws UserError training_rows_empty where no reply has a token and a weight.
 */
export function guided(exchanges: readonly WeightedExchange[], maxLength: number): Objective {
  const samples = exchanges.map((exchange) => {
    return { row: replyRow(exchange, maxLength), weight: exchange.weight, startLogp: 0 };
  });
  if (!samples.some(({ row, weight }) => weight !== 0 && learntIn(row) > 0)) throw new UserError('training_rows_empty');
  return {
    samples: samples.length,
    async begin(trainable) {
      for (const sample of samples) {
        if (sample.weight >= 0) continue;
        [sample.startLogp = 0] = (await measureRows(trainable, [sample.row])).logps;
      }
    },
    async gather(trainable, microBatches) {
      const batches = microBatches.map((numbers) => numbers.map((number) => samples[number]!));
      const tokens = batches.flat().reduce((sum, { row }) => sum + learntIn(row), 0);
      let loss = 0;
      for (const batch of batches) {
        const measured = await measureRows(
          trainable,
          batch.map(({ row }) => row),
        );
        const slopes = batch.map(({ weight, startLogp }, at) => {
          const logp = measured.logps[at]!;
          const part = weight < 0 ? pushAway(logp - startLogp, BETA) : { loss: -logp, slope: 1 };
          loss += (Math.abs(weight) * part.loss) / Math.max(1, tokens);
          return (Math.abs(weight) * part.slope) / Math.max(1, tokens);
        });
        await pushTokens(trainable, measured, (row) => slopes[row]!);
      }
      return { loss };
    },
  };
}
