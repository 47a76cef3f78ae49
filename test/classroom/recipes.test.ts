/** The recipes in a sitting: what a low rating queues, whose words it may hold, and what becomes of a no. */
import { describe, expect, test } from 'vitest';
import type { Brain, Choices } from '../../src/brain/index.ts';
import type { Actor } from '../../src/classroom/index.ts';
import {
  actor,
  ana,
  bia,
  CLASS_ID,
  createWorld,
  PLACE,
  refused,
  rosa,
  sharedBrain,
  type World,
  withMembersOf,
} from './fixture.ts';

const shared = sharedBrain();
const caio = actor('caio');

function opened(settings: Record<string, unknown>, consenting: readonly Actor[] = [ana, bia, rosa], brain = shared) {
  const world = createWorld(brain);
  const { classroom } = world;
  for (const person of consenting) classroom.consent(person, true);
  classroom.configure(rosa, CLASS_ID, { maxNewTokens: 8, ...settings });
  return { world, classroom, id: classroom.startSession(rosa, PLACE).id };
}

const payloadOf = ({ store }: World) => store.jobs.list().at(-1)!.payload;
const correctionIds = (text: string) => [...shared.brain.tokenizer.encode(text), shared.brain.tokenizer.eosId];

test('guided, a class’s own: a low rating queues the better answer, the reply to unlearn, and the good turn before', async () => {
  const { world, classroom, id } = opened({});
  const good = await classroom.say(ana, id, { text: 'one' });
  await classroom.rate(bia, good.id, 0.9);
  const bad = await classroom.say(ana, id, { text: 'two' });
  classroom.correct(bia, bad.id, 'two, please');
  expect(await classroom.rate(rosa, bad.id, 0.2)).toMatchObject({ leadTo: 'training' });

  const [first, second] = world.store.turns.bySession(id);
  const payload = payloadOf(world);
  expect(payload).toMatchObject({
    ...{ recipe: 'guided', method: 'lora', trainingText: '', turnIds: [bad.id, good.id] },
    args: { learningRate: 2e-3, numTrainEpochs: 30 },
    material: {
      ...{ kind: 'replies', beta: 0.1 },
      replies: [
        { promptIds: second!.promptIds, replyIds: correctionIds('two, please'), weight: 1 },
        { promptIds: second!.promptIds, replyIds: second!.outputIds, weight: -1 },
        { promptIds: first!.promptIds, replyIds: first!.outputIds, weight: 0.9 },
      ],
    },
  });
  expect(payload.probe.correctionIds).toEqual(correctionIds('two, please'));
  expect([...payload.memberIds].sort()).toEqual([ana, bia].map((person) => classroom.member(person).id).sort());
  expect(classroom.job(world.store.jobs.list()[0]!.id).learning).toMatchObject({
    ...{ recipe: 'guided', learnt: 2, avoided: 1, alone: 0, margin: null },
  });
});

test('a turn that a brain of another vocabulary answered is still shown, and learnt from by its text', async () => {
  const older: Brain = {
    ...withMembersOf(shared.brain),
    promptIds: async () => [3, 1, 4, 1, 5],
    generate: async (...call) => {
      return { ...(await shared.brain.generate(...call)), outputIds: [2, 7, 99_999], text: 'an older reply' };
    },
  };
  const { world, classroom, id } = opened({ recipe: 'guided' }, undefined, { ...shared, brain: older });
  const turn = await classroom.say(ana, id, { text: 'one' });
  await classroom.close();
  const later = createWorld(shared, { folder: world.folder, start: world.clock.now });
  expect(later.classroom.turn(turn.id).reply).toBe('an older reply');
  await later.classroom.rate(rosa, turn.id, 0.2);
  const payload = payloadOf(later);
  const { intent, emotion, language } = later.store.turns.get(turn.id)!;
  const choices = { intent, emotion, language } as Choices;
  const [promptIds, replyIds] = [await shared.brain.promptIds([], 'one', choices, 8), correctionIds('an older reply')];
  expect(payload.material).toMatchObject({ replies: [{ promptIds, replyIds, weight: -0.8 }] });
  expect(payload.probe).toMatchObject({ promptIds, replyIds });
});

