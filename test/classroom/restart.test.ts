/** A kill and a new start in the middle of everything: the sitting goes on as if nothing had happened. */
import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import {
  ana,
  brokenBrain,
  CLASS_ID,
  claim,
  createWorld,
  heldBrain,
  PLACE,
  refused,
  rosa,
  sharedBrain,
  trainByHand,
  type World,
} from './fixture.ts';

const shared = sharedBrain();

function opened(world = createWorld(shared)) {
  world.classroom.consent(ana, true);
  return { world, id: world.classroom.startSession(ana, PLACE).id };
}

async function rated(world: World, id: string, value: number) {
  const turn = await world.classroom.say(ana, id, { text: 'hello there' });
  await world.classroom.rate(ana, turn.id, value);
  return turn.id;
}

/** Nobody hears the answer of a program that is gone. */
const killedMeanwhile = () => {};

/** Waits for what a restart set going. */
async function settled(world: World, id: string, phase: string) {
  for (let tries = 0; tries < 500 && world.classroom.session(id).phase !== phase; tries++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(world.classroom.session(id).phase).toBe(phase);
}

test('ready: somebody speaks on', async () => {
  const before = opened();
  await rated(before.world, before.id, 1);
  const world = before.world.restart();
  world.classroom.resumeAll();
  expect(world.classroom.session(before.id)).toMatchObject({ phase: 'ready', turn: 2 });
  expect(await world.classroom.say(ana, before.id, { text: 'still here?' })).toMatchObject({ number: 2 });
});

test('answering: the turn is answered again, with the very reply an unbroken sitting gives', async () => {
  const unbroken = opened();
  const whole = await unbroken.world.classroom.say(ana, unbroken.id, { text: 'tell me more' });

  const brain = heldBrain(shared.brain);
  const broken = opened(createWorld(shared, { brain }));
  broken.world.classroom.say(ana, broken.id, { text: 'tell me more' }).catch(killedMeanwhile);
  await settled(broken.world, broken.id, 'answering');
  const { turnId } = broken.world.classroom.session(broken.id);
  const world = createAfterKill(broken.world);
  world.classroom.resumeAll();
  await settled(world, broken.id, 'rating');
  const turn = world.classroom.turn(turnId!);
  expect(turn).toMatchObject({ state: 'answered', reply: whole.reply, text: 'tell me more', tries: 1 });
  expect(turn.report).toEqual(whole.report);
  brain.release();
});

/** As `restart`, with the brain well again. */
function createAfterKill(killed: World): World {
  void killed.classroom.close();
  killed.store.close();
  return createWorld(shared, { folder: killed.folder, start: killed.clock.now });
}

test('rating: the reply is there, and its rating counts', async () => {
  const { world: killed, id } = opened();
  const turn = await killed.classroom.say(ana, id, { text: 'hello' });
  const world = killed.restart();
  world.classroom.resumeAll();
  expect(world.classroom.turn(turn.id)).toEqual(turn);
  expect((await world.classroom.rate(ana, turn.id, 0)).leadTo).toBe('training');
});

describe('training', () => {
  test('still waiting: the trainer is woken', async () => {
    const { world: killed, id } = opened();
    await rated(killed, id, 0);
    const world = killed.restart();
    expect(world.wakes).toBe(0);
    world.classroom.resumeAll();
    expect(world.wakes).toBe(1);
    trainByHand(world, shared.brain);
    expect(world.classroom.session(id)).toMatchObject({ phase: 'countdown', versionNumber: 1 });
  });

  test('finished while the bot was away: the new version is used, and the countdown runs from now', async () => {
    const { world: killed, id } = opened();
    await rated(killed, id, 0);
    void killed.classroom.close();
    trainByHand(killed, shared.brain);
    killed.clock.now += 3_600_000;
    const world = killed.restart();
    world.classroom.resumeAll();
    expect(world.classroom.session(id)).toMatchObject({
      ...{ phase: 'countdown', versionNumber: 1, deadline: world.clock.now + 5_000 },
    });
  });

  test('failed while the bot was away: people are asked', async () => {
    const { world: killed, id } = opened();
    await rated(killed, id, 0);
    void killed.classroom.close();
    const job = claim(killed);
    killed.store.jobs.fail(job.id, 'worker', { identifier: 'disk_full', context: { path: 'x' } });
    const world = killed.restart();
    world.classroom.resumeAll();
    expect(world.classroom.session(id)).toMatchObject({ phase: 'failed', jobId: job.id });
  });
});

test('failed: the question still stands', async () => {
  const { world: killed, id } = opened();
  await rated(killed, id, 0);
  const job = claim(killed);
  killed.store.jobs.fail(job.id, 'worker', { identifier: 'disk_full', context: { path: 'x' } });
  killed.classroom.jobChanged(job.id);
  const world = killed.restart();
  world.classroom.resumeAll();
  expect(world.classroom.retryJob(ana, id).phase).toBe('training');
});

describe('countdown', () => {
  test('runs on to the moment it was set for', async () => {
    const { world: killed, id } = opened();
    await rated(killed, id, 0);
    trainByHand(killed, shared.brain);
    killed.advance(2_000);
    const world = killed.restart();
    world.classroom.resumeAll();
    world.advance(2_999);
    expect(world.classroom.session(id).phase).toBe('countdown');
    world.advance(1);
    expect(world.classroom.session(id).phase).toBe('ready');
  });

  test('that ran out while the bot was away is over at once', async () => {
    const { world: killed, id } = opened();
    await rated(killed, id, 0);
    trainByHand(killed, shared.brain);
    killed.clock.now += 60_000;
    const world = killed.restart();
    world.classroom.resumeAll();
    world.advance(0);
    expect(world.classroom.session(id).phase).toBe('ready');
  });
});

describe('stopping', () => {
  test('the question still stands', async () => {
    const { world: killed, id } = opened();
    await rated(killed, id, 0);
    trainByHand(killed, shared.brain);
    killed.classroom.stopSession(ana, id);
    const world = killed.restart();
    world.classroom.resumeAll();
    expect(world.classroom.keepProgress(ana, id, false)).toMatchObject({ phase: 'ended', versionNumber: 0 });
  });

  test('waiting for the job to hand over: it did, while the bot was away', async () => {
    const { world: killed, id } = opened();
    await rated(killed, id, 0);
    const job = claim(killed);
    killed.classroom.stopSession(ana, id);
    killed.classroom.keepProgress(ana, id, true);
    void killed.classroom.close();
    killed.store.jobs.abandon(job.id, 'worker');
    const world = killed.restart();
    world.classroom.resumeAll();
    expect(world.classroom.session(id)).toMatchObject({ phase: 'ended', outcome: { kept: true } });
  });

  test('with an answer on its way: the answer still comes', async () => {
    const brain = heldBrain(shared.brain);
    const { world: killed, id } = opened(createWorld(shared, { brain }));
    killed.classroom.say(ana, id, { text: 'wait for me' }).catch(killedMeanwhile);
    await settled(killed, id, 'answering');
    killed.classroom.stopSession(ana, id);
    const world = createAfterKill(killed);
    world.classroom.resumeAll();
    const [turn] = world.classroom.recentTurns(CLASS_ID);
    for (let tries = 0; tries < 500 && world.classroom.turn(turn!.id).state !== 'answered'; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(world.classroom.turn(turn!.id)).toMatchObject({ state: 'answered', text: 'wait for me' });
    expect(world.classroom.session(id).phase).toBe('stopping');
    brain.release();
  });
});

test('ended: it stays so, and can be taken up again', async () => {
  const { world: killed, id } = opened();
  await rated(killed, id, 1);
  killed.classroom.stopSession(ana, id);
  killed.classroom.keepProgress(ana, id, true);
  const world = killed.restart();
  world.classroom.resumeAll();
  expect(world.classroom.openSession(CLASS_ID)).toBeNull();
  expect(world.classroom.resumeSession(ana, PLACE)).toMatchObject({ id, phase: 'ready', iteration: 2 });
});

test('every event of the outbox is written once, however often the bot is killed', async () => {
  let { world, id } = opened();
  const again = () => {
    world = world.restart();
    world.classroom.resumeAll();
    world.classroom.resumeAll();
  };
  again();
  const turn = await world.classroom.say(ana, id, { text: 'hello' });
  again();
  await world.classroom.rate(ana, turn.id, 0);
  again();
  trainByHand(world, shared.brain);
  again();
  world.advance(5_000);
  again();
  world.classroom.stopSession(rosa, id);
  again();
  world.classroom.keepProgress(rosa, id, true);
  again();
  expect(world.kinds()).toEqual([
    ...['session_started', 'turn_answering', 'turn_answered', 'rated', 'job_queued', 'job_finished'],
    ...['countdown_started', 'turn_open', 'countdown_stopped', 'iteration_closed', 'session_ended'],
  ]);
});

describe('a brain that fails', () => {
  test('is said in the turn, whose words are kept; the next turn may be spoken', async () => {
    const reason = new UserError('weights_damaged', { path: 'x' });
    const { world, id } = opened(createWorld(shared, { brain: brokenBrain(shared.brain, reason) }));
    const turn = await world.classroom.say(ana, id, { text: 'precious words' });
    expect(turn).toMatchObject({
      ...{ state: 'failed', text: 'precious words', reply: null },
      error: { identifier: 'weights_damaged', context: { path: 'x' } },
    });
    expect(world.kinds()).toEqual(['session_started', 'turn_answering', 'turn_failed', 'turn_open']);
    expect(await refused(() => world.classroom.rate(ana, turn.id, 1))).toBe('turn_unanswered');
    const well = createAfterKill(world);
    expect(await well.classroom.say(ana, id, { text: 'again' })).toMatchObject({ state: 'answered', number: 2 });
  });

  test('by a bug says that it stumbled, not how', async () => {
    const { world, id } = opened(createWorld(shared, { brain: brokenBrain(shared.brain, new Error('secret detail')) }));
    const turn = await world.classroom.say(ana, id, { text: 'hello' });
    expect(turn.error).toEqual({ identifier: 'brain_stumbled', context: {} });
  });

  test('that cannot even be opened is said the same way', async () => {
    const brain = Promise.reject(new UserError('model_weights_missing', { folder: 'x' }));
    const { world, id } = opened(createWorld(shared, { brain }));
    const turn = await world.classroom.say(ana, id, { text: 'hello' });
    expect(turn.error?.identifier).toBe('model_weights_missing');
  });

  test('in another try leaves the reply that was there, to be rated', async () => {
    const { world: killed, id } = opened();
    const turn = await killed.classroom.say(ana, id, { text: 'hello' });
    void killed.classroom.close();
    killed.store.close();
    const broken = brokenBrain(shared.brain, new Error('no'));
    const world = createWorld(shared, { folder: killed.folder, start: killed.clock.now, brain: broken });
    const again = await world.classroom.anotherTry(ana, turn.id);
    expect(again).toMatchObject({ state: 'answered', reply: turn.reply, awaitsRating: true });
    expect(await world.classroom.rate(ana, turn.id, 1)).toMatchObject({ decided: true });
  });
});

test('a training that ends while the disk is full is taken over when there is room', async () => {
  const { world, id } = opened();
  world.classroom.consent(ana, true);
  const turn = await world.classroom.say(ana, id, { text: 'hello' });
  await world.classroom.rate(ana, turn.id, 0);
  const { save } = world.store.sessions;
  let full = true;
  world.store.sessions.save = (...call) => {
    if (full) throw new UserError('disk_full', { path: 'x' });
    return save(...call);
  };
  // It comes from another process: an error would end the bot.
  trainByHand(world, shared.brain);
  expect(world.classroom.session(id).phase).toBe('training');
  full = false;
  world.advance(30_000);
  expect(world.classroom.session(id).phase).toBe('countdown');
  expect(world.classroom.currentVersion(CLASS_ID)).toBe(1);
});

test('what cannot be written (a full disk) is tried again, and nothing is lost', async () => {
  const { world, id } = opened();
  const { saveReply } = world.store.turns;
  let full = true;
  world.store.turns.saveReply = (...call) => {
    if (full) throw new UserError('disk_full', { path: 'x' });
    return saveReply(...call);
  };
  const turn = await world.classroom.say(ana, id, { text: 'hello' });
  expect(turn).toMatchObject({ state: 'answering', text: 'hello' });
  full = false;
  world.advance(30_000);
  await settled(world, id, 'rating');
  expect(world.classroom.turn(turn.id).state).toBe('answered');
});
