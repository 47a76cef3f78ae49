/**
 * Learning from comparisons: direct preference optimisation (Rafailov et al. 2023). Of two replies to one prompt the better
 * one is to become likelier *relative to the worse one and to a reference model*; no reward model, no sampling.
 *
 *   margin  = β (ln π(chosen) − ln π(rejected) − ln πref(chosen) + ln πref(rejected))
 *   loss    = −ln σ(margin)
 *
 * Where there is nothing better to prefer, the worse reply alone is pushed away (push-away.ts): the half of the loss that
 * is about it.
 * A supervised term that holds the chosen reply up (Pang et al. 2024; TRL's rpo_alpha) was measured and left out: where
 * somebody changed one word of the reply it pulls the rejected one up as well (docs/LOG.md, 2026-11-26).
 */
import type { Trainable } from '../engine/index.ts';
import { UserError } from '../errors.ts';
import {
  learntIn,
  logSigmoidLoss,
  meanOf,
  measureRows,
  type Objective,
  pushTokens,
  type Row,
  replyRow,
  sigmoid,
} from './objective.ts';
import { pushAway } from './push-away.ts';

export interface Preference {
  promptIds: readonly number[];
  /** Absent: there is nothing better, and the rejected reply is pushed away alone. */
  chosenIds?: readonly number[];
  rejectedIds: readonly number[];
}

export interface PreferenceOptions {
  /** How hard the reference holds: small lets the model go far from it. */
  beta: number;
  /** Tokens a prompt and a reply may have together. */
  maxLength: number;
  /** Of each preference, in order, under the reference. Absent: the reference is the model as it is when training starts. */
  references?: readonly PairLogps[];
}

/** ln p of the two replies, each summed over its tokens; `chosen` is 0 where there is none. */
export interface PairLogps {
  chosen: number;
  rejected: number;
}

export interface PairRows {
  chosen: Row | null;
  rejected: Row;
}

interface Pair extends PairRows {
  reference: PairLogps;
}

/** The rows whose log-probabilities are compared. */
export function preferenceRows({ promptIds, chosenIds, rejectedIds }: Preference, maxLength: number): PairRows {
  return {
    chosen: chosenIds === undefined ? null : replyRow({ promptIds, replyIds: chosenIds }, maxLength),
    rejected: replyRow({ promptIds, replyIds: rejectedIds }, maxLength),
  };
}

/** @throws UserError training_rows_empty where no pair has a token to learn. */
export function preference(preferences: readonly Preference[], options: PreferenceOptions): Objective {
  const { beta, maxLength, references } = options;
  const pairs = preferences.map((one, at): Pair => {
    return { ...preferenceRows(one, maxLength), reference: references?.[at] ?? { chosen: 0, rejected: 0 } };
  });
  if (!pairs.some(({ chosen, rejected }) => learntIn(rejected) > 0 || (chosen && learntIn(chosen) > 0)))
    throw new UserError('training_rows_empty');

  return {
    samples: pairs.length,
    async begin(trainable) {
      if (references !== undefined) return;
      for (const pair of pairs) {
        const { logps } = await measureRows(trainable, [pair.rejected, ...(pair.chosen ? [pair.chosen] : [])]);
        pair.reference = { rejected: logps[0]!, chosen: logps[1] ?? 0 };
      }
    },
    async gather(trainable, microBatches) {
      const count = microBatches.flat().length;
      const seen: PairResult[] = [];
      for (const numbers of microBatches) {
        const batch = numbers.map((number) => pairs[number]!);
        seen.push(...(await gatherPairs(trainable, batch, beta, count)));
      }
      return { loss: meanOf(seen.map(({ loss }) => loss)), metrics: metricsOf(seen) };
    },
  };
}

interface PairResult {
  loss: number;
  chosen: { reward: number; logp: number } | null;
  rejected: { reward: number; logp: number };
}

/** @param count pairs of the whole step: each weighs as much, whatever micro-batch it stands in. */
async function gatherPairs(
  trainable: Trainable,
  pairs: readonly Pair[],
  beta: number,
  count: number,
): Promise<PairResult[]> {
  const rows = [...pairs.map(({ rejected }) => rejected), ...pairs.flatMap(({ chosen }) => chosen ?? [])];
  const measured = await measureRows(trainable, rows);
  // By row: how much the loss grows with −ln p of any token of it.
  const slopes: number[] = rows.map(() => 0);
  let next = pairs.length;
  const results = pairs.map((pair, at): PairResult => {
    const logp = measured.logps[at]!;
    const rejected = { logp, reward: beta * (logp - pair.reference.rejected) };
    if (pair.chosen === null) {
      const away = pushAway(logp - pair.reference.rejected, beta);
      slopes[at] = away.slope / count;
      return { loss: away.loss, chosen: null, rejected };
    }
    const ofChosen = next++;
    const chosenLogp = measured.logps[ofChosen]!;
    const chosen = { logp: chosenLogp, reward: beta * (chosenLogp - pair.reference.chosen) };
    const margin = chosen.reward - rejected.reward;
    const slope = beta * sigmoid(-margin);
    slopes[at] = -slope / count;
    slopes[ofChosen] = slope / count;
    return { loss: logSigmoidLoss(margin), chosen, rejected };
  });
  await pushTokens(trainable, measured, (row) => slopes[row]!);
  return results;
}

/** TRL's names. Margins are of whole pairs only. */
function metricsOf(results: readonly PairResult[]): Record<string, number> {
  const whole = results.flatMap(({ chosen, rejected }) => (chosen ? [{ chosen, rejected }] : []));
  const ofRejected = {
    'rewards/rejected': meanOf(results.map(({ rejected }) => rejected.reward)),
    'logps/rejected': meanOf(results.map(({ rejected }) => rejected.logp)),
  };
  if (whole.length === 0) return ofRejected;
  return {
    'rewards/chosen': meanOf(whole.map(({ chosen }) => chosen.reward)),
    'rewards/rejected': ofRejected['rewards/rejected'],
    'rewards/accuracies': meanOf(whole.map(({ chosen, rejected }) => Number(chosen.reward > rejected.reward))),
    'rewards/margins': meanOf(whole.map(({ chosen, rejected }) => chosen.reward - rejected.reward)),
    'logps/chosen': meanOf(whole.map(({ chosen }) => chosen.logp)),
    'logps/rejected': ofRejected['logps/rejected'],
  };
}
