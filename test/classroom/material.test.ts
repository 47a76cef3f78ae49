/** What each recipe learns from a sitting, and what stays out of it. */
import { describe, expect, test } from 'vitest';
import { gatherMaterial, type JudgedTurn, type MaterialRules } from '../../src/classroom/material.ts';

const rules: MaterialRules = {
  ...{ recipe: 'guided', threshold: 0.6, beta: 0.1, rewardSource: 'rating' },
  ...{ maxScore: 25, halfReward: null, maxNewTokens: 100 },
};

function turn(id: string, changes: Partial<JudgedTurn> = {}): JudgedTurn {
  const number = id.charCodeAt(0);
  return {
    ...{ id, memberId: `speaker of ${id}`, text: `text of ${id}`, promptMemberIds: [] },
    ...{ promptIds: [number, 1], replyIds: [number, 2], ratings: [], corrections: [], tries: [] },
    ...changes,
  };
}
const rated = (value: number, memberId = 'rater') => ({ ratings: [{ memberId, value }] });
const corrected = (text: string, memberId = 'writer') => ({
  corrections: [{ memberId, text, ids: [...Buffer.from(text)] }],
});

/** The rated turn 'z' after those given. */
const gather = (changes: Partial<MaterialRules>, z: Partial<JudgedTurn>, ...before: JudgedTurn[]) =>
  gatherMaterial([...before, turn('z', z)], 'z', { ...rules, ...changes });
const [Z, A] = ['z'.charCodeAt(0), 'a'.charCodeAt(0)];

describe('guided', () => {
  test('learns the better answer and unlearns what it replaces', () => {
    expect(gather({}, { ...rated(0.4), ...corrected('ok') })).toEqual({
      material: {
        kind: 'replies',
        replies: [
          { promptIds: [Z, 1], replyIds: [...Buffer.from('ok')], weight: 1 },
          { promptIds: [Z, 1], replyIds: [Z, 2], weight: -1 },
        ],
      },
      // The rating was not needed: it is nobody's part in this.
      memberIds: ['speaker of z', 'writer'],
      turnIds: ['z'],
    });
  });

  test('without a better answer the rating says how much to unlearn; several are averaged', () => {
    const ratings = [
      { memberId: 'one', value: 0.1 },
      { memberId: 'two', value: 0.3 },
    ];
    const gathered = gather({}, { ratings });
    expect(gathered?.material).toMatchObject({ replies: [{ weight: expect.closeTo(-0.8, 9) }] });
    expect(gathered?.memberIds).toEqual(['speaker of z', 'one', 'two']);
  });

  test('replays the newest good turns, by their rating or their better answer; bad ones are not pushed twice', () => {
    const before = [
      ...[turn('a', rated(1)), turn('b', rated(0.6, 'ana')), turn('c', rated(0.59)), turn('d')],
      ...[turn('e', { ...rated(0), ...corrected('yes', 'bia') }), turn('f', rated(0.8)), turn('g', rated(0.7))],
    ];
    const gathered = gather({}, rated(0), ...before);
    expect(gathered?.turnIds).toEqual(['z', 'b', 'e', 'f', 'g']);
    expect(gathered?.material).toMatchObject({
      replies: [
        { weight: -1 },
        { weight: 0.6 },
        { weight: 1, replyIds: [...Buffer.from('yes')] },
        { weight: 0.8 },
        { weight: 0.7 },
      ],
    });
    expect(gathered?.memberIds.sort()).toEqual(
      [
        ...['speaker of z', 'speaker of b', 'speaker of e', 'speaker of f', 'speaker of g'],
        'rater',
        'ana',
        'bia',
      ].sort(),
    );
  });
});

