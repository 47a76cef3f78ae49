/** What people get wrong: each case has its own sentence in both languages, and changes nothing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseDecimal, readRating, readTurnText } from '../../src/classroom/input.ts';
import { UserError } from '../../src/errors.ts';
import { LOCALES, tDynamic } from '../../src/i18n/index.ts';
import {
  actor,
  ana,
  bia,
  CLASS_ID,
  createWorld,
  heldBrain,
  PLACE,
  refused,
  rosa,
  rowsOf,
  sharedBrain,
  trainByHand,
  type World,
} from './fixture.ts';

const shared = sharedBrain();
const stranger = actor('eve', { classId: 'other', className: '8A', isTeacher: true });

interface Scene {
  world: World;
  id: string;
  turnId: string;
}

/** A sitting with one answered turn that waits for its rating. */
async function scene(world = createWorld(shared)): Promise<Scene> {
  for (const person of [ana, bia, rosa, stranger]) world.classroom.consent(person, true);
  const { id } = world.classroom.startSession(rosa, PLACE);
  const turn = await world.classroom.say(ana, id, { text: 'hello' });
  return { world, id, turnId: turn.id };
}

const rating = (value: string | number) => (s: Scene) => s.world.classroom.rate(ana, s.turnId, value);
const saying = (text: string) => (s: Scene) => s.world.classroom.say(ana, s.id, { text });
const configuring =
  (changes: Record<string, unknown>, who = rosa) =>
  (s: Scene) =>
    s.world.classroom.configure(who, CLASS_ID, changes);

const CASES: [string, (scene: Scene) => unknown, string][] = [
  ['a rating in letters', rating('abc'), 'rating_not_a_number'],
  ['a rating above 1', rating('1.2'), 'rating_out_of_range'],
  ['a rating below 0', rating('-0.1'), 'rating_out_of_range'],
  ['a rating below 0, with a comma', rating('-0,1'), 'rating_out_of_range'],
  ['an empty rating', rating(''), 'rating_empty'],
  ['a rating of spaces', rating('  '), 'rating_empty'],
  ['a rating nobody can see', rating('\u200B\u2060'), 'rating_empty'],
  ['no number at all', rating(Number.NaN), 'rating_not_a_number'],
  ['an endless rating', rating(Number.POSITIVE_INFINITY), 'rating_not_a_number'],
  ['two ratings in one', rating('0.5 0.6'), 'rating_not_a_number'],
  ['an empty turn', saying(''), 'turn_empty'],
  ['a turn of spaces', saying(' \t\n '), 'turn_empty'],
  ['a turn of zero-width characters', saying('\u200B\u200D\u2060\uFEFF'), 'turn_empty'],
  ['a turn of 10,000 newlines', saying('\n'.repeat(10_000)), 'turn_empty'],
  ['a turn of 4,001 characters', saying('a'.repeat(4_001)), 'turn_too_long'],
  ['a turn of 10,000 newlines between two words', saying(`a${'\n'.repeat(10_000)}b`), 'turn_too_long'],
  ['a turn before the rating', saying('next'), 'rate_first'],
  ['an empty correction', (s) => s.world.classroom.correct(ana, s.turnId, ' '), 'correction_empty'],
  ['a correction too long', (s) => s.world.classroom.correct(ana, s.turnId, 'a'.repeat(4_001)), 'correction_too_long'],
  ['a second sitting', (s) => s.world.classroom.startSession(bia, PLACE), 'session_running'],
  ['an unknown model', (s) => s.world.classroom.startSession(stranger, PLACE, { model: 'gpt-9' }), 'model_unknown'],
  [
    'an unknown setting of a sitting',
    (s) => s.world.classroom.startSession(stranger, PLACE, { topK: 3 }),
    'setting_unknown',
  ],
  [
    'a threshold out of range',
    (s) => s.world.classroom.startSession(stranger, PLACE, { threshold: '7' }),
    'setting_out_of_range',
  ],
  ['resuming while one runs', (s) => s.world.classroom.resumeSession(ana, PLACE), 'session_running'],
  ['resuming where nothing was', (s) => s.world.classroom.resumeSession(stranger, PLACE), 'nothing_to_resume'],
  ['a student configuring', configuring({ threshold: 0.1 }, ana), 'not_teacher'],
  ['a student declaring', (s) => s.world.classroom.declare(ana), 'not_teacher'],
  ['a student choosing the version', (s) => s.world.classroom.useVersion(ana, 0), 'not_teacher'],
  ['a student rolling back', (s) => s.world.classroom.rollback(ana), 'not_teacher'],
  ['a student exporting', (s) => s.world.classroom.exportVersion(ana, 0), 'not_teacher'],
  [
    'a student recording a guardian’s consent',
    (s) => s.world.classroom.guardianConsent(ana, 'bia', true),
    'not_teacher',
  ],
  ['a student stopping somebody’s sitting', (s) => s.world.classroom.stopSession(bia, s.id), 'stop_not_yours'],
  ['a guardian’s consent for nobody', (s) => s.world.classroom.guardianConsent(rosa, 'nobody', true), 'member_unknown'],
  ['a setting that does not exist', configuring({ thresold: 0.1 }), 'setting_unknown'],
  ['a setting with a name of the language', configuring({ constructor: 1 }), 'setting_unknown'],
  ['a setting out of range', configuring({ epochs: 61 }), 'setting_out_of_range'],
  ['one wrong setting among right ones', configuring({ threshold: 0.1, epochs: 0 }), 'setting_out_of_range'],
  ['a whole number wanted', configuring({ turnsPerIteration: '2,5' }), 'setting_not_whole'],
  ['a number wanted', configuring({ learningRate: 'fast' }), 'setting_not_a_number'],
  ['nothing where a number is wanted', configuring({ temperature: null }), 'setting_not_a_number'],
  ['a choice that is none', configuring({ method: 'magic' }), 'setting_not_a_choice'],
  ['a role that is none', configuring({ teacherRoleId: '@everyone' }), 'setting_role_wrong'],
  ['an unknown version', (s) => s.world.classroom.useVersion(rosa, 7), 'version_unknown'],
  ['half a version', (s) => s.world.classroom.useVersion(rosa, 0.5), 'version_unknown'],
  ['going back from the base', (s) => s.world.classroom.rollback(rosa), 'rollback_at_base'],
  ['comparing with an unknown version', (s) => s.world.classroom.compare(ana, 0, 9), 'version_unknown'],
  ['comparing before anything was said', (s) => s.world.classroom.compare(stranger, 0, 0), 'nothing_to_compare'],
  ['chatting with nothing', (s) => s.world.classroom.chat(ana, '\u200B'), 'turn_empty'],
  ['"keep" without a stop', (s) => s.world.classroom.keepProgress(rosa, s.id, true), 'stop_first'],
  ['retrying what did not fail', (s) => s.world.classroom.retryJob(ana, s.id), 'no_failed_job'],
  ['skipping what did not fail', (s) => s.world.classroom.skipJob(ana, s.id), 'no_failed_job'],
  ['a button of a sitting that is gone', (s) => s.world.classroom.stopSession(rosa, 'gone'), 'session_gone'],
  ['speaking in a sitting that is gone', (s) => s.world.classroom.say(ana, 'gone', { text: 'hi' }), 'session_gone'],
  ['a button of a turn that is gone', (s) => s.world.classroom.rate(ana, 'gone', 1), 'turn_gone'],
  ['a job that is gone', (s) => s.world.classroom.job('gone'), 'job_gone'],
  ['somebody of another class speaking', (s) => s.world.classroom.say(stranger, s.id, { text: 'hi' }), 'session_gone'],
  ['somebody of another class rating', (s) => s.world.classroom.rate(stranger, s.turnId, 1), 'turn_gone'],
  ['somebody of another class stopping', (s) => s.world.classroom.stopSession(stranger, s.id), 'session_gone'],
  ['a teacher of another class configuring', (s) => s.world.classroom.configure(stranger, CLASS_ID, {}), 'not_teacher'],
];

