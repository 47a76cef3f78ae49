/**
 * What a training did to the rated reply and to the better answer, in words. The numbers are the job's (natural-log probabilities summed over the
 * reply's tokens, before and after); a low rating asks for a reply to become less likely, and the classic recipe, which
 * learns everything said, may do the opposite: then this says so.
 */
import { z } from 'zod';
import { type Locale, t } from '../i18n/index.ts';
import { type Recipe, UNCHANGED_NATS } from '../training/index.ts';

/** How likely a text was to be said again, before and after. */
export interface Likelihood {
  /** Natural-log probabilities of the whole text. */
  logprobBefore: number;
  logprobAfter: number;
  tokens: number;
  change: 'less' | 'same' | 'more';
  /** How many times more or less likely, 1 or above; Infinity beyond what a number holds. */
  times: number;
}

export interface PushVerdict {
  reply: Likelihood;
  correction: Likelihood | null;
  /** Of several tries, people preferred the rated one: low as it was rated, it was to become likelier than another. */
  preferred: boolean;
  /** The rated reply became likelier although people rated it low, and wanted nothing else of it. */
  wrongWay: boolean;
}

const pushSchema = z.object({
  replyTokens: z.number(),
  replyLogprobBefore: z.number(),
  replyLogprobAfter: z.number(),
  correctionTokens: z.number().optional(),
  correctionLogprobBefore: z.number().optional(),
  correctionLogprobAfter: z.number().optional(),
  // Taken out when somebody whose words they may quote is forgotten.
  replyBefore: z.string().optional(),
  replyAfter: z.string().optional(),
});

export interface Push {
  verdict: PushVerdict;
  replyBefore: string | null;
  replyAfter: string | null;
}

/** Odds above it are no longer a picture; then the text speaks of each piece of a word instead. */
const READABLE_ODDS = 1e6;

/**
 * Reads what a job measured; null where there is nothing, or nothing was measured (an empty reply).
 * @param preferred the job preferred the rated reply to another try.
 */
export function readPush(stored: unknown, preferred = false): Push | null {
  const parsed = pushSchema.safeParse(stored);
  if (!parsed.success) return null;
  const push = parsed.data;
  if (push.replyTokens === 0) return null;
  const reply = likelihood(push.replyLogprobBefore, push.replyLogprobAfter, push.replyTokens);
  const correction =
    push.correctionTokens && push.correctionLogprobBefore !== undefined && push.correctionLogprobAfter !== undefined
      ? likelihood(push.correctionLogprobBefore, push.correctionLogprobAfter, push.correctionTokens)
      : null;
  return {
    verdict: { reply, correction, preferred, wrongWay: reply.change === 'more' && !preferred },
    replyBefore: push.replyBefore ?? null,
    replyAfter: push.replyAfter ?? null,
  };
}

/** The verdict in one or two plain sentences: the rated reply, then the better answer if there is one. */
export function pushWords(locale: Locale, verdict: PushVerdict, recipe: Recipe = 'classic'): string {
  const { reply, correction, preferred } = verdict;
  const values = { numbers: numbers(locale, reply) };
  const ofReply = preferred
    ? t(locale, `classroom:push_preferred_${reply.change}`, values)
    : recipe !== 'classic' && reply.change === 'more'
      ? t(locale, 'classroom:push_reply_wrong_way', values)
      : t(locale, `classroom:push_reply_${reply.change}`, values);
  if (!correction) return ofReply;
  const better = { numbers: numbers(locale, correction) };
  const ofCorrection =
    recipe !== 'classic' && correction.change === 'less'
      ? t(locale, 'classroom:push_correction_wrong_way', better)
      : t(locale, `classroom:push_correction_${correction.change}`, better);
  return `${ofReply}\n${ofCorrection}`;
}

function likelihood(logprobBefore: number, logprobAfter: number, tokens: number): Likelihood {
  const difference = logprobAfter - logprobBefore;
  const change = Math.abs(difference) < UNCHANGED_NATS ? 'same' : difference < 0 ? 'less' : 'more';
  return { logprobBefore, logprobAfter, tokens, change, times: Math.exp(Math.abs(difference)) };
}

function numbers(locale: Locale, { logprobBefore, logprobAfter, tokens, times, change }: Likelihood): string {
  const [before, after] = [Math.exp(-logprobBefore), Math.exp(-logprobAfter)];
  if (before <= READABLE_ODDS && after <= READABLE_ODDS)
    return t(locale, 'classroom:push_odds', { before: number(locale, before), after: number(locale, after) });
  const pieces = {
    before: percent(locale, Math.exp(logprobBefore / tokens)),
    after: percent(locale, Math.exp(logprobAfter / tokens)),
  };
  if (change === 'same') return t(locale, 'classroom:push_pieces', pieces);
  const factor = times > READABLE_ODDS ? t(locale, 'classroom:push_over_a_million') : number(locale, times);
  return t(locale, 'classroom:push_times', { times: factor, ...pieces });
}

function number(locale: Locale, value: number): string {
  return value.toLocaleString(locale, value < 10 ? { maximumFractionDigits: 2 } : { maximumSignificantDigits: 3 });
}

function percent(locale: Locale, value: number): string {
  return value.toLocaleString(locale, { style: 'percent', maximumSignificantDigits: 3 });
}
