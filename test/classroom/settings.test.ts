import fc from 'fast-check';
import { expect, test } from 'vitest';
import { averagesOf } from '../../src/classroom/averages.ts';
import {
  completeSettings,
  defaultSettings,
  NUMBER_BOUNDS,
  parseSettings,
  SETTING_NAMES,
} from '../../src/classroom/settings.ts';
import { UserError } from '../../src/errors.ts';
import { ana, CLASS_ID, createWorld, PLACE, refused, rosa, sharedBrain } from './fixture.ts';

const shared = sharedBrain();

test('the defaults are within their own bounds, and every setting has one', () => {
  const { teacherRoleId, halfReward, learningRate, epochs, ...rest } = defaultSettings;
  expect([teacherRoleId, halfReward, learningRate, epochs]).toEqual([null, null, null, null]);
  expect(parseSettings(rest)).toEqual(rest);
  expect([...SETTING_NAMES].sort()).toEqual(Object.keys(defaultSettings).sort());
});

test('each number takes its bounds, and nothing beyond them', () => {
  for (const [name, { min, max }] of Object.entries(NUMBER_BOUNDS)) {
    for (const value of [min, max]) {
      expect(parseSettings({ [name]: value })).toEqual({ [name]: value });
      expect(parseSettings({ [name]: String(value).replace('.', ',') })).toEqual({ [name]: value });
    }
    const context = { setting: name, min, max };
    for (const value of [min - 1, max + 1]) {
      const error = errorOf(() => parseSettings({ [name]: value }));
      expect(error.identifier).toBe('setting_out_of_range');
      expect(error.context).toMatchObject(context);
    }
  }
});

test('forms may say nothing for what may be nothing', () => {
  const empty = { teacherRoleId: '', halfReward: ' ', learningRate: '', epochs: '' };
  const nothing = { teacherRoleId: null, halfReward: null, learningRate: null, epochs: null };
  expect(parseSettings(empty)).toEqual(nothing);
  expect(parseSettings({ teacherRoleId: '123456789012345678', studentsMayStart: 'false' })).toEqual({
    ...{ teacherRoleId: '123456789012345678', studentsMayStart: false },
  });
});

test('whatever is given, it is taken whole or refused with a UserError', () => {
  const name = fc.oneof(fc.constantFrom(...SETTING_NAMES), fc.string());
  const value = fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.constant(undefined));
  fc.assert(
    fc.property(fc.dictionary(name, value, { maxKeys: 4 }), (changes) => {
      try {
        expect(Object.keys(parseSettings(changes)).sort()).toEqual(Object.keys(changes).sort());
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
    }),
    { seed: 7 },
  );
});

test('what an older or newer program stored is skipped where it cannot be used', () => {
  const stored = { threshold: 0.9, epochs: 'many', fromTheFuture: 1, topK: 10 };
  expect(completeSettings(stored)).toEqual({ ...defaultSettings, threshold: 0.9, topK: 10 });
});

test('a change counts at once, for the sitting that runs too; what was set for the sitting alone stands over it', async () => {
  const { classroom } = createWorld(shared);
  const { id } = classroom.startSession(ana, PLACE, { turnsPerIteration: '3' });
  classroom.configure(rosa, CLASS_ID, { threshold: '0,9', turnsPerIteration: 10, locale: 'pt-BR', maxScore: 10 });
  expect(classroom.session(id)).toMatchObject({ threshold: 0.9, turnsPerIteration: 3, locale: 'pt-BR' });
  expect(classroom.settings(CLASS_ID)).toMatchObject({ turnsPerIteration: 10, maxScore: 10 });
  const turn = await classroom.say(ana, id, { text: 'hello' });
  expect(turn.threshold).toBe(0.9);
  // One word is expected, and earns it all.
  expect(
    turn.report?.rows.map(({ reward }) => Math.abs(reward)).filter((reward) => reward !== 10 && reward !== 5),
  ).toEqual([]);
  expect(turn.report?.rows).not.toEqual([]);
  expect(await classroom.rate(ana, turn.id, 0.85)).toMatchObject({ decided: true, leadTo: 'training_blocked' });
});

test('students may start unless the class says otherwise', async () => {
  const { classroom } = createWorld(shared);
  classroom.configure(rosa, CLASS_ID, { studentsMayStart: false });
  expect(await refused(() => classroom.startSession(ana, PLACE))).toBe('start_teachers_only');
  expect(classroom.startSession(rosa, PLACE).phase).toBe('ready');
});

test('a temperature of 0 answers the same whatever the seed', async () => {
  const { classroom } = createWorld(shared);
  classroom.configure(rosa, CLASS_ID, { temperature: 0, maxNewTokens: 5 });
  const { id } = classroom.startSession(ana, PLACE);
  const turn = await classroom.say(ana, id, { text: 'hello' });
  expect((await classroom.anotherTry(ana, turn.id)).reply).toBe(turn.reply);
});

test('averages are means over turns; a turn rated by several counts once; nothing averaged is nothing', () => {
  const turn = { ratings: [1, 0], rougeL: 0.5, bleu: 0, meteor: 1, bertScore: null, tokenTotal: -25 };
  expect(averagesOf([turn, { ...turn, ratings: [], rougeL: 0, bertScore: 0.25, tokenTotal: 5 }])).toEqual({
    ...{ turns: 2, rated: 1, rating: 0.5, rougeL: 0.25, bleu: 0, meteor: 1, bertScore: 0.25, tokenTotal: -10 },
  });
  const nothing = { rating: null, rougeL: null, bleu: null, meteor: null, bertScore: null, tokenTotal: null };
  expect(averagesOf([])).toEqual({ turns: 0, rated: 0, ...nothing });
});

function errorOf(work: () => unknown): UserError {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('a brain’s own way of drawing is the class’s until the class sets another', () => {
  const { classroom } = createWorld(shared, { drawing: { temperature: 0.5, repetitionPenalty: 1.05 } });
  classroom.startSession(rosa, PLACE);
  expect(classroom.settings(CLASS_ID)).toMatchObject({ temperature: 0.5, repetitionPenalty: 1.05, topK: 50 });
  classroom.configure(rosa, CLASS_ID, { temperature: 0.9 });
  expect(classroom.settings(CLASS_ID)).toMatchObject({ temperature: 0.9, repetitionPenalty: 1.05, topP: 0.9 });
});
