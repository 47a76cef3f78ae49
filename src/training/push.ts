/**
 * Which way a training pushed the model: how likely the rated reply was before and after, how likely the correction, and
 * what the model now answers to the same prompt with the same seed. A recipe may push the wrong way without anybody
 * noticing; the numbers say so. Log-probabilities are natural logarithms, summed over the reply's tokens.
 */
import type { Brain, BrainVersion } from '../brain/index.ts';
import type { JobPayload } from '../store/index.ts';

export const VERDICTS = Object.freeze(['pushed_away', 'pulled_closer', 'unchanged'] as const);
export type Verdict = (typeof VERDICTS)[number];

/** Below a hundredth of a nat (the reply 1 % more or less likely) nobody should read a direction into the number. */
export const UNCHANGED_NATS = 0.01;

export interface PushResult {
  replyTokens: number;
  replyLogprobBefore: number;
  replyLogprobAfter: number;
  /** What happened to the reply people rated: pushed away is what a low rating asks for. */
  replyVerdict: Verdict;
  correctionTokens?: number;
  correctionLogprobBefore?: number;
  correctionLogprobAfter?: number;
  /** What happened to the better answer somebody wrote: pulled closer is what they asked for. */
  correctionVerdict?: Verdict;
  replyBefore: string;
  replyAfter: string;
}

export type Probe = JobPayload['probe'];
type Measured = Pick<Brain, 'window' | 'logprobs' | 'generate'>;

/** Everything is asked of the old version first, then of the new one, so that at most one is swapped in at a time. */
export async function measurePush(
  brain: Measured,
  probe: Probe,
  before: BrainVersion,
  after: BrainVersion,
): Promise<PushResult> {
  const old = await ask(brain, probe, before);
  const now = await ask(brain, probe, after);
  return {
    replyTokens: old.reply.tokens,
    replyLogprobBefore: old.reply.logprob,
    replyLogprobAfter: now.reply.logprob,
    replyVerdict: verdict(old.reply.logprob, now.reply.logprob),
    ...(old.correction === null || now.correction === null
      ? {}
      : {
          correctionTokens: old.correction.tokens,
          correctionLogprobBefore: old.correction.logprob,
          correctionLogprobAfter: now.correction.logprob,
          correctionVerdict: verdict(old.correction.logprob, now.correction.logprob),
        }),
    replyBefore: old.answer,
    replyAfter: now.answer,
  };
}

export function verdict(before: number, after: number): Verdict {
  if (Math.abs(after - before) < UNCHANGED_NATS) return 'unchanged';
  return after > before ? 'pulled_closer' : 'pushed_away';
}

async function ask(brain: Measured, probe: Probe, version: BrainVersion) {
  const { promptIds, replyIds, correctionIds, generation } = probe;
  const correction = correctionIds !== undefined && correctionIds.length > 0 ? correctionIds : null;
  return {
    reply: await likelihood(brain, promptIds, replyIds, version),
    correction: correction === null ? null : await likelihood(brain, promptIds, correction, version),
    answer: (await brain.generate(promptIds, generation, version)).text,
  };
}

/**
 * Σ log p(reply token | prompt, reply so far). What does not fit the window is left out: the prompt's oldest tokens first,
 * then the end of the reply; the prompt keeps at least one token, as the first reply token needs something before it.
 */
async function likelihood(
  brain: Measured,
  promptIds: readonly number[],
  replyIds: readonly number[],
  version: BrainVersion,
): Promise<{ logprob: number; tokens: number }> {
  const reply = replyIds.slice(0, brain.window - 1);
  if (reply.length === 0 || promptIds.length === 0) return { logprob: 0, tokens: 0 };
  const prompt = promptIds.slice(-(brain.window - reply.length));
  const logprobs = await brain.logprobs([...prompt, ...reply], version);
  const ofReply = logprobs.slice(prompt.length - 1);
  return { logprob: ofReply.reduce((sum, value) => sum + value, 0), tokens: reply.length };
}
