import { describe, expect, test } from 'vitest';
import { pushWords } from '../../src/classroom/index.ts';
import {
  ana,
  bia,
  CLASS_ID,
  claim,
  classicWorld,
  createWorld,
  PLACE,
  refused,
  rosa,
  sharedBrain,
  temporaryFolder,
  trainByHand,
  type World,
} from './fixture.ts';

const shared = sharedBrain();

/** A sitting in which ana agreed to training. */
function opened(overrides: Record<string, unknown> = {}, world = createWorld(shared)) {
  world.classroom.consent(ana, true);
  const session = world.classroom.startSession(ana, PLACE, overrides);
  return { world, session, classroom: world.classroom, id: session.id };
}

async function turnRated(world: World, id: string, text: string, value: number) {
  const turn = await world.classroom.say(ana, id, { text });
  return { turn, outcome: await world.classroom.rate(ana, turn.id, value) };
}

test('a turn comes back answered, with its table, its metrics and the guessed choices', async () => {
  const { classroom, id, world } = opened();
  const turn = await classroom.say(ana, id, { text: 'Do you like music?' });
  expect(turn).toMatchObject({
    ...{ number: 1, iteration: 1, text: 'Do you like music?', state: 'answered', versionNumber: 0, awaitsRating: true },
    ...{ choices: { intent: 'ask', emotion: 'neutral', language: 'en' }, choicesGuessed: true, tries: 1 },
    author: { name: 'ana' },
  });
  expect(turn.reply).not.toBe('');
  expect(turn.report?.rows.map((row) => row.expected).slice(0, 5)).toEqual(['do', 'you', 'like', 'music', '?']);
  expect(turn.scores?.bertScore?.model).toContain('tiny');
  expect(turn.tokensPerSecond).toBeGreaterThan(0);
  const tokens = world.store.turns.get(turn.id)!.outputIds!;
  expect(turn.stoppedAt).toBe(tokens.at(-1) === shared.brain.tokenizer.eosId ? null : tokens.length);
  expect(world.kinds()).toEqual(['session_started', 'turn_answering', 'turn_answered']);
});

test('what the speaker chose stands; the rest is guessed', async () => {
  const { classroom, id } = opened();
  const turn = await classroom.say(ana, id, { text: 'Que dia lindo!', emotion: 'sad' });
  expect(turn).toMatchObject({ choices: { intent: 'suggest', emotion: 'sad', language: 'pt' }, choicesGuessed: false });
});

test('a low rating queues the classic job: everything said so far, the rated reply too, and what is to be measured', async () => {
  const { classroom, id, world } = opened({}, classicWorld(shared));
  const first = await turnRated(world, id, 'one', 0.9);
  expect(first.outcome).toMatchObject({ decided: true, leadTo: 'turn' });
  const second = await classroom.say(ana, id, { text: 'two' });
  classroom.correct(bia, second.id, 'two, please');
  const outcome = await classroom.rate(ana, second.id, '0,5');
  expect(outcome).toMatchObject({ value: 0.5, decided: true, leadTo: 'training', session: { phase: 'training' } });

  const [job] = world.store.jobs.list();
  const rows = world.store.turns.bySession(id);
  expect(job!.payload).toMatchObject({
    ...{ base: shared.model, recipe: 'classic', method: 'lora', lora: { r: 8, alpha: 16 } },
    args: { learningRate: 1e-3, numTrainEpochs: 3 },
    trainingText: ['one', rows[0]!.reply!.trim(), 'two', rows[1]!.reply!.trim()]
      .filter((text) => text !== '')
      .join(' '),
    turnIds: [first.turn.id, second.id],
    memberIds: [classroom.member(ana).id],
  });
  const { tokenizer } = shared.brain;
  expect(job!.payload.probe).toMatchObject({
    ...{ promptIds: rows[1]!.promptIds, replyIds: rows[1]!.outputIds },
    correctionIds: [...tokenizer.encode('two, please'), tokenizer.eosId],
    generation: { seed: rows[1]!.seed },
  });
  expect(world.wakes).toBeGreaterThan(0);
});

