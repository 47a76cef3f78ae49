/** On a phone a block of monospaced lines has about 38 columns; what is wider must be scrolled sideways to be read. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Averages, JobView } from '../../../src/classroom/index.ts';
import { defaultSettings } from '../../../src/classroom/index.ts';
import { endedMessage, iterationMessage, statusMessage } from '../../../src/discord/messages/session.ts';
import { settingsMessage } from '../../../src/discord/messages/settings.ts';
import { progressMessage, summaryMessage } from '../../../src/discord/messages/training.ts';
import { turnMessage } from '../../../src/discord/messages/turn.ts';
import { whyMessage } from '../../../src/discord/messages/why.ts';
import type { Payload } from '../../../src/discord/payload.ts';
import { displayWidth } from '../../../src/discord/text.ts';
import type { Locale } from '../../../src/i18n/index.ts';
import { scoreReply, tokenReport } from '../../../src/scoring/index.ts';
import { jobView, sessionView, turnView } from '../adversarial.ts';

const COLUMNS = 38;

function widestLine(message: Payload): number {
  const blocks = message.embeds.flatMap(({ description = '' }) => [...description.matchAll(/```\n(.*?)\n```/gs)]);
  expect(blocks.length).toBeGreaterThan(0);
  return Math.max(...blocks.flatMap(([, block = '']) => block.split('\n').map(displayWidth)));
}

const sample = <T>(arbitrary: fc.Arbitrary<T>): T => fc.sample(arbitrary, { numRuns: 1, seed: 1 })[0]!;

const averages: Averages = {
  turns: 12,
  rated: 12,
  rating: 0.73,
  rougeL: 0.12,
  bleu: 0.08,
  meteor: 0.31,
  bertScore: 0.54,
  tokenTotal: -138.46,
};
const session = {
  ...sample(sessionView),
  iterationsSoFar: [9, 10].map((number) => ({ number, closed: true, versionNumber: number, averages })),
  averages,
};

const metrics = { 'rewards/margins': -12.345, reward: -0.999, kl: 123.456 };
const step = { totalSteps: 120, gradNorm: 12.3456, learningRate: 4.17e-4, epoch: 2.95, metrics };
const job: JobView = {
  ...sample(jobView),
  state: 'running',
  etaSeconds: 725,
  steps: [
    { ...step, step: 1, loss: 10.1234 },
    { ...step, step: 118, loss: 3.4567 },
  ],
  summary: {
    ...sample(jobView.filter(({ summary }) => summary !== null)).summary!,
    trainRuntime: 1234.5,
    trainSamplesPerSecond: 25.332,
    trainStepsPerSecond: 25.332,
    trainLoss: 3.4792,
    peakMemoryMb: 3412,
  },
};

const said = 'Inconstitucionalissimamente, I love dancing in the rain.';
const reply = 'Otorrinolaringologistas love the rain!';
const turn = {
  ...sample(turnView),
  state: 'answered' as const,
  text: said,
  reply,
  report: tokenReport(said, reply),
  scores: { ...scoreReply(said, reply, 'en'), bertScore: null },
};
const why = {
  turnId: 'turn',
  tokens: [' Otorrinolaringologistas', '!', '<|endoftext|>'].map((text) => ({ text, probability: 1 })),
};

const messages: Record<string, (locale: Locale) => Payload> = {
  'the token table': (locale) => turnMessage(turn, locale),
  'why these words': (locale) => whyMessage(why, locale),
  'a training’s numbers': (locale) => progressMessage(job, locale),
  'a training’s summary': (locale) => summaryMessage(job, locale, null),
  'an iteration’s averages': (locale) => iterationMessage(session, 10, locale),
  'a sitting’s averages': (locale) => endedMessage(session, locale),
  'where a sitting stands': (locale) => statusMessage(session, locale, '<#1>'),
  'the settings': (locale) =>
    settingsMessage(
      { settings: defaultSettings, changed: [], declarationRequired: false, declaredAt: null, roleName: null },
      locale,
    ),
};

for (const [name, build] of Object.entries(messages)) {
  test.for<Locale>(['en', 'pt-BR'])(`${name} can be read on a phone (%s)`, (locale) => {
    expect(widestLine(build(locale))).toBeLessThanOrEqual(COLUMNS);
  });
}
