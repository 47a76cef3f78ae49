/**
 * Learning from rewards: REINFORCE (Williams 1992) with a baseline and a leash. A reply that earned more than the baseline
 * becomes likelier, one that earned less becomes less likely, each as much as the difference (its advantage) says:
 *
 *   loss = mean over replies of  −w · (reward − baseline) · ln π(reply)  +  β · KL
 *
 * *Drawn* replies are sampled from the model as it is at every step, so w = 1 and the baseline of each is the mean reward of
 * the others drawn beside it (leave-one-out: Kool et al. 2019; Ahmadian et al. 2024). *Logged* replies were said before and
 * rated by people: w = min(1, π(reply) / πstart(reply)), the truncated importance weight (Ionides 2008), lets one that is no
 * longer said count no longer, so pushing away ends by itself; their baseline is given.
 * KL is the leash to the reference: the sum over a reply's tokens of e^d − d − 1, d = ln πref − ln π, an estimate that is
 * never below 0 (Schulman 2020), on the very replies trained on. Its slope for a token's −ln p is e^d − 1.
 */
import type { Trainable } from '../engine/index.ts';
import { UserError } from '../errors.ts';
import {
  type Exchange,
  learntIn,
  meanOf,
  measureRows,
  type Objective,
  pushTokens,
  type Row,
  replyRow,
  type StepResult,
} from './objective.ts';

/** What holds the model near the reference while it runs after rewards. */
export interface Leash {
  beta: number;
  /** ln p of each learnt token of a row under the reference, in order. */
  reference(row: Row): Promise<readonly number[]>;
  /** Tokens a prompt and a reply may have together. */
  maxLength: number;
}

export interface LoggedReply extends Exchange {
  reward: number;
}

/**
 * Rewards of replies that were said before.
 * @throws UserError training_rows_empty where no reply has a token.
 */
export function loggedRewards(
  replies: readonly LoggedReply[],
  { baseline, ...leash }: Leash & { baseline: number },
): Objective {
  const samples = replies.map(({ reward, ...exchange }) => {
    const none: readonly number[] = [];
    return { row: replyRow(exchange, leash.maxLength), reward, baseline, reference: none, startLogp: 0 };
  });
  if (!samples.some(({ row }) => learntIn(row) > 0)) throw new UserError('training_rows_empty');
  return {
    samples: samples.length,
    async begin(trainable) {
      for (const sample of samples) {
        [sample.startLogp = 0] = (await measureRows(trainable, [sample.row])).logps;
        sample.reference = await leash.reference(sample.row);
      }
    },
    async gather(trainable, microBatches) {
      const batches = microBatches.map((numbers) => numbers.map((number) => samples[number]!));
      const { pushed, ...result } = await gatherRewards(trainable, batches, leash.beta);
      const total = pushed.reduce((sum, { weight }) => sum + weight, 0);
      // What the model would earn now, judged by the replies it was heard to say: each counts as likely as it still is.
      const earned = pushed.reduce((sum, { weight, reward }) => sum + weight * reward, 0) / total;
      return withReward(result, total > 0 ? earned : meanOf(pushed.map(({ reward }) => reward)));
    },
  };
}

export interface RewardTask {
  promptIds: readonly number[];
  /** Draws a reply from the trainable's weights as they are, and says what it earns. Same seed, same weights: same reply. */
  draw(seed: number): Promise<{ replyIds: readonly number[]; reward: number }>;
}

/**
 * Rewards of replies drawn while training: `draws` (2 or more) for each task and step.
 * @throws UserError training_rows_empty where there is no task.
 */
export function drawnRewards(
  tasks: readonly RewardTask[],
  { draws, seed, ...leash }: Leash & { draws: number; seed: number },
): Objective {
  if (tasks.length === 0) throw new UserError('training_rows_empty');
  const drawAll = async (step: number, number: number): Promise<Rewarded[]> => {
    const { promptIds, draw } = tasks[number]!;
    const drawn = [];
    for (let i = 0; i < draws; i++) drawn.push(await draw(drawSeed(seed, step, number, i)));
    const total = drawn.reduce((sum, { reward }) => sum + reward, 0);
    const batch: Rewarded[] = [];
    for (const { replyIds, reward } of drawn) {
      const row = replyRow({ promptIds, replyIds }, leash.maxLength);
      const baseline = (total - reward) / (draws - 1);
      batch.push({ row, reward, baseline, reference: await leash.reference(row), startLogp: null });
    }
    return batch;
  };
  return {
    samples: tasks.length,
    async gather(trainable, microBatches, step) {
      const batches: Rewarded[][] = [];
      for (const number of microBatches.flat()) batches.push(await drawAll(step, number));
      const { pushed, ...result } = await gatherRewards(trainable, batches, leash.beta);
      return withReward(result, meanOf(pushed.map(({ reward }) => reward)));
    },
  };
}

/** Each draw of a job has a seed of its own, found again after a kill. */
function drawSeed(seed: number, step: number, task: number, draw: number): number {
  return (seed + 1_000_003 * step + 10_007 * task + 101 * draw) % 2 ** 32;
}

interface Rewarded {
  row: Row;
  reward: number;
  baseline: number;
  /** ln p of the row's learnt tokens under the reference, in order. */
  reference: readonly number[];
  /** ln p of the reply when training began; null for a reply of this very moment. */
  startLogp: number | null;
}

interface Pushed {
  reward: number;
  weight: number;
}

async function gatherRewards(
  trainable: Trainable,
  batches: readonly (readonly Rewarded[])[],
  beta: number,
): Promise<{ loss: number; kl: number; pushed: Pushed[] }> {
  const replies = Math.max(1, batches.flat().length);
  const pushed: Pushed[] = [];
  let [loss, kl] = [0, 0];
  for (const batch of batches) {
    const measured = await measureRows(
      trainable,
      batch.map(({ row }) => row),
    );
    const pulls = batch.map(({ reward, baseline, startLogp }, at) => {
      const logp = measured.logps[at]!;
      const weight = startLogp === null ? 1 : Math.min(1, Math.exp(logp - startLogp));
      pushed.push({ reward, weight });
      const pull = weight * (reward - baseline);
      loss -= (pull * logp) / replies;
      return pull;
    });
    await pushTokens(trainable, measured, (row, nll, token) => {
      const d = Math.min(MOST_LEASH, batch[row]!.reference[token]! + nll);
      kl += (Math.exp(d) - d - 1) / replies;
      return (pulls[row]! + beta * (Math.exp(d) - 1)) / replies;
    });
  }
  return { loss: loss + beta * kl, kl, pushed };
}

/** e^3 = 20: a token the model has all but lost pulls no harder than that, and nothing overflows. */
const MOST_LEASH = 3;

/** TRL's names. */
function withReward({ loss, kl }: { loss: number; kl: number }, reward: number): StepResult {
  return { loss, metrics: { reward, kl } };
}
