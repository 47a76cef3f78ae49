/** The whole loop with a real worker: a low rating changes the weights, and the same words are answered by the new brain. */
import { existsSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { pushWords } from '../../src/classroom/index.ts';
import { summaryMessage } from '../../src/discord/messages/training.ts';
import { loadVersion, startSupervisor } from '../../src/training/index.ts';
import { until } from '../training/fixtures.ts';
import { ana, bia, CLASS_ID, createWorld, PLACE, rosa, sharedBrain } from './fixture.ts';

const shared = sharedBrain();

function taught(changes: Record<string, unknown> = {}) {
  let wake = () => {};
  const world = createWorld(shared, { wakeTraining: () => wake() });
  const { classroom, store, folder } = world;
  const supervisor = startSupervisor({
    ...{ store, dataFolder: folder, threads: 1, lookMs: 50 },
    onChange: (jobId) => classroom.jobChanged(jobId),
    logger: { info: () => {}, warn: () => {}, error: () => {} },
  });
  onTestFinished(() => supervisor.stop());
  wake = () => supervisor.wake();
  classroom.consent(ana, true);
  classroom.configure(rosa, CLASS_ID, { maxNewTokens: 8, ...changes });
  return { world, classroom, id: classroom.startSession(ana, PLACE).id };
}

test.each(['lora', 'full'] as const)(
  '%s: rated low, trained, measured, and answered by the new version',
  async (method) => {
    const { world, classroom, id } = taught({ recipe: 'classic', method, learningRate: 1e-3 });
    const turn = await classroom.say(ana, id, { text: 'hello' });
    classroom.correct(bia, turn.id, 'good day');
    await classroom.rate(ana, turn.id, 0);
    await until(() => classroom.session(id).phase === 'countdown');

    const [row] = world.store.jobs.bySession(id);
    const job = classroom.job(row!.id);
    expect(job).toMatchObject({
      state: 'finished',
      versionNumber: 1,
      method,
      summary: { steps: 3, stoppedEarly: false },
    });
    expect(job.steps.map((step) => step.learningRate)).toEqual([
      expect.closeTo(1e-3, 12),
      expect.closeTo(2e-3 / 3, 12),
      expect.closeTo(1e-3 / 3, 12),
    ]);
    // Trained on nothing but the words and this reply, the classic recipe pushes the wrong way; and says so.
    expect(job.verdict).toMatchObject({ wrongWay: true, reply: { change: 'more' } });
    expect(job.verdict!.correction).not.toBeNull();
    expect(pushWords('en', job.verdict!)).toContain('Careful: the classic recipe');
    expect(job.before).toBe(turn.reply);
    expect(job.chartFile === null || existsSync(job.chartFile)).toBe(true);

    world.advance(5_000);
    const next = await classroom.say(ana, id, { text: 'hello' });
    expect(next).toMatchObject({ versionNumber: 1, state: 'answered' });
    const again = await classroom.compare(ana, 0, 1, 'hello');
    expect(again.answers).toHaveLength(2);
  },
);

test.each([
  ['guided', 'one reply to learn · one to avoid', null],
  ['preference', 'one comparison', 'Margin: 0.00 → '],
] as const)(
  '%s: the reply falls, the better answer rises, and the summary says what the recipe measured',
  async (recipe, learns, measured) => {
    const { world, classroom, id } = taught({ recipe, learningRate: 5e-3, epochs: 8 });
    classroom.consent(bia, true);
    const turn = await classroom.say(ana, id, { text: 'hello' });
    classroom.correct(bia, turn.id, 'good day');
    await classroom.rate(ana, turn.id, 0);
    await until(() => classroom.session(id).phase === 'countdown');

    const [row] = world.store.jobs.bySession(id);
    const job = classroom.job(row!.id);
    expect(job).toMatchObject({ state: 'finished', versionNumber: 1, learning: { recipe } });
    expect(job.verdict).toMatchObject({ wrongWay: false, reply: { change: 'less' }, correction: { change: 'more' } });
    const message = JSON.stringify(summaryMessage(job, 'en', null));
    expect(message).toContain(learns);
    expect(message).not.toContain('classic');
    if (measured !== null) expect(message).toContain(measured);
  },
);

test.each([
  ['the first try', 1],
  ['the second, the one rated low', 2],
] as const)('preference: two try twice, choose %s, and it gains on the other', async (_, number) => {
  const { world, classroom, id } = taught({ recipe: 'preference', learningRate: 5e-3, epochs: 8 });
  classroom.consent(bia, true);
  const turn = await classroom.say(ana, id, { text: 'hello' });
  await classroom.anotherTry(bia, turn.id);
  for (const person of [ana, bia]) classroom.preferTry(person, turn.id, number);
  await classroom.rate(ana, turn.id, 0.1);
  await until(() => classroom.session(id).phase === 'countdown');

  const { versionId, payload, id: jobId } = world.store.jobs.bySession(id)[0]!;
  const now = world.store.turns.get(turn.id)!;
  const tries = [world.store.tries.ofTurn(turn.id)[0]!.outputIds, now.outputIds!];
  const [chosen, rejected] = number === 1 ? tries : tries.toReversed();
  expect(payload.material).toMatchObject({ preferences: [{ chosenIds: chosen, rejectedIds: rejected }] });
  const likelihood = async (replyIds: number[], version = {}) => {
    const each = await shared.brain.logprobs([...now.promptIds!, ...replyIds], version);
    return each.slice(-replyIds.length).reduce((sum, one) => sum + one, 0);
  };
  const trained = loadVersion(world.store, versionId!);
  const rise = async (ids: number[]) => (await likelihood(ids, trained)) - (await likelihood(ids));
  expect(await rise(chosen!)).toBeGreaterThan(await rise(rejected!));
  const job = classroom.job(jobId);
  expect(job.learning.margin!.last).toBeGreaterThan(0);
  expect(job.verdict).toMatchObject({ preferred: number === 2, wrongWay: false });
  const words = JSON.stringify(summaryMessage(job, 'en', null));
  expect(words.includes('it is the one people preferred')).toBe(number === 2);
  expect(words).not.toContain('nothing to prefer');
});

test.each([true, false])('guided says so where there is no better answer to learn: written %s', async (written) => {
  const { world, classroom, id } = taught({ epochs: 2 });
  const turn = await classroom.say(ana, id, { text: 'hello' });
  if (written) classroom.correct(ana, turn.id, 'good day');
  await classroom.rate(ana, turn.id, 0.1);
  await until(() => classroom.session(id).phase === 'countdown');
  const job = classroom.job(world.store.jobs.bySession(id)[0]!.id);
  expect(job.learning).toMatchObject(
    written ? { learnt: 1, avoided: 1, alone: 0 } : { learnt: 0, avoided: 0, alone: 1 },
  );
  expect(job.verdict).toMatchObject({ wrongWay: false, reply: { change: 'less' } });
  const words = JSON.stringify(summaryMessage(job, 'en', null));
  expect(words.includes('There is no better answer to learn')).toBe(!written);
});

test('reward draws from the weights in training, and says what it earned', async () => {
  const { world, classroom, id } = taught({ recipe: 'reward', rewardSource: 'table', epochs: 5 });
  const turn = await classroom.say(ana, id, { text: 'hello' });
  await classroom.rate(ana, turn.id, 0);
  await until(() => classroom.session(id).phase === 'countdown');
  const [row] = world.store.jobs.bySession(id);
  const job = classroom.job(row!.id);
  expect(job).toMatchObject({ state: 'finished', method: 'lora', learning: { drawn: true } });
  expect(job.steps.map(({ metrics }) => Object.keys(metrics))).toEqual(Array(5).fill(['reward', 'kl']));
  expect(job.learning.reward!.first).toBeGreaterThanOrEqual(-1);
  expect(JSON.stringify(summaryMessage(job, 'pt-BR', null))).toContain('Recompensa média das respostas que ele tentou');
});

test('stopped in the middle with "keep": what was learned so far becomes the version', async () => {
  const { world, classroom, id } = taught({ epochs: 20, learningRate: 1e-3 });
  const turn = await classroom.say(ana, id, { text: 'hello' });
  await classroom.rate(ana, turn.id, 0);
  const [job] = world.store.jobs.bySession(id);
  await until(() => world.store.jobSteps.of(job!.id).length >= 1);
  classroom.stopSession(ana, id);
  classroom.keepProgress(ana, id, true);
  await until(() => classroom.session(id).phase === 'ended');
  expect(classroom.session(id).outcome).toEqual({ reason: 'stopped', kept: true });
  expect(classroom.currentVersion(CLASS_ID)).toBe(1);
});

test('stopped in the middle with "go back": the brain is as it was, whatever the worker was doing', async () => {
  const { world, classroom, id } = taught({ epochs: 20, learningRate: 1e-3 });
  const turn = await classroom.say(ana, id, { text: 'hello' });
  await classroom.rate(ana, turn.id, 0);
  const [job] = world.store.jobs.bySession(id);
  await until(() => world.store.jobSteps.of(job!.id).length >= 1);
  classroom.stopSession(ana, id);
  expect(classroom.keepProgress(ana, id, false)).toMatchObject({ phase: 'ended', versionNumber: 0 });
  expect(['cancelled', 'finished']).toContain(world.store.jobs.get(job!.id)!.state);
});
