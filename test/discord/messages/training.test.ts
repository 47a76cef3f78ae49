/** What a training's summary says beside its numbers. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JobView } from '../../../src/classroom/index.ts';
import { summaryMessage } from '../../../src/discord/messages/training.ts';
import type { Locale } from '../../../src/i18n/index.ts';
import { jobView } from '../adversarial.ts';

const [some] = fc.sample(
  jobView.filter(({ summary }) => summary !== null),
  { numRuns: 1, seed: 1 },
);

function summaryWith(changes: Partial<NonNullable<JobView['summary']>>, locale: Locale): string {
  const job = { ...some!, summary: { ...some!.summary!, cutTokens: 0, stoppedEarly: false, ...changes } };
  return JSON.stringify(summaryMessage(job, locale, null));
}

test.each([
  ['en', 'The first 1,234 tokens did not fit', 'stopped before its end'],
  ['pt-BR', 'Os primeiros 1.234 tokens não couberam', 'Parou antes do fim'],
] as const)('in %s it says what of the text was left out, and that the training was stopped', (locale, cut, early) => {
  expect(summaryWith({ cutTokens: 1234 }, locale)).toContain(cut);
  expect(summaryWith({ cutTokens: 1234 }, locale)).not.toContain(early);
  expect(summaryWith({ stoppedEarly: true }, locale)).toContain(early);
  expect(summaryWith({ stoppedEarly: true }, locale)).not.toContain(cut.slice(-10));
});
