/** Somebody asks to be forgotten in the middle of a sitting: their words go at once, and the sitting goes on. */
import { describe, expect, test } from 'vitest';
import type { Brain } from '../../src/brain/index.ts';
import {
  actor,
  ana,
  bia,
  CLASS_ID,
  classicWorld,
  createWorld,
  heldBrain,
  PLACE,
  refused,
  rosa,
  sharedBrain,
  temporaryFolder,
  trainByHand,
  withMembersOf,
} from './fixture.ts';

const shared = sharedBrain();

test('everything kept about a person is theirs to read', async () => {
  const { classroom } = createWorld(shared);
  classroom.consent(ana, true);
  const { id } = classroom.startSession(ana, PLACE);
  await classroom.say(ana, id, { text: 'my own words' });
  const data = JSON.stringify(classroom.exportMyData(ana));
  expect(data).toContain('my own words');
  expect(data).toContain('"granted":true');
  expect(classroom.exportMyData(bia)).toEqual({});
});

test('forgetting somebody never seen says so', () => {
  expect(createWorld(shared).classroom.deleteMyData(bia)).toBeNull();
});

describe('forgotten', () => {
  test('while the brain answers: the answer is dropped, and the floor is open', async () => {
    const brain = heldBrain(shared.brain);
    const world = createWorld(shared, { brain });
    const { classroom } = world;
    const { id } = classroom.startSession(rosa, PLACE);
    const saying = classroom.say(ana, id, { text: 'forget me' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    classroom.deleteMyData(ana);
    expect(classroom.session(id)).toMatchObject({ phase: 'ready', turnId: null });
    brain.release();
    expect(await refused(() => saying)).toBe('turn_gone');
    expect(classroom.recentTurns(CLASS_ID)).toEqual([]);
    expect(await classroom.say(bia, id, { text: 'next' })).toMatchObject({ state: 'answered' });
  });

  test('while the brain answers somebody else: the answer is kept, not the prompt their words were in', async () => {
    const folder = temporaryFolder();
    const before = createWorld(shared, { folder });
    const { id } = before.classroom.startSession(rosa, PLACE);
    const hers = await before.classroom.say(ana, id, { text: 'forget me' });
    await before.classroom.rate(rosa, hers.id, 1);
    await before.close();
    const brain = heldBrain(shared.brain);
    const world = createWorld(shared, { folder, brain });
    const { classroom, store } = world;
    const saying = classroom.say(bia, id, { text: 'remember me' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    classroom.deleteMyData(ana);
    brain.release();
    const turn = await saying;
    expect(turn).toMatchObject({ state: 'answered', text: 'remember me' });
    expect(store.turns.get(turn.id)?.promptIds).toBeNull();
  });

  test('while a rating waits for the brain to load: their words are not measured', async () => {
    const folder = temporaryFolder();
    const before = createWorld(shared, { folder });
    before.classroom.consent(bia, true);
    const { id } = before.classroom.startSession(rosa, PLACE);
    const hers = await before.classroom.say(ana, id, { text: 'forget me' });
    await before.classroom.rate(rosa, hers.id, 1);
    const turn = await before.classroom.say(bia, id, { text: 'remember me' });
    await before.close();
    const brain = Promise.withResolvers<Brain>();
    const { classroom, store } = createWorld(shared, { folder, brain: brain.promise });
    const rating = classroom.rate(rosa, turn.id, 0);
    classroom.deleteMyData(ana);
    brain.resolve(shared.brain);
    await rating;
    const [job] = store.jobs.list();
    expect(job!.payload.probe.promptIds).toEqual(await shared.brain.promptIds([], 'remember me', turn.choices));
  });

  test('while the prompt that a rating measures is laid out anew: it is laid out once more, without them', async () => {
    const zoe = actor('zoe');
    const brain = withMembersOf(shared.brain);
    const { classroom, store } = classicWorld(shared, { brain });
    classroom.consent(bia, true);
    const { id } = classroom.startSession(rosa, PLACE);
    for (const person of [zoe, ana]) {
      const turn = await classroom.say(person, id, { text: 'forget me' });
      await classroom.rate(rosa, turn.id, 1);
    }
    const turn = await classroom.say(bia, id, { text: 'remember me' });
    classroom.deleteMyData(zoe);
    expect(store.turns.get(turn.id)?.promptIds).toBeNull();

    let layouts = 0;
    brain.promptIds = async (...parts) => {
      layouts += 1;
      const ids = await shared.brain.promptIds(...parts);
      if (layouts === 1) classroom.deleteMyData(ana);
      return ids;
    };
    await classroom.rate(rosa, turn.id, 0);
    expect(layouts).toBe(2);
    const [job] = store.jobs.list();
    expect(job!.payload.probe.promptIds).toEqual(await shared.brain.promptIds([], 'remember me', turn.choices));
  });

  test('before the rating: there is nothing left to rate', async () => {
    const { classroom } = createWorld(shared);
    const { id } = classroom.startSession(rosa, PLACE);
    const turn = await classroom.say(ana, id, { text: 'forget me' });
    classroom.deleteMyData(ana);
    expect(await refused(() => classroom.rate(bia, turn.id, 0))).toBe('turn_gone');
    expect(classroom.session(id).phase).toBe('ready');
  });

  test('while their words wait to train: the job is stopped, and people are asked how to go on', async () => {
    const world = createWorld(shared);
    const { classroom } = world;
    classroom.consent(ana, true);
    const { id } = classroom.startSession(rosa, PLACE);
    const turn = await classroom.say(ana, id, { text: 'forget me' });
    await classroom.rate(bia, turn.id, 0);
    expect(classroom.deleteMyData(ana)?.stoppedJobs).toHaveLength(1);
    expect(classroom.session(id).phase).toBe('failed');
    expect(await refused(() => classroom.retryJob(rosa, id))).toBe('job_words_withdrawn');
    expect(classroom.skipJob(rosa, id).phase).toBe('countdown');
  });

  test('after a training: the version is marked, and their words are in no later text', async () => {
    const world = classicWorld(shared);
    const { classroom } = world;
    for (const person of [ana, bia]) classroom.consent(person, true);
    const { id } = classroom.startSession(rosa, PLACE);
    const first = await classroom.say(ana, id, { text: 'forget me' });
    await classroom.rate(bia, first.id, 0);
    trainByHand(world, shared.brain);
    world.advance(5_000);
    const second = await classroom.say(bia, id, { text: 'remember me' });
    classroom.deleteMyData(ana);
    expect(classroom.brains(CLASS_ID)[1]).toMatchObject({ number: 1, forgottenMembers: 1, current: true });
    // The stored prompt held the forgotten words, so it is gone; the one measured is made from what is left.
    await classroom.rate(rosa, second.id, 0);
    const [job] = world.store.jobs.list();
    expect(job!.payload.trainingText).toMatch(/^remember me/);
    const choices = second.choices;
    expect(job!.payload.probe.promptIds).toEqual(await shared.brain.promptIds([], 'remember me', choices));
  });

  test('by whoever opened the sitting: it goes on, and a teacher may stop it', async () => {
    const { classroom } = createWorld(shared);
    const { id } = classroom.startSession(ana, PLACE);
    classroom.deleteMyData(ana);
    expect(classroom.session(id)).toMatchObject({ phase: 'ready', startedBy: null });
    expect(await refused(() => classroom.stopSession(bia, id))).toBe('stop_not_yours');
    expect(classroom.stopSession(rosa, id).phase).toBe('stopping');
  });
});
