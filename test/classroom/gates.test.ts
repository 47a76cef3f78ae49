/** The two gates before a training: the operator's declaration, and each member's consent. */
import { describe, expect, test } from 'vitest';
import { CONSENT_TEXT_VERSION, declarationText } from '../../src/classroom/index.ts';
import { gatherTrainingText, trainingBlock } from '../../src/classroom/training-text.ts';
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
  trainByHand,
} from './fixture.ts';

const shared = sharedBrain();

test('without a declaration, a sitting on Discord does everything but train, and says why', async () => {
  const world = createWorld(shared, { declarationRequired: true });
  const { classroom } = world;
  classroom.consent(ana, true);
  const { id } = classroom.startSession(ana, PLACE);
  const turn = await classroom.say(ana, id, { text: 'hello' });
  expect(turn.scores).not.toBeNull();
  expect(await classroom.rate(ana, turn.id, 0)).toMatchObject({ leadTo: 'training_blocked', blocked: 'declaration' });
  expect(world.store.jobs.bySession(id)).toEqual([]);
  expect(world.store.outbox.last(id, 'training_blocked')?.payload).toEqual({ turnId: turn.id, why: 'declaration' });
  expect(classroom.session(id).phase).toBe('countdown');

  classroom.declare(rosa);
  expect(world.store.classes.get(CLASS_ID)).toMatchObject({
    ...{ declaredAt: world.clock.now, declarationWording: declarationText('en') },
    declaredBy: classroom.member(rosa).id,
  });
  world.advance(5_000);
  const next = await classroom.say(ana, id, { text: 'hello' });
  expect(await classroom.rate(ana, next.id, 0)).toMatchObject({ leadTo: 'training', blocked: null });
});

test('without anybody’s consent nothing trains; the question is put to each speaker once', async () => {
  const world = createWorld(shared);
  const { classroom } = world;
  const { id } = classroom.startSession(ana, PLACE);
  for (const person of [ana, ana, bia]) {
    const turn = await classroom.say(person, id, { text: 'hello' });
    await classroom.rate(person, turn.id, 1);
  }
  const asked = world.store.outbox.pending().filter((row) => row.kind === 'consent_needed');
  expect(asked.map((row) => row.payload)).toEqual(
    [ana, bia].map((person) => ({ memberId: classroom.member(person).id })),
  );
  const turn = await classroom.say(bia, id, { text: 'hello' });
  expect(await classroom.rate(bia, turn.id, 0)).toMatchObject({ leadTo: 'training_blocked', blocked: 'consent' });
});

test('who refused stays out of the text, and so does the reply to them; the others’ words train', async () => {
  const world = classicWorld(shared);
  const { classroom } = world;
  classroom.consent(ana, true);
  classroom.consent(bia, false);
  const { id } = classroom.startSession(ana, PLACE);
  const hers = await classroom.say(ana, id, { text: 'words of ana' });
  await classroom.rate(ana, hers.id, 1);
  const secret = await classroom.say(bia, id, { text: 'secrets of bia' });
  await classroom.rate(bia, secret.id, 0);
  const { payload } = trainByHand(world, shared.brain);
  const reply = world.store.turns.get(hers.id)!.reply!;
  expect(payload.trainingText).toBe(`words of ana ${reply}`.trim());
  expect(payload).toMatchObject({ memberIds: [classroom.member(ana).id], turnIds: [hers.id] });
});

test('consent can be taken back: the newest answer counts from then on', async () => {
  const world = createWorld(shared);
  const { classroom } = world;
  classroom.consent(ana, true);
  const { id } = classroom.startSession(ana, PLACE);
  const turn = await classroom.say(ana, id, { text: 'hello' });
  expect(classroom.consent(ana, false)).toMatchObject({ consent: 'refused' });
  expect(await classroom.rate(ana, turn.id, 0)).toMatchObject({ blocked: 'consent' });
});

test('a guardian’s consent is recorded by the teacher, with the wording’s version', () => {
  const world = createWorld(shared);
  const { classroom } = world;
  const member = classroom.member(bia);
  expect(classroom.guardianConsent(rosa, 'bia', true)).toMatchObject({ id: member.id, consent: 'granted' });
  expect(world.store.consents.history(member.id)).toMatchObject([
    { granted: true, textVersion: CONSENT_TEXT_VERSION, recordedBy: classroom.member(rosa).id },
  ]);
});

