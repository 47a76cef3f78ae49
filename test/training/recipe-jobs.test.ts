/** Jobs of the recipes other than classic, as the worker runs them: same job same bytes, killed or not. */
import { describe, expect, test } from 'vitest';
import type { JobMaterial, JobPayload } from '../../src/store/index.ts';
import { FAMILIES, type Family, type House, house } from './fixtures.ts';

const ids = (text: string) => [...Buffer.from(text), 256];
const prompt = ids('hello');
const [good, bad] = [ids('rain'), ids('what')];

const MATERIALS: Record<string, { recipe: JobPayload['recipe']; material: JobMaterial }> = {
  guided: {
    recipe: 'guided',
    material: {
      kind: 'replies',
      replies: [
        { promptIds: prompt, replyIds: good, weight: 1 },
        { promptIds: prompt, replyIds: bad, weight: -0.8 },
        { promptIds: ids('yes'), replyIds: ids('no'), weight: 0.7 },
      ],
    },
  },
  'guided on its leash': {
    recipe: 'guided',
    material: {
      kind: 'replies',
      beta: 0.1,
      replies: [
        { promptIds: prompt, replyIds: good, weight: 1 },
        { promptIds: prompt, replyIds: bad, weight: -1 },
      ],
    },
  },
  preference: {
    recipe: 'preference',
    material: {
      kind: 'preferences',
      beta: 0.1,
      preferences: [
        { promptIds: prompt, chosenIds: good, rejectedIds: bad },
        { promptIds: ids('yes'), rejectedIds: ids('no') },
      ],
    },
  },
  'reward by rating': {
    recipe: 'reward',
    material: {
      kind: 'ratings',
      replies: [
        { promptIds: prompt, replyIds: bad, reward: 0.1 },
        { promptIds: ids('yes'), replyIds: good, reward: 0.9 },
      ],
      baseline: 0.6,
      beta: 0.05,
    },
  },
  'reward of drawn replies': {
    recipe: 'reward',
    material: {
      kind: 'drawn',
      tasks: [{ promptIds: prompt, target: 'a b c' }],
      ...{ maxScore: 25, halfReward: null, maxNewTokens: 6, beta: 0.05 },
    },
  },
};

/** The same steps for every recipe, whatever its number of samples; enough to be met in the middle of them. */
const LONG = { learningRate: 2e-3, maxSteps: 40 };

describe.each(Object.entries(MATERIALS))('%s', (_, payload) => {
  test('makes a version of its own name, and measures both replies', async () => {
    const { store, enqueue, run } = house();
    const probe = {
      ...{ promptIds: prompt, replyIds: bad, correctionIds: good },
      generation: { maxNewTokens: 5, temperature: 0.7, topK: 50, topP: 0.9, repetitionPenalty: 1.2, seed: 3 },
    };
    const jobId = enqueue({ ...payload, trainingText: '', args: { learningRate: 5e-3, maxSteps: 8 }, probe });
    const job = await run();
    expect(job).toMatchObject({ id: jobId, state: 'finished', error: null });
    expect(store.versions.get(job.versionId!)).toMatchObject({ method: 'lora', note: payload.recipe });
    const push = Object(job.push);
    expect(push.replyLogprobAfter).not.toBe(push.replyLogprobBefore);
    if (payload.recipe !== 'reward')
      expect(push).toMatchObject({ replyVerdict: 'pushed_away', correctionVerdict: 'pulled_closer' });
    const metrics = store.jobSteps.of(jobId).map((step) => step.metrics);
    const names = { guided: null, preference: 'rewards/rejected', reward: 'kl', classic: null }[payload.recipe];
    expect(metrics.every((one) => (names === null ? one === null : Number.isFinite(one?.[names])))).toBe(true);
  });
});

const EVERY_RECIPE = {
  classic: { recipe: 'classic', trainingText: 'hello rain hello what hello rain' },
  ...MATERIALS,
} as const;
const everywhere = (Object.keys(FAMILIES) as Family[]).flatMap((family) =>
  Object.entries(EVERY_RECIPE).map(([name, payload]) => ({ family, name, payload })),
);

describe.each(everywhere)('$name on a $family', ({ family, payload }) => {
  test('twice, and killed twice on the way: the same bytes and the same log', async () => {
    const rooms = house(family);
    const { store, enqueue, run, supervise, ended, adapterOf } = rooms;
    const job = { ...payload, trainingText: 'trainingText' in payload ? payload.trainingText : '', args: LONG };
    const [calm, again] = [enqueue(job), enqueue(job)];
    await run();
    await run();
    const killed = enqueue(job);
    const due = [7, 22];
    const supervisor = supervise({
      onChange(jobId) {
        const pid = supervisor.workerPid();
        const reached = store.jobSteps.of(jobId).at(-1)?.step ?? 0;
        if (pid === null || due[0] === undefined || reached < due[0]) return;
        due.shift();
        process.kill(pid, 'SIGKILL');
      },
    });
    expect(await ended(killed)).toMatchObject({ state: 'finished', attempts: 3 });
    expect(due).toEqual([]);
    expect(adapterOf(again).equals(adapterOf(calm))).toBe(true);
    expect(adapterOf(killed).equals(adapterOf(calm))).toBe(true);
    expect(logOf(rooms, killed)).toEqual(logOf(rooms, calm));
    // Another seed is another adapter: the bytes are not the same for want of training.
    const other = enqueue({ ...job, seed: 8 });
    await ended(other);
    expect(adapterOf(other).equals(adapterOf(calm))).toBe(false);
  });
});

test.each(['guided', 'preference'])('%s trains all weights, too', async (name) => {
  const { enqueue, run } = house();
  enqueue({ ...MATERIALS[name]!, method: 'full', trainingText: '', args: { learningRate: 1e-3, maxSteps: 6 } });
  const job = await run();
  expect(job).toMatchObject({ state: 'finished', push: { replyVerdict: 'pushed_away' } });
});

test('a job goes on from a version, and its preference is measured from there', async () => {
  const { store, enqueue, run } = house();
  const job = { ...MATERIALS.preference!, trainingText: '', args: { learningRate: 5e-3, maxSteps: 8, shuffle: false } };
  enqueue(job);
  const { versionId } = await run();
  const second = enqueue(job, versionId);
  await run();
  // The reference is the version it starts from: nothing is preferred to it yet.
  expect(store.jobSteps.of(second)[0]?.metrics).toMatchObject({ 'rewards/chosen': 0, 'rewards/margins': 0 });
});

test('nothing to learn is said in words', async () => {
  const { enqueue, run } = house();
  enqueue({ recipe: 'guided', trainingText: '', material: { kind: 'replies', replies: [] } });
  expect(await run()).toMatchObject({ state: 'failed', error: { identifier: 'training_rows_empty' } });
});

function logOf({ store }: House, jobId: string) {
  return store.jobSteps.of(jobId).map(({ step, loss, gradNorm, metrics }) => [step, loss, gradNorm, metrics]);
}