describe('preference', () => {
  const preference = { recipe: 'preference' } as const;

  test('prefers the better answer, the newest one; corrected turns of before come along', () => {
    const corrections = [...corrected('old', 'ana').corrections, ...corrected('new', 'bia').corrections];
    const gathered = gather(preference, { corrections }, turn('a', corrected('yes', 'caio')), turn('b', rated(1)));
    expect(gathered).toEqual({
      material: {
        kind: 'preferences',
        beta: 0.1,
        preferences: [
          { promptIds: [Z, 1], chosenIds: [...Buffer.from('new')], rejectedIds: [Z, 2] },
          { promptIds: [A, 1], chosenIds: [...Buffer.from('yes')], rejectedIds: [A, 2] },
        ],
      },
      memberIds: ['speaker of z', 'speaker of a', 'bia', 'caio'],
      turnIds: ['z', 'a'],
    });
  });

  test('without one, the best-rated other reply to the very same prompt', () => {
    const same = { promptIds: [Z, 1] };
    const gathered = gather(
      preference,
      rated(0.3),
      turn('a', { ...same, ...rated(0.5) }),
      turn('b', { ...same, ...rated(0.9, 'ana') }),
      turn('c', rated(1)),
      turn('d', { ...same, ...rated(0.2) }),
    );
    expect(gathered?.material).toMatchObject({
      preferences: [{ chosenIds: ['b'.charCodeAt(0), 2], rejectedIds: [Z, 2] }],
    });
    expect(gathered?.memberIds).toEqual(['speaker of z', 'speaker of b', 'rater', 'ana']);
  });

  test('with nothing to prefer, the rated reply stands alone', () => {
    const gathered = gather(preference, rated(0.3), turn('a', rated(1)));
    expect(gathered?.material).toEqual({
      kind: 'preferences',
      beta: 0.1,
      preferences: [{ promptIds: [Z, 1], rejectedIds: [Z, 2] }],
    });
  });

  test('a reply like the rated one is no better try', () => {
    const twin = turn('a', { promptIds: [Z, 1], replyIds: [Z, 2], ...rated(1) });
    expect(gather(preference, rated(0.3), twin)?.material).toMatchObject({ preferences: [{ rejectedIds: [Z, 2] }] });
    expect(JSON.stringify(gather(preference, rated(0.3), twin))).not.toContain('chosenIds');
  });
});

describe('reward', () => {
  test('by ratings: every rated reply with what it got, the threshold as the baseline', () => {
    const gathered = gather({ recipe: 'reward' }, rated(0.2), turn('a', rated(0.9, 'ana')), turn('b'));
    expect(gathered).toEqual({
      material: {
        kind: 'ratings',
        replies: [
          { promptIds: [Z, 1], replyIds: [Z, 2], reward: 0.2 },
          { promptIds: [A, 1], replyIds: [A, 2], reward: 0.9 },
        ],
        ...{ baseline: 0.6, beta: 0.1 },
      },
      memberIds: ['speaker of z', 'speaker of a', 'rater', 'ana'],
      turnIds: ['z', 'a'],
    });
  });

  test('by the token table: the better answer is the target, or the person’s own sentence', () => {
    const table = { recipe: 'reward', rewardSource: 'table' } as const;
    expect(gather(table, {})?.material).toEqual({
      kind: 'drawn',
      tasks: [{ promptIds: [Z, 1], target: 'text of z' }],
      ...{ maxScore: 25, halfReward: null, maxNewTokens: 100, beta: 0.1 },
    });
    expect(gather(table, corrected('better'))).toMatchObject({
      material: { tasks: [{ target: 'better' }] },
      memberIds: ['speaker of z', 'writer'],
    });
  });
});

test('whose words stand in a prompt is part of it', () => {
  expect(gather({}, { ...rated(0), promptMemberIds: ['ana', 'bia', 'ana'] })?.memberIds).toEqual([
    'speaker of z',
    'ana',
    'bia',
    'rater',
  ]);
});

test.each([
  ['guided', { recipe: 'guided' }],
  ['preference', { recipe: 'preference' }],
  ['reward by ratings', { recipe: 'reward' }],
] as const)('%s has nothing where nobody’s judgement of the turn may be used', (_, changes) => {
  expect(gather(changes, {}, turn('a', { ...rated(1), ...corrected('x') }))).toBeNull();
});

test('a turn that is not among those that may be used, or an empty reply, gives nothing', () => {
  expect(gatherMaterial([turn('a', rated(1))], 'z', rules)).toBeNull();
  expect(gather({}, { ...rated(0), replyIds: [] })).toBeNull();
});