test('a no stops the training that has their words, waiting or running, and it cannot be tried again', async () => {
  for (const running of [false, true]) {
    const world = createWorld(shared);
    const { classroom, store } = world;
    for (const person of [ana, bia]) classroom.consent(person, true);
    const { id } = classroom.startSession(rosa, PLACE);
    for (const person of [ana, bia]) {
      const turn = await classroom.say(person, id, { text: `words of ${person.name}` });
      await classroom.rate(rosa, turn.id, person === bia ? 0 : 1);
    }
    const job = running ? claim(world) : store.jobs.list()[0]!;
    classroom.consent(ana, false);
    expect(classroom.session(id).phase).toBe('failed');
    expect(store.jobs.get(job.id)).toMatchObject({ state: 'failed', error: { identifier: 'job_words_withdrawn' } });
    expect(store.jobs.get(job.id)!.payload.trainingText).toBe('');
    expect(store.jobs.claim('another', 1000)).toBeNull();
    expect(await refused(() => classroom.retryJob(rosa, id))).toBe('job_words_withdrawn');
    classroom.skipJob(rosa, id);
    world.advance(5_000);

    // The next one trains on what is left.
    const turn = await classroom.say(bia, id, { text: 'more' });
    await classroom.rate(rosa, turn.id, 0);
    const { payload } = store.jobs.list()[0]!;
    expect(payload.memberIds).toEqual([classroom.member(bia).id]);
    expect(payload.trainingText).not.toContain('words of ana');
  }
});

test('a no also bars a failed training from being tried again; one of others’ words goes on', async () => {
  const world = createWorld(shared);
  const { classroom, store } = world;
  for (const person of [ana, bia]) classroom.consent(person, true);
  const { id } = classroom.startSession(rosa, PLACE);
  const turn = await classroom.say(ana, id, { text: 'hello' });
  await classroom.rate(rosa, turn.id, 0);
  const job = claim(world);
  store.jobs.fail(job.id, 'worker', { identifier: 'disk_full', context: { path: 'x' } });
  classroom.jobChanged(job.id);
  classroom.consent(bia, false);
  expect(store.jobs.get(job.id)).toMatchObject({ wordsWithdrawn: false });
  classroom.consent(ana, false);
  expect(await refused(() => classroom.retryJob(rosa, id))).toBe('job_words_withdrawn');
});

test('a guardian’s no stands over a child’s yes, and a child’s no over a guardian’s yes', () => {
  const { classroom } = createWorld(shared);
  classroom.member(bia);
  expect(classroom.guardianConsent(rosa, 'bia', false).consent).toBe('refused');
  expect(classroom.consent(bia, true).consent).toBe('refused');
  expect(classroom.guardianConsent(rosa, 'bia', true).consent).toBe('granted');
  expect(classroom.consent(bia, false).consent).toBe('refused');
  expect(classroom.guardianConsent(rosa, 'bia', true).consent).toBe('refused');
  expect(classroom.consent(bia, true).consent).toBe('granted');
});

describe('the training text', () => {
  const turns = [
    { id: '1', memberId: 'ana', text: 'hi', reply: 'hello' },
    { id: '2', memberId: 'bia', text: 'no', reply: 'why' },
    { id: '3', memberId: 'ana', text: 'and?', reply: '' },
    { id: '4', memberId: 'ana', text: 'waiting', reply: null },
  ];

  test('joins utterance and reply in order with single spaces; an unanswered turn waits its turn', () => {
    const everybody = gatherTrainingText(turns, () => true);
    expect(everybody).toEqual({ text: 'hi hello no why and?', memberIds: ['ana', 'bia'], turnIds: ['1', '2', '3'] });
  });

  test('holds nothing of those who have not agreed', () => {
    const some = gatherTrainingText(turns, (memberId) => memberId === 'ana');
    expect(some).toEqual({ text: 'hi hello and?', memberIds: ['ana'], turnIds: ['1', '3'] });
  });

  test.each([
    [{ declarationRequired: true, declared: false, answeredTurns: 1, usableTurns: 1 }, 'declaration'],
    [{ declarationRequired: true, declared: true, answeredTurns: 1, usableTurns: 1 }, null],
    [{ declarationRequired: false, declared: false, answeredTurns: 1, usableTurns: 1 }, null],
    [{ declarationRequired: true, declared: false, answeredTurns: 1, usableTurns: 0 }, 'declaration'],
    [{ declarationRequired: false, declared: false, answeredTurns: 2, usableTurns: 0 }, 'consent'],
    [{ declarationRequired: false, declared: false, answeredTurns: 0, usableTurns: 0 }, 'nothing'],
  ] as const)('%j is blocked by %s', (facts, block) => {
    expect(trainingBlock({ ...facts, judgementMissing: false })).toBe(block);
    // A judgement that may not be used matters only where all else may.
    expect(trainingBlock({ ...facts, judgementMissing: true })).toBe(block ?? 'judgement');
  });
});
