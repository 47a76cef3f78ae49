import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultSettings, SETTING_NAMES } from '../../../src/classroom/index.ts';
import { modalViolations, violations } from '../../../src/discord/limits.ts';
import {
  brainsMessage,
  chatMessage,
  comparisonMessage,
  exportedMessage,
  queueMessage,
  usingMessage,
} from '../../../src/discord/messages/brains.ts';
import { betterForm, exactForm, speakForm } from '../../../src/discord/messages/forms.ts';
import { lessonMessage } from '../../../src/discord/messages/lesson.ts';
import { bugMessage, userErrorMessage } from '../../../src/discord/messages/notices.ts';
import {
  askForgetMessage,
  consentMessage,
  consentNotice,
  exportMessage,
  forgottenMessage,
  guardianNotice,
} from '../../../src/discord/messages/privacy.ts';
import {
  blockedMessage,
  consentNeededMessage,
  countdownMessage,
  endedMessage,
  iterationMessage,
  keepMessage,
  openingMessage,
  resumedMessage,
  statusMessage,
  turnOpenMessage,
} from '../../../src/discord/messages/session.ts';
import { declarationMessage, settingsMessage } from '../../../src/discord/messages/settings.ts';
import { jobFailedMessage, progressMessage, summaryMessage } from '../../../src/discord/messages/training.ts';
import { turnMessage } from '../../../src/discord/messages/turn.ts';
import { whyMessage } from '../../../src/discord/messages/why.ts';
import { createBody, editBody, type Payload } from '../../../src/discord/payload.ts';
import { UserError } from '../../../src/errors.ts';
import type { Locale } from '../../../src/i18n/index.ts';
import { LESSON_TERMS, lesson, nearLessons } from '../../../src/lessons/index.ts';
import { tokenReport } from '../../../src/scoring/index.ts';
import {
  chatView,
  comparisonView,
  jobView,
  nastyText,
  queueView,
  sessionView,
  turnView,
  versionView,
  whyView,
} from '../adversarial.ts';

/** Enough for every day; `PROPERTY_RUNS=10000` for a release. */
const numRuns = Number(process.env.PROPERTY_RUNS ?? 150);

const locales: readonly Locale[] = ['en', 'pt-BR'];
const png = { name: 'curves.png', data: new Uint8Array(3) };

/** Every builder as a function of arbitrary views. */
const builders: Record<string, fc.Arbitrary<(locale: Locale) => Payload>> = {
  turn: fc.tuple(turnView, fc.boolean()).map(
    ([view, wordsShown]) =>
      (locale) =>
        turnMessage(view, locale, { wordsShown }),
  ),
  opening: fc.tuple(sessionView, fc.boolean(), fc.boolean()).map(
    ([view, plainMessages, declarationMissing]) =>
      (locale) =>
        openingMessage(view, locale, { plainMessages, declarationMissing }),
  ),
  'turn open': sessionView.map((view) => (locale) => turnOpenMessage(view, locale)),
  'consent needed': nastyText.map((name) => (locale) => consentNeededMessage(name, locale)),
  blocked: fc
    .constantFrom('declaration' as const, 'consent' as const, 'nothing' as const)
    .map((why) => (locale) => blockedMessage(why, locale)),
  countdown: fc.tuple(fc.uuid(), fc.boolean()).map(
    ([session, running]) =>
      (locale) =>
        countdownMessage(session, { deadline: 1e12, leadsTo: 'turn', running }, locale),
  ),
  'consent noted': fc.tuple(fc.boolean(), fc.constantFrom('granted' as const, 'refused' as const)).map(
    ([said, consent]) =>
      (locale) =>
        consentNotice(said, consent, locale),
  ),
  'guardian noted': fc.tuple(fc.boolean(), fc.constantFrom('granted' as const, 'refused' as const)).map(
    ([said, consent]) =>
      (locale) =>
        guardianNotice(said, consent, locale),
  ),
  keep: sessionView.map((view) => (locale) => keepMessage(view, locale)),
  iteration: sessionView.map((view) => (locale) => iterationMessage(view, view.iteration, locale)),
  ended: sessionView.map((view) => (locale) => endedMessage(view, locale)),
  resumed: sessionView.map((view) => (locale) => resumedMessage(view, locale)),
  status: sessionView.map((view) => (locale) => statusMessage(view, locale, '<#1>')),
  progress: jobView.map((view) => (locale) => progressMessage(view, locale)),
  summary: fc.tuple(jobView, fc.boolean()).map(
    ([view, chart]) =>
      (locale) =>
        summaryMessage(view, locale, chart ? png : null),
  ),
  'job failed': fc.tuple(jobView, fc.boolean()).map(
    ([view, open]) =>
      (locale) =>
        jobFailedMessage(view, 'session', locale, open),
  ),
  why: whyView.map((view) => (locale) => whyMessage(view, locale)),
  brains: fc
    .array(versionView, { minLength: 1, maxLength: 60 })
    .map((views) => (locale) => brainsMessage(views, locale)),
  using: versionView.map((view) => (locale) => usingMessage(view, locale)),
  comparison: comparisonView.map((view) => (locale) => comparisonMessage(view, locale)),
  chat: fc.tuple(nastyText, chatView).map(
    ([prompt, view]) =>
      (locale) =>
        chatMessage(prompt, view, locale),
  ),
  'user error': nastyText.map((path) => (locale) => userErrorMessage(new UserError('file_missing', { path }), locale)),
  bug: fc.constant((locale: Locale) => bugMessage('ABC123', locale)),
  consent: fc
    .constantFrom('granted' as const, 'refused' as const, 'unknown' as const)
    .map((is) => (locale) => consentMessage(is, locale)),
  'data handed over': fc.dictionary(nastyText, nastyText).map((data) => (locale) => exportMessage(data, locale)),
  'asking before deleting': fc.constant((locale: Locale) => askForgetMessage('400000000000000001', locale)),
  deleted: fc
    .array(fc.uuid())
    .map((markedVersions) => (locale) => forgottenMessage({ stoppedJobs: [], markedVersions, erased: true }, locale)),
  settings: fc
    .tuple(fc.subarray([...SETTING_NAMES]), fc.boolean(), fc.option(fc.nat()), fc.option(nastyText))
    .map(([changed, declarationRequired, declaredAt, roleName]) => (locale) => {
      const settings = { ...defaultSettings, halfReward: 1.5, teacherRoleId: '1', iterations: changed.length };
      return settingsMessage({ settings, changed, declarationRequired, declaredAt, roleName }, locale);
    }),
  declaration: fc.constant((locale: Locale) => declarationMessage('100000000000000001', locale)),
  lesson: fc.tuple(fc.constantFrom(...LESSON_TERMS), fc.nat({ max: 20 })).map(
    ([term, others]) =>
      (locale) =>
        lessonMessage(lesson(term, locale), nearLessons('', locale).slice(0, others), locale),
  ),
  exported: nastyText.map((folder) => (locale) => exportedMessage(3, folder, [png], locale)),
  queue: queueView.map((view) => (locale) => queueMessage(view, '1', locale)),
};