test('the second turn reads the first one; a new iteration starts anew, and the training text never does', async () => {
  const { id, world } = opened({ turnsPerIteration: 2 }, classicWorld(shared));
  await turnRated(world, id, 'first words', 1);
  await turnRated(world, id, 'second words', 1);
  world.advance(5_000);
  await turnRated(world, id, 'third words', 0);
  const { brain } = shared;
  const [first, second, third] = world.store.turns.bySession(id);
  const context = [{ text: first!.text, reply: first!.reply! }];
  const choices = { intent: 'suggest', emotion: 'neutral', language: 'en' } as const;
  expect(second!.promptIds).toEqual(await brain.promptIds(context, 'second words', choices));
  expect(third!.promptIds).toEqual(await brain.promptIds([], 'third words', choices));
  const [job] = world.store.jobs.list();
  for (const words of ['first words', 'second words', 'third words'])
    expect(job!.payload.trainingText).toContain(words);
});

test('training leads to a new version, a countdown, and a next turn that the new version answers', async () => {
  const { classroom, id, world } = opened();
  await turnRated(world, id, 'hello', 0.1);
  const job = trainByHand(world, shared.brain);
  const view = classroom.job(job.id);
  expect(view).toMatchObject({
    ...{ state: 'finished', fromVersionNumber: 0, versionNumber: 1, before: 'before', after: 'after', people: 1 },
    ...{ summary: { trainLoss: 3.2 }, steps: [{ step: 1 }, { step: 2 }, { step: 3 }] },
    verdict: { wrongWay: false, reply: { change: 'less' } },
  });
  expect(pushWords('en', view.verdict!)).toContain('LESS likely to say that reply again (from 1 in 493 to 1 in 2,000)');

  expect(classroom.session(id)).toMatchObject({
    phase: 'countdown',
    leadsTo: 'turn',
    versionNumber: 1,
    deadline: world.clock.now + 5_000,
  });
  world.advance(4_999);
  expect(await refused(() => classroom.say(ana, id, { text: 'now?' }))).toBe('countdown_running');
  world.advance(1);
  const next = await classroom.say(ana, id, { text: 'hello' });
  expect(next).toMatchObject({ versionNumber: 1, number: 2 });
  expect(world.kinds()).toEqual([
    ...['session_started', 'turn_answering', 'turn_answered', 'rated', 'job_queued', 'job_finished'],
    ...['countdown_started', 'turn_open', 'turn_answering', 'turn_answered'],
  ]);
});

test('each training goes on from the version in use, also from one the class went back to', async () => {
  const { world, classroom, id } = opened();
  const trained = async (value = 0) => {
    await turnRated(world, id, 'hello', value);
    const job = trainByHand(world, shared.brain);
    world.advance(5_000);
    return {
      from: world.store.versions.get(job.fromVersionId ?? '')?.number ?? 0,
      to: classroom.currentVersion(CLASS_ID),
    };
  };
  expect(await trained()).toEqual({ from: 0, to: 1 });
  expect(await trained()).toEqual({ from: 1, to: 2 });
  classroom.useVersion(rosa, 1);
  expect(await trained()).toEqual({ from: 1, to: 3 });
  expect(classroom.brains(CLASS_ID).map(({ parentNumber }) => parentNumber)).toEqual([null, 0, 1, 1]);
});

test('the time left follows from the pace of the steps so far', async () => {
  const { world, classroom, id } = opened();
  await turnRated(world, id, 'hello', 0);
  const job = claim(world);
  const eta = (step: number) => {
    world.clock.now += 2_000;
    const log = { step, totalSteps: 9, loss: 3, gradNorm: 1, learningRate: 5e-5, epoch: 1 };
    world.store.jobs.step(job.id, 'worker', log);
    return classroom.job(job.id).etaSeconds;
  };
  // One step has no pace yet: what came before it was loading.
  expect([eta(1), eta(2), eta(3)]).toEqual([null, 14, 12]);
});

