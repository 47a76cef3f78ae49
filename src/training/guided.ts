/**
 * Learning from people's judgement of single replies: what somebody wrote and what was rated high is learnt, what was rated
 * low is pushed away, each as much as its weight says; prompts are read, never learnt.
 *
 *   weight > 0:  weight · Σ −ln p(token)     the supervised loss
 *   weight < 0:  |weight| · pushAway         bounded (push-away.ts), of its first tokens
 *
 * On a leash (leash.ts) three things change, so that a job takes nothing that it was not given: what a correction replaces is pushed
 * by a fifth of what the correction pulls, however long it is, as learning the answer makes it unlikely by itself (a large brain's
 * long reply, pushed token by token, leaves nothing of a short answer: docs/LOG.md, 2026-11-27); a token counts as much as it weighs;
 * and one to learn that is likely enough is left alone.
 *
 * The two have the same slope at the start, so where a correction repeats most of the reply, what they share stays as it is
 * and the words that differ move. (Unlikelihood, Welleck et al. 2020, hardly pulls at the unlikely words a correction
 * changes, and such replies became likelier with it: docs/LOG.md, 2026-11-26.)
 */
import { UserError } from '../errors.ts';
import { AnchorLeash, type Leash } from './leash.ts';
import { type Exchange, learntIn, measureRows, type Objective, pushTokens, replyRow } from './objective.ts';
import { pushAway } from './push-away.ts';

export interface WeightedExchange extends Exchange {
  /** −1 to 1: how much to learn the reply, or (below 0) to unlearn it. */
  weight: number;
}

/** DPO's own default: the push has lost half its slope when the reply is e^11 times less likely. */
const BETA = 0.1;

/**
 * Of a reply to unlearn: begun otherwise it goes on otherwise, and a large brain's hundred tokens would take most of a job's
 * time and memory.
 */
const PUSHED_TOKENS = 32;

/** On a leash: how much of a better answer's pull the push away from what it replaces has at most. */
const LEASHED_PUSH = 0.2;

/** On a leash: −ln p of a token that is learnt, 0.9 of certainty; pulling on would cost the rest of the language more than it gives. */
const ENOUGH = 0.1;

/**
 * A step's loss is the mean over its replies' tokens, on a leash each counted as much as it weighs, and the leash's on top.
 * @param maxLength tokens a prompt and a reply may have together.
 * @throws UserError training_rows_empty where no reply has a token and a weight.
 */
export function guided(given: readonly WeightedExchange[], maxLength: number, leash?: Leash): Objective {
  const exchanges = given.map(trainedPart);
  const taught = exchanges.filter(({ weight }) => weight > 0);
  const samples = exchanges.map((exchange) => ({
    row: replyRow(exchange, maxLength),
    weight: leash === undefined ? exchange.weight : leashedWeight(exchange, taught),
    startLogp: 0,
  }));
  const enough = leash === undefined ? Number.NEGATIVE_INFINITY : ENOUGH;
  const counts = ({ row, weight }: (typeof samples)[number]) => learntIn(row) * (leash ? Math.abs(weight) : 1);
  const held = leash === undefined ? null : new AnchorLeash(leash, taught, maxLength);
  if (!samples.some(({ row, weight }) => weight !== 0 && learntIn(row) > 0)) throw new UserError('training_rows_empty');
  return {
    samples: samples.length,
    async begin(trainable) {
      await held?.begin(trainable);
      for (const sample of samples) {
        if (sample.weight >= 0) continue;
        [sample.startLogp = 0] = (await measureRows(trainable, [sample.row])).logps;
      }
    },
    async gather(trainable, microBatches, step) {
      const batches = microBatches.map((numbers) => numbers.map((number) => samples[number]!));
      const tokens = batches.flat().reduce((sum, sample) => sum + counts(sample), 0) || 1;
      let loss = 0;
      for (const batch of batches) {
        const measured = await measureRows(
          trainable,
          batch.map(({ row }) => row),
        );
        const slopes = batch.map(({ weight, startLogp }, at) => {
          const logp = measured.logps[at]!;
          const part = weight < 0 ? pushAway(logp - startLogp, BETA) : { loss: -logp, slope: 1 };
          loss += (Math.abs(weight) * part.loss) / tokens;
          return (Math.abs(weight) * part.slope) / tokens;
        });
        await pushTokens(trainable, measured, (row, nll) =>
          batch[row]!.weight > 0 && nll < enough ? 0 : slopes[row]!,
        );
      }
      if (held !== null) loss += await held.gather(trainable, step);
      return { loss };
    },
  };
}

/** What is read of an exchange: the whole reply to learn, the beginning of one to unlearn. */
export function trainedPart(exchange: WeightedExchange): WeightedExchange {
  return exchange.weight < 0 ? { ...exchange, replyIds: exchange.replyIds.slice(0, PUSHED_TOKENS) } : exchange;
}

/** Of a reply that a better answer to the same prompt replaces, the part of its weight that is left on a leash. */
function leashedWeight({ promptIds, replyIds, weight }: WeightedExchange, taught: readonly Exchange[]): number {
  if (weight >= 0) return weight;
  const answer = taught.find((other) => `${other.promptIds}` === `${promptIds}`);
  if (answer === undefined) return weight;
  return weight * LEASHED_PUSH * Math.min(1, answer.replyIds.length / Math.max(1, replyIds.length));
}
