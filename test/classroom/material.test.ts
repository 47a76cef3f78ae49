/** What each recipe learns from a sitting, and what stays out of it. */
import fc from 'fast-check';
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
        ...{ kind: 'replies', beta: 0.1 },
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

  test('without a better answer the rating says how much to unlearn, on no leash; several are averaged', () => {
    const ratings = [
      { memberId: 'one', value: 0.1 },
      { memberId: 'two', value: 0.3 },
    ];
    const gathered = gather({}, { ratings });
    expect(gathered?.material).toEqual({
      kind: 'replies',
      replies: [{ promptIds: [Z, 1], replyIds: [Z, 2], weight: expect.closeTo(-0.8, 9) }],
    });
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

  /** Tries of turn 'z', its own reply last, each with how many prefer it. */
  const tries = (...counts: number[]) => ({
    tries: counts.map((count, at) => ({
      replyIds: at === counts.length - 1 ? [Z, 2] : [Z, 10 + at],
      preferredBy: Array.from({ length: count }, (_, person) => `voter ${at}.${person}`),
    })),
  });
  const comparedIn = (z: Partial<JudgedTurn>, ...before: JudgedTurn[]) => {
    const material = gather(preference, z, ...before)?.material;
    if (material?.kind !== 'preferences') throw new Error('no preferences');
    return material.preferences;
  };

  test('the try people chose over the one they rated; the rating is nobody’s part in it', () => {
    const gathered = gather(preference, { ...rated(0.2), ...tries(2, 1) });
    expect(gathered).toMatchObject({
      material: { preferences: [{ promptIds: [Z, 1], chosenIds: [Z, 10], rejectedIds: [Z, 2] }] },
      memberIds: ['speaker of z', 'voter 0.0', 'voter 0.1', 'voter 1.0'],
    });
  });

  test('where they chose the one they rated low, it gains on the least chosen of the others, the newest of them', () => {
    expect(comparedIn({ ...rated(0.2), ...tries(0, 1) })).toEqual([
      { promptIds: [Z, 1], chosenIds: [Z, 2], rejectedIds: [Z, 10] },
    ]);
    expect(comparedIn({ ...rated(0.2), ...tries(1, 0, 0, 2) })[0]).toMatchObject({ rejectedIds: [Z, 12] });
  });

  test('a better answer comes before a choice, and a choice before another turn’s reply', () => {
    const same = turn('a', { promptIds: [Z, 1], ...rated(1) });
    expect(comparedIn({ ...rated(0.2), ...tries(1, 0), ...corrected('new') })).toMatchObject([
      { chosenIds: [...Buffer.from('new')], rejectedIds: [Z, 2] },
    ]);
    expect(comparedIn({ ...rated(0.2), ...tries(1, 0) }, same)).toMatchObject([{ chosenIds: [Z, 10] }]);
    expect(comparedIn({ ...rated(0.2), ...tries(1, 1) }, same)).toMatchObject([{ chosenIds: [A, 2] }]);
  });

  test('a turn of before whose tries were compared comes along, whatever it was rated', () => {
    const before = turn('a', {
      ...rated(1),
      tries: [
        { replyIds: [A, 9], preferredBy: [] },
        { replyIds: [A, 2], preferredBy: ['bia'] },
      ],
    });
    const gathered = gather(preference, rated(0), before);
    expect(gathered).toMatchObject({
      material: {
        preferences: [
          { promptIds: [Z, 1], rejectedIds: [Z, 2] },
          { promptIds: [A, 1], chosenIds: [A, 2], rejectedIds: [A, 9] },
        ],
      },
      memberIds: ['speaker of z', 'speaker of a', 'rater', 'bia'],
      turnIds: ['z', 'a'],
    });
  });

  test('whatever people choose: a pair of two tries, the better one with more choices than any other; else none', () => {
    const counts = fc.array(fc.nat(3), { minLength: 1, maxLength: 5 });
    const property = fc.property(counts, fc.nat(4), (chosen, empty) => {
      const given = tries(...chosen).tries.map((one, at) => {
        // A former try may be empty: then there is nothing of it to compare.
        return at === empty && at < chosen.length - 1 ? { ...one, replyIds: [] } : one;
      });
      const [pair] = comparedIn({ ...rated(0.1), tries: given });
      const comparable = given.filter(({ replyIds }) => replyIds.length > 0);
      const most = Math.max(...comparable.map(({ preferredBy }) => preferredBy.length));
      const leaders = comparable.filter(({ preferredBy }) => preferredBy.length === most);
      const votesOf = (ids: readonly number[] | undefined) =>
        comparable.find(({ replyIds }) => `${replyIds}` === `${ids}`)?.preferredBy.length;
      if (comparable.length < 2 || leaders.length > 1) {
        expect(pair).toEqual({ promptIds: [Z, 1], rejectedIds: [Z, 2] });
        return;
      }
      expect(pair!.chosenIds).toEqual(leaders[0]!.replyIds);
      expect(votesOf(pair!.rejectedIds)).toBeLessThan(most);
      expect([pair!.chosenIds, pair!.rejectedIds]).toContainEqual([Z, 2]);
    });
    fc.assert(property, { numRuns: 500 });
  });

  test.each([
    ['guided', { recipe: 'guided' }],
    ['reward', { recipe: 'reward' }],
  ] as const)('%s does not look at choices between tries: better than another is not good', (_, changes) => {
    expect(gather(changes, { ...rated(0.2), ...tries(2, 0) })).toEqual(gather(changes, rated(0.2)));
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
  ['preference', { recipe: 'preference' }],
  ['reward by ratings', { recipe: 'reward' }],
] as const)('%s has nothing where nobody’s judgement of the turn may be used', (_, changes) => {
  expect(gather(changes, {}, turn('a', { ...rated(1), ...corrected('x') }))).toBeNull();
});

test('a turn that is not among those that may be used, or an empty reply, gives nothing', () => {
  expect(gatherMaterial([turn('a', rated(1))], 'z', rules)).toBeNull();
  expect(gather({}, { ...rated(0), replyIds: [] })).toBeNull();
});