test('an iteration closes with the averages of its turns and the version it ended with', async () => {
  const { classroom, id, world } = opened({ turnsPerIteration: 2 });
  await turnRated(world, id, 'hello there', 0.2);
  trainByHand(world, shared.brain);
  world.advance(5_000);
  const { turn } = await turnRated(world, id, 'hello again', 0.8);
  // Too late for the averages, which were closed with the first rating.
  await classroom.rate(bia, turn.id, 0.6);

  const [closed] = classroom.session(id).iterationsSoFar;
  const rows = world.store.turns.bySession(id).map((row) => classroom.turn(row.id));
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(closed).toMatchObject({ number: 1, closed: true, versionNumber: 1, averages: { turns: 2, rated: 2 } });
  expect(closed!.averages.rating).toBeCloseTo(0.5, 12);
  expect(closed!.averages.rougeL).toBeCloseTo(mean(rows.map((row) => row.scores!.rougeL)), 12);
  expect(closed!.averages.bertScore).toBeCloseTo(mean(rows.map((row) => row.scores!.bertScore!.f1)), 12);
  expect(closed!.averages.tokenTotal).toBeCloseTo(mean(rows.map((row) => row.report!.total)), 12);

  expect(classroom.session(id)).toMatchObject({ phase: 'countdown', leadsTo: 'iteration', iteration: 1 });
  world.advance(5_000);
  expect(classroom.session(id)).toMatchObject({ phase: 'ready', iteration: 2, turn: 1 });
});

test('the first rating decides; a second person’s is kept beside it', async () => {
  const { classroom, id, world } = opened();
  const turn = await classroom.say(ana, id, { text: 'hello' });
  expect(await classroom.rate(bia, turn.id, 1)).toMatchObject({ decided: true, leadTo: 'turn' });
  world.clock.now += 1_000;
  const later = await classroom.rate(ana, turn.id, 0);
  expect(later).toMatchObject({ decided: false, leadTo: null, session: { phase: 'ready' } });
  expect(later.turn.ratings.map(({ person, value }) => [person.name, value])).toEqual([
    ['bia', 1],
    ['ana', 0],
  ]);
  expect(later.turn.averageRating).toBe(0.5);
  expect(await refused(() => classroom.rate(ana, turn.id, 0.3))).toBe('already_rated');
});

test('another try replaces the reply with another seed; changed choices keep the seed', async () => {
  const { classroom, id, world } = opened();
  const turn = await classroom.say(ana, id, { text: 'hello' });
  const before = world.store.turns.get(turn.id)!;
  expect(await classroom.anotherTry(bia, turn.id)).toMatchObject({ tries: 2, state: 'answered' });
  const again = world.store.turns.get(turn.id)!;
  expect(again.seed).not.toBe(before.seed);
  const revised = await classroom.reviseChoices(ana, turn.id, { emotion: 'angry' });
  expect(revised).toMatchObject({ tries: 3, choices: { emotion: 'angry', intent: 'suggest' }, choicesGuessed: false });
  expect(world.store.turns.get(turn.id)!.seed).toBe(again.seed);
  expect(await refused(() => classroom.reviseChoices(bia, turn.id, { emotion: 'sad' }))).toBe('choices_not_yours');
});

test('why these words: every token of the reply with its probability', async () => {
  const { classroom, id, world } = opened();
  const turn = await classroom.say(ana, id, { text: 'hello' });
  const row = world.store.turns.get(turn.id)!;
  const { tokens } = classroom.whyTheseWords(bia, turn.id);
  expect(tokens).toHaveLength(row.outputIds!.length);
  for (const [index, token] of tokens.entries())
    expect(token.probability).toBeCloseTo(Math.exp(row.tokenLogprobs![index]!), 12);
});

