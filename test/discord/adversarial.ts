/** Texts that disarrange a message, and views full of them: what the property tests feed to every builder. */
import fc from 'fast-check';
import { EMOTIONS, INTENTS, LANGUAGES } from '../../src/brain/index.ts';
import type {
  ChatView,
  ComparisonView,
  JobView,
  QueueView,
  SessionView,
  TurnView,
  VersionView,
  WhyView,
} from '../../src/classroom/index.ts';
import { PHASES } from '../../src/classroom/index.ts';
import { RECIPES } from '../../src/training/index.ts';

const ZALGO = `Z${'\u0301\u0327\u0489'.repeat(300)}`;

export const nastyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'grapheme', maxLength: 200 }) },
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
  {
    weight: 4,
    arbitrary: fc
      .array(
        fc.constantFrom(
          '@everyone',
          '@here',
          '<@1>',
          '<@&2>',
          '<#3>',
          '</help:4>',
          '<:name:5>',
          'https://example.org/?a=b',
          '[text](https://example.org)',
          '```',
          '`',
          '``',
          '**',
          '__',
          '||',
          '~~',
          '> ',
          '>>> ',
          '# ',
          '-# ',
          '- ',
          '1. ',
          '\\',
          '\n',
          '\r\n',
          '\t',
          '\u0000',
          '\u001b[31m',
          '\u200b',
          '\u200d',
          '\u202e',
          '\u2066',
          '\ufeff',
          '\ud83d',
          '\udc00',
          'مرحبا',
          'שלום',
          '👩‍👩‍👧‍👦',
          '🏴󠁧󠁢󠁥󠁮󠁧󠁿',
          '🇧🇷',
          'e\u0301',
          ZALGO,
          'ﷺ',
          '漢字',
          'ação',
          ' ',
          'word',
        ),
        { maxLength: 60 },
      )
      .map((parts) => parts.join('')),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '',
      ' \n\t ',
      '\u200b\u200b',
      '\n'.repeat(10_000),
      'a\n'.repeat(10_000),
      '`'.repeat(5_000),
      '```\n'.repeat(2_000),
      '😀'.repeat(4_000),
      'x'.repeat(100_000),
      '*'.repeat(4_000),
      ZALGO.repeat(20),
      '\u202e'.repeat(500),
      '@everyone '.repeat(500),
      '漢'.repeat(4_000),
    ),
  },
);

export const number: fc.Arbitrary<number> = fc.oneof(
  fc.double({ noNaN: true, min: -1e9, max: 1e9 }),
  fc.constantFrom(0, -0, 1, 0.5, 1e-12, 1e12, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);
const share = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), number);
const count = fc.oneof(fc.integer({ min: 0, max: 1_000_000 }), fc.constantFrom(0, 1, Number.MAX_SAFE_INTEGER));
const time = fc.integer({ min: 0, max: 4_102_444_800_000 });
const id = fc.uuid();
const snowflake = fc.bigInt({ min: 1n, max: 2n ** 63n }).map(String);
const locale = fc.constantFrom('en' as const, 'pt-BR' as const);
const person = fc.record({ memberId: id, userId: snowflake, name: nastyText });
const nullable = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });

const averages = fc.record({
  turns: count,
  rated: count,
  rating: nullable(share),
  rougeL: nullable(share),
  bleu: nullable(share),
  meteor: nullable(share),
  bertScore: nullable(share),
  tokenTotal: nullable(number),
});

const status = fc.oneof(
  fc.record({ code: fc.constant('correct' as const), position: count }),
  fc.record({ code: fc.constant('misplaced' as const), position: count, shouldBe: count }),
  fc.record({ code: fc.constant('absent' as const) }),
);
const report = fc.record({
  total: number,
  rows: fc.array(fc.record({ expected: nastyText, generated: nastyText, status, reward: number }), { maxLength: 40 }),
});

export const turnView: fc.Arbitrary<TurnView> = fc.record({
  id,
  sessionId: id,
  classId: snowflake,
  locale,
  number: count,
  iteration: count,
  author: person,
  text: nastyText,
  choices: fc.record({
    intent: fc.constantFrom(...INTENTS),
    emotion: fc.constantFrom(...EMOTIONS),
    language: fc.constantFrom(...LANGUAGES),
  }),
  choicesGuessed: fc.boolean(),
  state: fc.constantFrom('answering' as const, 'answered' as const, 'failed' as const),
  reply: nullable(nastyText),
  masked: fc.boolean(),
  stoppedAt: nullable(count),
  tries: count,
  comparison: fc.uniqueArray(fc.record({ number: count, reply: nastyText, preferredBy: count }), {
    ...{ maxLength: 8, selector: ({ number }) => number },
  }),
  report: nullable(report),
  scores: nullable(
    fc.record({
      rouge1: share,
      rouge2: share,
      rougeL: share,
      bleu: share,
      meteor: share,
      meteorStages: fc.constant(['exact' as const]),
      bertScore: nullable(
        fc.record(
          {
            ...{ precision: share, recall: share, f1: share, model: nastyText },
            ...{ layer: count, layers: count, insteadOf: nastyText },
          },
          { requiredKeys: ['precision', 'recall', 'f1', 'model'] },
        ),
      ),
    }),
  ),
  model: nastyText,
  versionNumber: count,
  seconds: nullable(number),
  tokensPerSecond: nullable(number),
  ratings: fc.array(fc.record({ person, value: share }), { maxLength: 30 }),
  averageRating: nullable(share),
  awaitsRating: fc.boolean(),
  threshold: share,
  corrections: fc.array(fc.record({ person, text: nastyText }), { maxLength: 5 }),
  error: nullable(
    fc.record({ identifier: fc.constant('file_missing' as const), context: fc.record({ path: nastyText }) }),
  ),
  messageId: nullable(snowflake),
  createdAt: time,
});

