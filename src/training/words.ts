/** What a training did, said in the reader's language: sentences for under the curves and numbers. */
import { type Locale, t } from '../i18n/index.ts';
import type { PushResult, Verdict } from './push.ts';
import type { JobSummary } from './run-job.ts';

/** A change this large says only "very much"; its digits would pretend to more. */
const LARGEST_FACTOR = 1_000;

/** What happened to the rated reply, to the correction where there was one, and whether the answer changed. */
export function describePush(locale: Locale, push: PushResult): string[] {
  const reply = factor(locale, push.replyLogprobBefore, push.replyLogprobAfter);
  const lines = [pushOfReply(locale, push.replyVerdict, reply)];
  const { correctionVerdict, correctionLogprobBefore, correctionLogprobAfter } = push;
  if (
    correctionVerdict !== undefined &&
    correctionLogprobBefore !== undefined &&
    correctionLogprobAfter !== undefined
  ) {
    const times = factor(locale, correctionLogprobBefore, correctionLogprobAfter);
    lines.push(pushOfCorrection(locale, correctionVerdict, times));
  }
  const same = push.replyBefore === push.replyAfter;
  lines.push(t(locale, same ? 'training:push_answer_same' : 'training:push_answer_changed'));
  return lines;
}

/** What one should know about how the training went; empty when all of the text was used, to the end. */
export function describeSummary(locale: Locale, summary: JobSummary): string[] {
  const { tokens: kept, cutTokens: cut, steps, totalSteps: total } = summary;
  return [
    ...(cut > 0 ? [t(locale, 'training:note_text_cut', { kept, cut })] : []),
    ...(summary.stoppedEarly ? [t(locale, 'training:note_stopped_early', { steps, total })] : []),
  ];
}

function pushOfReply(locale: Locale, verdict: Verdict, times: string): string {
  if (verdict === 'unchanged') return t(locale, 'training:push_reply_unchanged');
  return t(locale, `training:push_reply_${verdict}`, { times });
}

function pushOfCorrection(locale: Locale, verdict: Verdict, times: string): string {
  if (verdict === 'unchanged') return t(locale, 'training:push_correction_unchanged');
  return t(locale, `training:push_correction_${verdict}`, { times });
}

/** How many times likelier or less likely, never below 1: e to the difference of the log-probabilities. */
function factor(locale: Locale, before: number, after: number): string {
  const times = Math.exp(Math.abs(after - before));
  if (times <= LARGEST_FACTOR) return times.toLocaleString(locale, { maximumSignificantDigits: 3 });
  return t(locale, 'training:times_more_than', { number: LARGEST_FACTOR.toLocaleString(locale) });
}