test('preference says when there is nothing to prefer; settings of the class are the job’s', async () => {
  const { world, classroom, id } = opened({ recipe: 'preference', beta: 0.3, epochs: 7, method: 'full' });
  const turn = await classroom.say(ana, id, { text: 'one' });
  await classroom.rate(bia, turn.id, 0.2);
  expect(payloadOf(world)).toMatchObject({
    ...{ recipe: 'preference', method: 'full', args: { learningRate: 2e-5, numTrainEpochs: 7 } },
    material: { kind: 'preferences', beta: 0.3, preferences: [{ rejectedIds: expect.any(Array) }] },
  });
  expect(classroom.job(world.store.jobs.list()[0]!.id).learning).toMatchObject({ compared: 0, alone: 1 });
});

describe('two tries', () => {
  /** Ana speaks, and the class looks at two replies. */
  async function compared(consenting?: readonly Actor[]) {
    const sitting = opened({ recipe: 'preference' }, consenting);
    const { world, classroom, id } = sitting;
    const turn = await classroom.say(ana, id, { text: 'one' });
    const again = await classroom.anotherTry(bia, turn.id);
    expect(again.reply).not.toBe(turn.reply);
    const [former] = world.store.tries.ofTurn(turn.id);
    return { ...sitting, turn, former: former!, now: world.store.turns.get(turn.id)! };
  }
  const pairOf = (world: World) => {
    const { material } = payloadOf(world);
    if (material?.kind !== 'preferences') throw new Error('no preferences');
    return material.preferences[0]!;
  };

  test('are both shown, each with how many prefer it; who chooses again changes their mind', async () => {
    const { classroom, turn, former, now } = await compared();
    expect(former).toMatchObject({ number: 1, reply: turn.reply });
    expect(classroom.turn(turn.id).comparison).toEqual([
      { number: 1, reply: turn.reply, preferredBy: 0 },
      { number: 2, reply: now.reply, preferredBy: 0 },
    ]);
    classroom.preferTry(ana, turn.id, 2);
    classroom.preferTry(bia, turn.id, 1);
    expect(classroom.preferTry(ana, turn.id, 1).comparison.map(({ preferredBy }) => preferredBy)).toEqual([2, 0]);
    for (const number of [0, 3, 1.5, Number.NaN])
      expect(await refused(() => classroom.preferTry(ana, turn.id, number))).toBe('try_gone');
    await classroom.rate(rosa, turn.id, 0.2);
    expect(await refused(() => classroom.preferTry(ana, turn.id, 2))).toBe('prefer_try_too_late');
  });

  test('the one that was chosen, over the one that was rated low, is what the job learns', async () => {
    const { world, classroom, turn, former, now } = await compared();
    classroom.preferTry(bia, turn.id, 1);
    expect(await classroom.rate(rosa, turn.id, 0.2)).toMatchObject({ leadTo: 'training' });
    expect(pairOf(world)).toEqual({
      ...{ promptIds: now.promptIds, chosenIds: former.outputIds, rejectedIds: now.outputIds },
    });
    expect([...payloadOf(world).memberIds].sort()).toEqual([ana, bia].map((one) => classroom.member(one).id).sort());
    expect(classroom.job(world.store.jobs.list()[0]!.id).learning).toMatchObject({ compared: 1, alone: 0 });
  });

  test('the one that is rated low may all the same be the better of the two', async () => {
    const { world, classroom, turn, former, now } = await compared();
    classroom.preferTry(bia, turn.id, 2);
    await classroom.rate(rosa, turn.id, 0.2);
    expect(pairOf(world)).toMatchObject({ chosenIds: now.outputIds, rejectedIds: former.outputIds });
  });

  test('with a tie or without a choice, the rated reply is pushed away alone', async () => {
    for (const tie of [true, false]) {
      const { world, classroom, turn, now } = await compared();
      if (tie)
        for (const [person, number] of [[ana, 1] as const, [bia, 2] as const])
          classroom.preferTry(person, turn.id, number);
      await classroom.rate(rosa, turn.id, 0.2);
      expect(pairOf(world)).toEqual({ promptIds: now.promptIds, rejectedIds: now.outputIds });
    }
  });

  test('a choice counts for training only with a consent that spoke of choices; it is shown all the same', async () => {
    const { world, classroom, turn } = await compared([ana, rosa]);
    const { store } = world;
    const old = classroom.member(bia).id;
    store.consents.record({ memberId: old, granted: true, textVersion: '2', recordedBy: old });
    classroom.preferTry(bia, turn.id, 1);
    classroom.preferTry(caio, turn.id, 1);
    expect(classroom.turn(turn.id).comparison[0]).toMatchObject({ preferredBy: 2 });
    await classroom.rate(rosa, turn.id, 0.2);
    expect(pairOf(world).chosenIds).toBeUndefined();
    expect(payloadOf(world).memberIds).toEqual([ana, rosa].map((one) => classroom.member(one).id));
  });

  test('a no, or forgetting, of somebody who chose stops the waiting training', async () => {
    for (const leave of ['consent', 'forget'] as const) {
      const { world, classroom, turn } = await compared();
      classroom.preferTry(bia, turn.id, 1);
      await classroom.rate(rosa, turn.id, 0.2);
      if (leave === 'consent') classroom.consent(bia, false);
      else classroom.deleteMyData(bia);
      const [job] = world.store.jobs.list({ states: ['failed'] });
      expect(job).toMatchObject({ wordsWithdrawn: true, error: { identifier: 'job_words_withdrawn' } });
      expect(job!.payload.material).toBeUndefined();
      expect(classroom.turn(turn.id).comparison[0]!.preferredBy).toBe(leave === 'consent' ? 1 : 0);
    }
  });

  test('when what was meant is part of the prompt and changes, there is nothing to compare with', async () => {
    const { promptIds } = shared.brain;
    const brain: Brain = {
      ...withMembersOf(shared.brain),
      promptIds: (context, text, choices, most) =>
        promptIds.call(shared.brain, context, `${choices?.emotion} ${text}`, choices, most),
    };
    const { classroom } = createWorld({ ...shared, brain });
    const { id } = classroom.startSession(rosa, PLACE);
    const turn = await classroom.say(ana, id, { text: 'one' });
    await classroom.anotherTry(bia, turn.id);
    classroom.preferTry(bia, turn.id, 1);
    const revised = await classroom.reviseChoices(ana, turn.id, { emotion: 'angry' });
    expect(revised).toMatchObject({ tries: 3, comparison: [] });
    const again = await classroom.anotherTry(bia, turn.id);
    expect(again.comparison).toMatchObject([
      { number: 3, preferredBy: 0 },
      { number: 4, preferredBy: 0 },
    ]);
  });

  test('the same reply once more is no further try', async () => {
    const { classroom, turn, now } = await compared();
    classroom.preferTry(bia, turn.id, 2);
    // This brain reads no choices: the same prompt and the same seed.
    const revised = await classroom.reviseChoices(ana, turn.id, { emotion: 'angry' });
    expect(revised.comparison).toMatchObject([{ number: 1 }, { number: 3, reply: now.reply, preferredBy: 1 }]);
  });

  test('a restart, also one in the middle of the next try, loses neither tries nor choices', async () => {
    const { world: before, classroom, id, turn, now } = await compared();
    classroom.preferTry(bia, turn.id, 1);
    classroom.anotherTry(ana, turn.id).catch(() => {});
    const world = before.restart();
    world.classroom.resumeAll();
    for (let looks = 0; looks < 500 && world.classroom.session(id).phase !== 'rating'; looks++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(world.classroom.turn(turn.id).comparison).toMatchObject([
      { number: 1, reply: turn.reply, preferredBy: 1 },
      { number: 2, reply: now.reply, preferredBy: 0 },
      { number: 3, preferredBy: 0 },
    ]);
  });
});

test('reward trains an adapter even where the class trains all weights', async () => {
  const { world, classroom, id } = opened({ recipe: 'reward', rewardSource: 'table', method: 'full' });
  const turn = await classroom.say(ana, id, { text: 'one two three' });
  await classroom.rate(caio, turn.id, 0);
  expect(payloadOf(world)).toMatchObject({
    ...{ method: 'lora', args: { learningRate: 2e-3, numTrainEpochs: 30 } },
    material: { kind: 'drawn', tasks: [{ target: 'one two three' }], maxScore: 25, maxNewTokens: 8 },
  });
  // Nobody's rating is learnt from, so whose it was does not matter.
  expect(payloadOf(world).memberIds).toEqual([classroom.member(ana).id]);
});

test.each([
  [{}, 1e-4],
  [{ learningRate: 1e-3 }, 1e-3],
])('a brain five times as deep as sprout, settings %j: it learns at %d', async (settings, learningRate) => {
  const { brain, model } = shared;
  const deep = { ...withMembersOf(brain), info: () => ({ ...brain.info(), layers: 30 }) };
  const { world, classroom, id } = opened({ recipe: 'guided', ...settings }, [ana, bia, rosa], { brain: deep, model });
  const turn = await classroom.say(ana, id, { text: 'one' });
  await classroom.rate(bia, turn.id, 0.2);
  expect(payloadOf(world).args.learningRate).toBeCloseTo(learningRate, 12);
});

describe('without consent', () => {
  test('the speaker’s turn is not trained on, and people are told', async () => {
    const { world, classroom, id } = opened({ recipe: 'guided' }, [ana, rosa]);
    const first = await classroom.say(ana, id, { text: 'mine' });
    await classroom.rate(rosa, first.id, 1);
    const turn = await classroom.say(caio, id, { text: 'never train on this' });
    classroom.correct(rosa, turn.id, 'better');
    expect(await classroom.rate(rosa, turn.id, 0)).toMatchObject({ leadTo: 'training_blocked', blocked: 'judgement' });
    expect(world.store.jobs.list()).toEqual([]);
  });

  test.each(['preference', 'reward'] as const)(
    'a rating and a better answer are counted and measured, and never trained on: %s has nothing then',
    async (recipe) => {
      const { world, classroom, id } = opened({ recipe }, [ana]);
      const turn = await classroom.say(ana, id, { text: 'mine' });
      classroom.correct(caio, turn.id, 'his words');
      expect(await classroom.rate(caio, turn.id, 0)).toMatchObject({
        leadTo: 'training_blocked',
        blocked: 'judgement',
      });
      expect(world.store.jobs.list()).toEqual([]);
      expect(world.store.ratings.ofTurn(turn.id)).toHaveLength(1);
    },
  );

  test.each([0, 0.5])(
    'guided is started by a rating of %d, and learns no more of it than that it was low',
    async (value) => {
      const { world, classroom, id } = opened({ recipe: 'guided', threshold: 0.7 }, [ana]);
      const turn = await classroom.say(ana, id, { text: 'mine' });
      classroom.correct(caio, turn.id, 'his words');
      expect(await classroom.rate(caio, turn.id, value)).toMatchObject({ leadTo: 'training' });
      const { material, memberIds, probe } = payloadOf(world);
      const [row] = world.store.turns.bySession(id);
      expect(material).toEqual({
        kind: 'replies',
        replies: [{ promptIds: row!.promptIds, replyIds: row!.outputIds, weight: expect.closeTo(-0.3, 12) }],
      });
      expect(memberIds).toEqual([classroom.member(ana).id]);
      expect(probe.correctionIds).toEqual(correctionIds('his words'));
    },
  );

  test('of two better answers the one that may be used is; the newest is measured all the same', async () => {
    const { world, classroom, id } = opened({ recipe: 'preference' }, [ana, bia]);
    const turn = await classroom.say(ana, id, { text: 'mine' });
    classroom.correct(bia, turn.id, 'hers');
    world.clock.now += 1;
    classroom.correct(caio, turn.id, 'his');
    await classroom.rate(caio, turn.id, 0);
    expect(payloadOf(world)).toMatchObject({
      material: { preferences: [{ chosenIds: correctionIds('hers') }] },
      probe: { correctionIds: correctionIds('his') },
    });
    expect([...payloadOf(world).memberIds].sort()).toEqual([ana, bia].map((one) => classroom.member(one).id).sort());
  });

  test('words of others stay out of the prompt that is trained on, and so does what was replied to them', async () => {
    const { world, classroom, id } = opened({ recipe: 'guided' }, [ana, rosa]);
    const his = await classroom.say(caio, id, { text: 'never train on this' });
    await classroom.rate(rosa, his.id, 1);
    const hers = await classroom.say(ana, id, { text: 'mine' });
    await classroom.rate(rosa, hers.id, 0);
    const { material, probe } = payloadOf(world);
    if (material?.kind !== 'replies') throw new Error('no replies');
    expect(material.replies).toHaveLength(1);
    expect(material.replies[0]!.promptIds).toEqual(await shared.brain.promptIds([], 'mine', hers.choices, 8));
    // It is measured with the prompt it was an answer to.
    expect(probe.promptIds).toEqual(world.store.turns.bySession(id)[1]!.promptIds);
    expect(shared.brain.tokenizer.decode(probe.promptIds)).toContain('never train on this');
  });

  test('given in the first wording it covers turns alone: ratings and better answers were not spoken of', async () => {
    const { world, classroom, id } = opened({ recipe: 'preference' }, [ana]);
    const { store } = world;
    const old = classroom.member(bia).id;
    store.consents.record({ memberId: old, granted: true, textVersion: '1', recordedBy: old });
    const turn = await classroom.say(bia, id, { text: 'mine' });
    expect(await classroom.rate(bia, turn.id, 0)).toMatchObject({ blocked: 'judgement' });
    world.advance(5_000);
    const again = await classroom.say(bia, id, { text: 'mine' });
    await classroom.rate(ana, again.id, 0);
    expect(payloadOf(world).memberIds).toEqual([old, classroom.member(ana).id]);
  });
});

describe('somebody changes their mind', () => {
  test.each([
    ['who spoke', ana],
    ['who wrote the better answer', bia],
  ])('%s: a no stops the waiting training', async (_, person) => {
    const { world, classroom, id } = opened({ recipe: 'guided' });
    const turn = await classroom.say(ana, id, { text: 'mine' });
    classroom.correct(bia, turn.id, 'hers');
    await classroom.rate(rosa, turn.id, 0);
    classroom.consent(person, false);
    const [job] = world.store.jobs.list({ states: ['failed'] });
    expect(job).toMatchObject({ error: { identifier: 'job_words_withdrawn' }, wordsWithdrawn: true });
    expect(job!.payload.material).toBeUndefined();
    expect(await refused(() => classroom.retryJob(rosa, id))).toBe('job_words_withdrawn');
  });

  test('or is forgotten: not a token of their answer is left in the job', async () => {
    const { world, classroom, id } = opened({ recipe: 'preference' });
    const turn = await classroom.say(ana, id, { text: 'mine' });
    classroom.correct(bia, turn.id, 'hers');
    await classroom.rate(rosa, turn.id, 0);
    classroom.deleteMyData(bia);
    const [job] = world.store.jobs.list({ states: ['failed'] });
    expect(job!.payload).toMatchObject({ trainingText: '', memberIds: [], probe: { promptIds: [], replyIds: [] } });
    expect(Object.keys(job!.payload)).not.toContain('material');
    expect(classroom.job(job!.id).learning).toMatchObject({ recipe: 'preference', compared: 0 });
  });
});