export const sessionView: fc.Arbitrary<SessionView> = fc.record({
  id,
  classId: snowflake,
  channelId: snowflake,
  threadId: nullable(snowflake),
  locale,
  phase: fc.constantFrom(...PHASES),
  startedBy: nullable(person),
  iteration: count,
  turn: count,
  turnsPerIteration: count,
  iterations: count,
  threshold: share,
  model: nastyText,
  versionNumber: count,
  startVersionNumber: count,
  turnId: nullable(id),
  jobId: nullable(id),
  deadline: nullable(time),
  leadsTo: fc.constantFrom('turn' as const, 'iteration' as const, null),
  savingProgress: fc.boolean(),
  outcome: nullable(
    fc.record({ reason: fc.constantFrom('stopped' as const, 'completed' as const), kept: fc.boolean() }),
  ),
  iterationsSoFar: fc.array(fc.record({ number: count, closed: fc.boolean(), versionNumber: count, averages }), {
    maxLength: 120,
  }),
  averages,
  createdAt: time,
  endedAt: nullable(time),
});

const step = fc.record({
  step: count,
  totalSteps: count,
  loss: number,
  gradNorm: number,
  learningRate: number,
  epoch: number,
  metrics: fc.dictionary(fc.constantFrom('rewards/margins', 'reward', 'kl', 'logps/chosen'), number),
});
const firstAndLast = fc.record({ first: number, last: number });
const learning: fc.Arbitrary<JobView['learning']> = fc.record({
  recipe: fc.constantFrom(...RECIPES),
  ...{ learnt: count, avoided: count, compared: count, alone: count, rated: count },
  drawn: fc.boolean(),
  margin: nullable(firstAndLast),
  reward: nullable(firstAndLast),
  kl: nullable(number),
});
const likelihood = fc.record({
  logprobBefore: fc.double({ min: -1e6, max: 0, noNaN: true }),
  logprobAfter: fc.double({ min: -1e6, max: 0, noNaN: true }),
  tokens: fc.integer({ min: 1, max: 500 }),
  change: fc.constantFrom('less' as const, 'same' as const, 'more' as const),
  times: fc.oneof(fc.double({ min: 1, max: 1e300, noNaN: true }), fc.constant(Number.POSITIVE_INFINITY)),
});

export const jobView: fc.Arbitrary<JobView> = fc.record({
  id,
  classId: snowflake,
  sessionId: nullable(id),
  turnId: nullable(id),
  locale,
  state: fc.constantFrom('queued', 'running', 'finished', 'failed', 'cancelled'),
  position: count,
  method: fc.constantFrom('full', 'lora'),
  learning,
  trainingCharacters: count,
  people: count,
  steps: fc.array(step, { maxLength: 10 }),
  etaSeconds: nullable(number),
  summary: nullable(
    fc.record({
      trainRuntime: number,
      trainSamplesPerSecond: number,
      trainStepsPerSecond: number,
      trainLoss: number,
      epoch: number,
      peakMemoryMb: number,
      steps: count,
      tokens: count,
      cutTokens: count,
      stoppedEarly: fc.boolean(),
      chart: nullable(fc.constant('charts/one.png')),
    }),
  ),
  chartFile: nullable(fc.constant('/data/charts/one.png')),
  verdict: nullable(
    fc.record({ reply: likelihood, correction: nullable(likelihood), preferred: fc.boolean(), wrongWay: fc.boolean() }),
  ),
  before: nullable(nastyText),
  after: nullable(nastyText),
  fromVersionNumber: count,
  versionNumber: nullable(count),
  error: nullable(
    fc.record({ identifier: fc.constant('file_missing' as const), context: fc.record({ path: nastyText }) }),
  ),
});

export const versionView: fc.Arbitrary<VersionView> = fc.record({
  id: nullable(id),
  number: count,
  current: fc.boolean(),
  base: nastyText,
  method: fc.constantFrom('full' as const, 'lora' as const, null),
  note: nastyText,
  parentNumber: nullable(count),
  createdAt: nullable(time),
  forgottenMembers: count,
});

export const queueView: fc.Arbitrary<QueueView> = fc.record({
  entries: fc.array(
    fc.record({
      jobId: id,
      classId: snowflake,
      state: fc.constantFrom('queued' as const, 'running' as const),
      position: count,
      createdAt: time,
    }),
    { maxLength: 80 },
  ),
});

export const whyView: fc.Arbitrary<WhyView> = fc.record({
  turnId: id,
  tokens: fc.array(fc.record({ text: nastyText, probability: share }), { maxLength: 80 }),
});

export const comparisonView: fc.Arbitrary<ComparisonView> = fc.record({
  prompt: nastyText,
  seed: count,
  answers: fc.array(fc.record({ versionNumber: count, reply: nastyText, masked: fc.boolean(), seconds: number }), {
    maxLength: 6,
  }),
});

export const chatView: fc.Arbitrary<ChatView> = fc.record({
  reply: nastyText,
  masked: fc.boolean(),
  versionNumber: count,
  model: nastyText,
  seconds: number,
  tokensPerSecond: number,
  inputIds: fc.constant([1]),
  outputIds: fc.constant([2]),
  reachedLimit: fc.boolean(),
  text: nastyText,
  tokenLogprobs: fc.constant([-1]),
});