describe('each has its sentence, and changes nothing', () => {
  // One sitting for all of them: nothing any of them does may be felt by the next.
  let before: Scene;
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'classroom-'));
    before = await scene(createWorld(shared, { folder, lasting: true }));
  });
  afterAll(async () => {
    await before.world.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  test.each(CASES)('%s', async (_, act, identifier) => {
    const rows = rowsOf(before.world);
    let error: unknown;
    try {
      await act(before);
    } catch (thrown) {
      error = thrown;
    }
    if (!(error instanceof UserError)) throw error ?? new Error('nothing was refused');
    expect(error.identifier).toBe(identifier);
    for (const locale of LOCALES) {
      const sentence = tDynamic(locale, `errors:${identifier}`, error.context);
      expect(sentence).not.toMatch(/\{\{|undefined/);
    }
    expect(rowsOf(before.world)).toEqual(rows);
    expect(before.world.classroom.session(before.id).phase).toBe('rating');
  });
});

test('a turn while the brain is still answering is refused, and the one under way is answered', async () => {
  const brain = heldBrain(shared.brain);
  const world = createWorld(shared, { brain });
  const { id } = world.classroom.startSession(ana, PLACE);
  const first = world.classroom.say(ana, id, { text: 'first' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await refused(() => world.classroom.say(bia, id, { text: 'second' }))).toBe('still_answering');
  const { turnId } = world.classroom.session(id);
  expect(await refused(() => world.classroom.rate(bia, turnId!, 1))).toBe('rate_after_answer');
  expect(await refused(() => world.classroom.useVersion(rosa, 0))).toBe('version_busy');
  brain.release();
  expect(await first).toMatchObject({ text: 'first', state: 'answered' });
  expect(world.store.turns.bySession(id)).toHaveLength(1);
});

test('two people speaking at the same moment: one turn, and one is told to wait', async () => {
  const world = createWorld(shared);
  const { id } = world.classroom.startSession(ana, PLACE);
  const both = await Promise.allSettled([
    world.classroom.say(ana, id, { text: 'me' }),
    world.classroom.say(bia, id, { text: 'no, me' }),
  ]);
  expect(both.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(world.store.turns.bySession(id)).toHaveLength(1);
});

test('two people rating at the same moment: both ratings are kept, one decides; twice by one person is one', async () => {
  const { world, turnId } = await scene();
  const outcomes = await Promise.all([world.classroom.rate(ana, turnId, 1), world.classroom.rate(bia, turnId, 0)]);
  expect(outcomes.map((outcome) => outcome.decided)).toEqual([true, false]);
  const twice = await Promise.allSettled([
    world.classroom.rate(rosa, turnId, 1),
    world.classroom.rate(rosa, turnId, 0),
  ]);
  expect(twice.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
  expect(world.store.ratings.ofTurn(turnId)).toHaveLength(3);
});

test('speaking while the brain trains waits for it', async () => {
  const { world, id, turnId } = await scene();
  await world.classroom.rate(ana, turnId, 0);
  expect(await refused(() => world.classroom.say(ana, id, { text: 'hey' }))).toBe('training_running');
  expect(await refused(() => world.classroom.useVersion(rosa, 0))).toBe('version_busy');
  trainByHand(world, shared.brain);
  world.advance(5_000);
  expect(await world.classroom.say(ana, id, { text: 'hey' })).toMatchObject({ state: 'answered' });
});

test('a sitting whose class was removed is gone for its buttons, and its timers do no harm', async () => {
  const { world, id, turnId } = await scene();
  await world.classroom.rate(ana, turnId, 0);
  trainByHand(world, shared.brain);
  world.store.classes.remove(CLASS_ID);
  world.advance(5_000);
  expect(await refused(() => world.classroom.stopSession(rosa, id))).toBe('session_gone');
  expect(await refused(() => world.classroom.rate(bia, turnId, 1))).toBe('turn_gone');
});

describe('unusual words are taken as they are', () => {
  const texts = [
    ['emoji, families and flags', '👩‍👩‍👧‍👦 🇧🇷 ❤️'],
    ['right to left', 'שלום עולם، مرحبا'],
    ['zero-width characters between letters', 'a\u200Bb'],
    ['a thousand newlines between words', `a${'\n'.repeat(1_000)}b`],
    ['4,000 characters', 'a'.repeat(4_000)],
    ['combining marks', 'e\u0301'.repeat(20)],
    ['markdown and mentions', '@everyone **bold** `code` ||x||'],
    ['a token of the model', '<|endoftext|>'],
    ['letters beyond the plane', '𝒽𝑒𝓁𝓁𝑜 𓀀'],
  ] as const;
  test.each(texts)('%s', async (_, text) => {
    const world = createWorld(shared);
    const { id } = world.classroom.startSession(ana, PLACE);
    const turn = await world.classroom.say(ana, id, { text });
    expect(turn).toMatchObject({ text, state: 'answered' });
    expect(await world.classroom.rate(ana, turn.id, 1)).toMatchObject({ decided: true });
  });

  test('what nobody can see at the ends goes, and what no text can hold is replaced', () => {
    expect(readTurnText(' \uFEFF hello\r\nworld \u200B\n')).toBe('hello\nworld');
    expect(readTurnText('a\u0000b\u0007c')).toBe('abc');
    expect(readTurnText('half \uD83D pair')).toBe('half \uFFFD pair');
  });

  test('whatever is typed is either refused as empty or too long, or kept within bounds and readable', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (raw) => {
        try {
          const text = readTurnText(raw);
          expect(text.isWellFormed()).toBe(true);
          expect(readTurnText(text)).toBe(text);
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          expect(error.identifier).toBe('turn_empty');
        }
      }),
      { seed: 7 },
    );
  });
});

describe('ratings', () => {
  test.each([
    ['0', 0],
    ['1', 1],
    ['0.5', 0.5],
    ['0,5', 0.5],
    [' 0,25 ', 0.25],
    [',5', 0.5],
    ['1.0', 1],
    ['1,00', 1],
    ['-0', 0],
    ['+0.3', 0.3],
    [0.75, 0.75],
  ] as const)('%s is %d', (raw, value) => {
    expect(Object.is(readRating(raw), value)).toBe(true);
  });

  test('any number from 0 to 1 is read as it is written, with a point or a comma', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), (n) => {
        const text = (n / 10_000).toFixed(4);
        expect(readRating(text)).toBe(n / 10_000);
        expect(readRating(text.replace('.', ','))).toBe(n / 10_000);
      }),
      { seed: 7 },
    );
  });

  test('no text but a number is one', () => {
    for (const text of ['', '.', ',', '-', '1.2.3', '0x1', '1e', 'Infinity', 'NaN', '½', '٠٫٥', '0 5', '1/2', '50%'])
      expect(parseDecimal(text)).toBeNull();
  });
});