describe('stopping', () => {
  test('kept: the new version stays; not kept: the class is back where the sitting began', async () => {
    for (const keep of [true, false]) {
      const { classroom, id, world } = opened({}, createWorld(shared, { folder: temporaryFolder() }));
      await turnRated(world, id, 'hello', 0);
      trainByHand(world, shared.brain);
      expect(classroom.stopCountdown(ana, id).phase).toBe('stopping');
      world.advance(60_000);
      const ended = classroom.keepProgress(ana, id, keep);
      expect(ended).toMatchObject({ phase: 'ended', outcome: { reason: 'stopped', kept: keep } });
      expect(classroom.currentVersion(CLASS_ID)).toBe(keep ? 1 : 0);
      expect(ended.averages).toMatchObject({ turns: 1, rated: 1, rating: 0 });
      expect(world.kinds().slice(-3)).toEqual(['countdown_stopped', 'iteration_closed', 'session_ended']);
    }
  });

  test('while a job waits in the queue, both answers end the sitting at once', async () => {
    for (const keep of [true, false]) {
      const { classroom, id, world } = opened({}, createWorld(shared, { folder: temporaryFolder() }));
      await turnRated(world, id, 'hello', 0);
      classroom.stopSession(ana, id);
      expect(classroom.keepProgress(ana, id, keep).phase).toBe('ended');
      expect(world.store.jobs.bySession(id)[0]).toMatchObject({ state: 'cancelled' });
    }
  });

  test('while a job trains, "keep" waits for what it has learned', async () => {
    const { classroom, id, world } = opened();
    await turnRated(world, id, 'hello', 0);
    const [job] = world.store.jobs.list();
    world.store.jobs.claim('worker', 30_000);
    classroom.stopSession(ana, id);
    expect(classroom.keepProgress(ana, id, true)).toMatchObject({ phase: 'stopping', savingProgress: true });
    expect(world.store.jobs.beat(job!.id, 'worker', 30_000)).toBe('cancel');
    world.store.jobs.abandon(job!.id, 'worker');
    classroom.jobChanged(job!.id);
    expect(classroom.session(id)).toMatchObject({ phase: 'ended', outcome: { kept: true } });
  });

  test('whoever opened the sitting or a teacher may stop it, nobody else', async () => {
    const { classroom, id } = opened();
    expect(await refused(() => classroom.stopSession(bia, id))).toBe('stop_not_yours');
    expect(classroom.session(id).phase).toBe('ready');
    expect(classroom.stopSession(rosa, id).phase).toBe('stopping');
    expect(await refused(() => classroom.keepProgress(bia, id, false))).toBe('stop_not_yours');
  });

  test('resuming opens the next iteration of the same sitting, its text still gathered', async () => {
    const { classroom, id, world } = opened({}, classicWorld(shared));
    await turnRated(world, id, 'hello', 1);
    classroom.stopSession(ana, id);
    classroom.keepProgress(ana, id, true);
    expect(classroom.resumeSession(bia, PLACE)).toMatchObject({ id, phase: 'ready', iteration: 2, turn: 1 });
    await turnRated(world, id, 'again', 0);
    expect(world.store.jobs.list()[0]!.payload.trainingText).toMatch(/^hello .* again/);
  });
});

describe('a training that fails', () => {
  async function failed() {
    const sitting = opened();
    await turnRated(sitting.world, sitting.id, 'hello', 0);
    const [job] = sitting.world.store.jobs.list();
    sitting.world.store.jobs.claim('worker', 30_000);
    sitting.world.store.jobs.fail(job!.id, 'worker', { identifier: 'training_text_short', context: { tokens: 1 } });
    sitting.classroom.jobChanged(job!.id);
    return { ...sitting, jobId: job!.id };
  }

  test('asks; skipped, the version in use stays', async () => {
    const { classroom, id, jobId } = await failed();
    expect(classroom.session(id)).toMatchObject({ phase: 'failed', jobId });
    expect(classroom.job(jobId).error).toEqual({ identifier: 'training_text_short', context: { tokens: 1 } });
    expect(classroom.skipJob(bia, id)).toMatchObject({ phase: 'countdown', versionNumber: 0 });
  });

  test('retried, it waits in the queue again, and may succeed', async () => {
    const { classroom, id, world, jobId } = await failed();
    expect(classroom.retryJob(ana, id)).toMatchObject({ phase: 'training', jobId });
    trainByHand(world, shared.brain);
    expect(classroom.session(id)).toMatchObject({ phase: 'countdown', versionNumber: 1 });
  });
});

test('listeners are nudged after commits, and what they hear is in the outbox', async () => {
  const { classroom, id, world } = opened();
  let heard = 0;
  const silence = classroom.onEvent(() => {
    heard = Math.max(heard, world.store.outbox.pending().length);
  });
  await classroom.say(ana, id, { text: 'hello' });
  expect(heard).toBe(world.store.outbox.pending().length);
  silence();
});