/** `everything` a reader sees of a message, without what only a click sends back. */
function shownText({ content, embeds }: Payload): string {
  return [
    content,
    ...embeds.flatMap(({ title, description, fields }) => [
      title,
      description,

      ...(fields ?? []).flatMap(({ name, value }) => [name, value]),
    ]),
  ].join('\n');
}

describe.each(Object.entries(builders))('%s', (_name, builder) => {
  test.each(locales)('obeys every limit of Discord whatever people and models write (%s)', (locale) => {
    fc.assert(
      fc.property(builder, (build) => {
        expect(violations(build(locale))).toEqual([]);
      }),
      { numRuns },
    );
  });

  test('pings nobody and links nowhere', () => {
    fc.assert(
      fc.property(builder, (build) => {
        const message = build('en');
        expect(createBody(message).allowed_mentions).toEqual({ parse: [], replied_user: false });
        expect(editBody(message).allowed_mentions).toEqual({ parse: [], replied_user: false });
        const text = shownText(message).replace(/```[\s\S]*?```/g, '');
        // "<#1>" is the status message's own: the place of the sitting.
        expect(text.match(/@(everyone|here)|(?<!\\)<[@:]|(?<!\\)<#(?!1>)|https?:\/\//g)).toBeNull();
        // Discord formats nothing in a footer; a mention must not even look like one there.
        expect(
          message.embeds
            .map(({ footer }) => footer?.text)
            .join()
            .match(/@(everyone|here)/g),
        ).toBeNull();
      }),
      { numRuns },
    );
  });
});

test('the forms obey the limits of modals in both languages', () => {
  const id = '123e4567-e89b-12d3-a456-426614174000';
  const forms = locales.flatMap((locale) => [speakForm(id, locale), betterForm(id, locale), exactForm(id, locale)]);
  expect(forms.map(modalViolations)).toEqual(forms.map(() => []));
});

describe('what is said', () => {
  test('of one is not said as of many', () => {
    const one = { ...fc.sample(sessionView, 1)[0]!, turnsPerIteration: 1, iterations: 1 };
    const footers = locales.map((locale) => statusMessage(one, locale, '<#1>').embeds[0]?.footer?.text);
    expect(footers[0]).toContain('one turn an iteration · one iteration');
    expect(footers[1]).toContain('um turno por iteração · uma iteração');
    const report = { stoppedJobs: [], markedVersions: ['v1'], erased: true };
    expect(forgottenMessage(report, 'en').content).toContain('One version had learned');
    const version = { ...fc.sample(versionView, 1)[0]!, forgottenMembers: 1 };
    expect(brainsMessage([version], 'pt-BR').embeds[0]?.description).toContain('uma pessoa que depois pediu');
  });

  test('of a reply say that it was stopped at the limit of tokens, where it was', () => {
    const answered = { ...fc.sample(turnView, 1)[0]!, state: 'answered' as const };
    const said = (stoppedAt: number | null, locale: Locale) =>
      turnMessage({ ...answered, stoppedAt }, locale).embeds[0]?.description;
    expect(said(20, 'en')).toContain('Stopped here: 20 tokens is the limit.');
    expect(said(20, 'pt-BR')).toContain('Parou aqui: o limite é de 20 tokens.');
    for (const locale of locales) expect(said(null, locale)).not.toContain('✂️');
  });

  test('of the token table count in words, the exact total within the table', () => {
    const report = tokenReport('I love the rain', `the rain ${'falls '.repeat(61)}`);
    const turn = { ...fc.sample(turnView, 1)[0]!, state: 'answered' as const, report };
    const { embeds, files } = turnMessage(turn, 'en');
    const [table, below] = (embeds[0]?.description ?? '').split('```').slice(-2);
    expect(table).toMatch(/^total +-?[−\d.,]+$/m);
    expect(below).toContain('0 in place · 2 elsewhere · 61 not in your sentence');
    expect(below).not.toMatch(/\d{3}/);
    expect(new TextDecoder().decode(files[0]?.data)).toMatch(/^total +[-−]\d{3}\.\d\d$/m);
    const short = { ...turn, report: tokenReport('I love the rain', 'I') };
    expect(turnMessage(short, 'en').embeds[0]?.description).toContain(
      '1 in place · 0 elsewhere · 0 not in your sentence · 3 missing',
    );
    const words = turnMessage(turn, 'pt-BR').embeds[0]?.description;
    expect(words).toContain('0 no lugar · 2 em outro lugar · 61 fora da sua frase');
  });

  test('of METEOR names synonyms only where there were some', () => {
    const scores = { rouge1: 0, rouge2: 0, rougeL: 0, bleu: 0, meteor: 0, bertScore: null };
    const said = (meteorStages: ('exact' | 'stem' | 'wordnet')[]) => {
      const turn = { ...fc.sample(turnView, 1)[0]!, state: 'answered' as const, scores: { ...scores, meteorStages } };
      return turnMessage(turn, 'pt-BR').embeds[0]?.fields?.find(({ name }) => name.startsWith('METEOR'))?.value;
    };
    expect(said(['exact', 'stem', 'wordnet'])).toContain('sinônimos');
    expect(said(['exact', 'stem'])).not.toContain('sinônimos');
  });

  test('of BERTScore say whose numbers they are, and whom a stand-in stands for', () => {
    const said = (more: object, locale: Locale): string | undefined => {
      const bertScore = { precision: 1, recall: 1, f1: 1, model: 'sprout', ...more };
      const scores = { ...{ rouge1: 0, rouge2: 0, rougeL: 0, bleu: 0, meteor: 0, meteorStages: [] }, bertScore };
      const turn = { ...fc.sample(turnView, 1)[0]!, state: 'answered' as const, scores };
      return turnMessage(turn, locale).embeds[0]?.fields?.find(({ name }) => name.startsWith('BERTScore'))?.value;
    };
    const exact = { model: 'encoder', layer: 17, layers: 24 };
    expect(said(exact, 'en')).toContain('how near the meanings are, to encoder, layer 17 of 24');
    expect(said(exact, 'pt-BR')).toContain('para encoder, camada 17 de 24');
    const standIn = { layer: 3, layers: 6, insteadOf: 'encoder' };
    expect(said(standIn, 'en')).toContain('to sprout, layer 3 of 6, standing in for encoder, which is not ready');
    expect(said(standIn, 'pt-BR')).toContain('para sprout, camada 3 de 6, no lugar de encoder, que não está pronto');
    // Kept before the layer had a place of its own.
    expect(said({ model: 'sprout, layer 3 of 6' }, 'en')).toContain('to sprout, layer 3 of 6');
  });

  test('of consent is what counts, not only what was pressed', () => {
    expect(consentNotice(true, 'refused', 'en').content).toContain('Your guardian has said no');
    expect(consentNotice(true, 'granted', 'en').content).toContain('Thank you');
    expect(consentNotice(false, 'refused', 'en').content).toContain('never trained on');
    expect(guardianNotice(true, 'refused', 'en').content).toContain('The student has said no');
    expect(guardianNotice(false, 'refused', 'en').content).toContain('Noted, with your name');
  });
});

test('what is kept about somebody who said a great deal is handed over whole, in files Discord takes', () => {
  const turns = Array.from({ length: 5 }, (_, number) => ({ number, text: 'é'.repeat(2_000_000) }));
  const message = exportMessage({ member: [{ name: 'Ana' }], turns, ratings: [] }, 'en');
  expect(violations(message)).toEqual([]);
  const [rest, ...parts] = message.files.map(({ data }) => JSON.parse(new TextDecoder().decode(data)));
  expect(rest).toEqual({ member: [{ name: 'Ana' }], ratings: [] });
  expect(parts.length).toBeGreaterThan(1);
  expect(parts.flat()).toEqual(turns);
});
