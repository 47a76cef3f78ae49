/**
 * What each objective asks of the model, against arithmetic done by hand: losses from log-probabilities, gradients by finite
 * differences over the adapter's own numbers.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultLora, openTrainable, randomWeights, type Trainable } from '../../src/engine/index.ts';
import { guided, trainedPart } from '../../src/training/guided.ts';
import { AnchorLeash } from '../../src/training/leash.ts';
import { measureRows, type Objective, type Row, replyRow } from '../../src/training/objective.ts';
import { preference } from '../../src/training/preference.ts';
import { pushAway } from '../../src/training/push-away.ts';
import { drawnRewards, loggedRewards } from '../../src/training/reward.ts';
import { trainFor } from '../../src/training/trainer.ts';
import '../engine/allclose.ts';
import { createConfig } from '../engine/tiny.ts';

// Spread-out weights, so that probabilities differ.
const config = createConfig({ initializer_range: 0.5 });
const lora = defaultLora(config, 4, 8);
const MAX_LENGTH = 24;

async function open(): Promise<Trainable> {
  const trainable = await openTrainable(config, randomWeights(config, 3), { method: 'lora', lora, seed: 5 });
  // A fresh adapter has B zero, and so no gradient for A.
  for (const [name, { data }] of trainable.trainedTensors())
    if (name.includes('lora_B')) for (let i = 0; i < data.length; i++) data[i] = 0.1 * Math.sin(i + name.length);
  return trainable;
}

const prompt = [1, 2, 3];
const [good, bad] = [
  [5, 6, 7, 0],
  [9, 8, 0],
];

async function logpOf(trainable: Trainable, replyIds: number[], promptIds = prompt): Promise<number> {
  const { logps } = await measureRows(trainable, [replyRow({ promptIds, replyIds }, MAX_LENGTH)]);
  return logps[0]!;
}

/** Σ over the step's samples, each its own micro-batch or all in one. */
async function lossOf(objective: Objective, trainable: Trainable, step = 0): Promise<number> {
  const all = Array.from({ length: objective.samples }, (_, number) => number);
  const { loss } = await objective.gather(trainable, [all], step);
  // Throws the gathered gradient away.
  await trainable.optimizerStep(0, 0);
  return loss;
}

/** The gradient as AdamW's first moment holds it after one step from zero moments (a tenth of it), of a few numbers. */
async function gradientOf(objective: Objective, trainable: Trainable): Promise<(name: string, at: number) => number> {
  const all = Array.from({ length: objective.samples }, (_, number) => number);
  const state = trainable.exportState();
  for (const [name, { data }] of state) if (name.startsWith('exp_avg')) data.fill(0 as never);
  trainable.importState(state);
  await objective.gather(trainable, [all], 0);
  await trainable.optimizerStep(0, 0);
  return (name, at) => 10 * Number(trainable.exportState().get(`exp_avg.${name}`)!.data[at]);
}

/** By central differences of the loss, for some of the adapter's numbers. */
async function expectGradient(objective: Objective, trainable: Trainable): Promise<void> {
  const epsilon = 1e-2;
  const compared: { name: string; at: number; wanted: number }[] = [];
  for (const [name, { data }] of trainable.trainedTensors()) {
    if (!/h\.1.*c_proj\.lora_B|h\.0.*c_attn\.lora_A/.test(name)) continue;
    for (const at of [0, 3]) {
      const kept = Number(data[at]);
      data[at] = kept + epsilon;
      const up = await lossOf(objective, trainable);
      data[at] = kept - epsilon;
      const down = await lossOf(objective, trainable);
      data[at] = kept;
      compared.push({ name, at, wanted: (up - down) / (2 * epsilon) });
    }
  }
  const gradient = await gradientOf(objective, trainable);
  const wanted = compared.map((one) => one.wanted);
  expect(Math.max(...wanted.map(Math.abs))).toBeGreaterThan(1e-2);
  // Central differences with steps of 0.01 are this exact, no more.
  expect(compared.map(({ name, at }) => gradient(name, at))).toBeAllclose(wanted, { relTol: 2e-2, absTol: 2e-3 });
}

describe('guided', () => {
  test('is the weighted mean of −ln p and of the bounded push over the reply tokens', async () => {
    const trainable = await open();
    const exchanges = [
      { promptIds: prompt, replyIds: good, weight: 0.8 },
      { promptIds: prompt, replyIds: bad, weight: -0.5 },
    ];
    const objective = guided(exchanges, MAX_LENGTH);
    await objective.begin?.(trainable);
    const wanted = (0.8 * -(await logpOf(trainable, good)) + 0.5 * 20 * Math.log(2)) / (good.length + bad.length);
    expect(await lossOf(objective, trainable)).toBeCloseTo(wanted, 5);
    await expectGradient(objective, trainable);
    await trainable.dispose();
  });

  test('at the start, learning and unlearning the same reply by the same weight cancel', async () => {
    const trainable = await open();
    const objective = guided(
      [1, -1].map((weight) => ({ promptIds: prompt, replyIds: good, weight })),
      MAX_LENGTH,
    );
    await objective.begin?.(trainable);
    await objective.gather(trainable, [[0, 1]], 0);
    expect(await trainable.clipGradNorm(1)).toBeLessThan(1e-5);
    await trainable.dispose();
  });

  test('pushing away is bounded: never below 0, from the slope of the supervised loss down to none', () => {
    for (const beta of [0.05, 0.1, 1])
      for (const change of [-1000, -40, -3, -0.1, 0, 0.1, 5, 40]) {
        const { loss, slope } = pushAway(change, beta);
        expect(loss).toBeGreaterThanOrEqual(0);
        expect(slope).toBeLessThanOrEqual(0);
        expect(slope).toBeGreaterThanOrEqual(-2);
        // By −ln p: a token less likely is a smaller Δ.
        const [up, down] = [pushAway(change - 1e-4, beta).loss, pushAway(change + 1e-4, beta).loss];
        expect((up - down) / 2e-4).toBeCloseTo(slope, 4);
      }
    expect(pushAway(0, 0.1).slope).toBe(-1);
    expect(Math.abs(pushAway(-100, 0.1).slope)).toBeLessThan(1e-3);
  });
});

describe('the leash of guided', () => {
  const anchors = [
    { promptIds: [4, 4], replyIds: [7, 2, 0] },
    { promptIds: [8], replyIds: [3, 3, 6, 1, 0] },
  ];
  const taught = [{ promptIds: prompt, replyIds: [5, 6, 7, 2, 9, 0] }];
  const rows = {
    kept: anchors.map((one) => replyRow(one, MAX_LENGTH)),
    // Its first four tokens, behind prompts it does not answer.
    apart: anchors.map(({ promptIds }) => replyRow({ promptIds, replyIds: [5, 6, 7, 2] }, MAX_LENGTH)),
  };

  function leashed(strength: number): Objective {
    const leash = new AnchorLeash({ strength, anchorsAStep: 8, anchors: async () => anchors }, taught, MAX_LENGTH);
    return {
      samples: 1,
      begin: (trainable) => leash.begin(trainable),
      gather: async (trainable, _, step) => ({ loss: await leash.gather(trainable, step) }),
    };
  }

  /** −ln p of the rows' learnt tokens. */
  async function nllsOf(trainable: Trainable, some: readonly Row[]): Promise<number[]> {
    const nlls: number[] = [];
    for (const row of some) {
      const { tokenNll } = await measureRows(trainable, [row]);
      nlls.push(...tokenNll.subarray(row.labels.findIndex((label) => label >= 0)));
    }
    return nlls;
  }

  test('holds the base’s view of other replies, and a taught answer back from other prompts, as its formula says', async () => {
    const trainable = await open();
    const base = await openTrainable(config, randomWeights(config, 3), { method: 'lora', lora, seed: 5 });
    const objective = leashed(3);
    await objective.begin?.(trainable);
    const losses = async (some: readonly Row[], highest: number) => {
      const before = await nllsOf(base, some);
      const now = await nllsOf(trainable, some);
      const all = now.map((nll, at) => Math.min(highest, Math.max(-2, nll - before[at]!)));
      expect(all.some((d) => d < 0)).toBe(true);
      return all.reduce((sum, d) => sum + Math.exp(-d) + d - 1, 0) / all.length;
    };
    const wanted = 3 * ((await losses(rows.kept, Number.POSITIVE_INFINITY)) + (await losses(rows.apart, 0)));
    expect(wanted).toBeGreaterThan(0);
    expect(await lossOf(objective, trainable)).toBeCloseTo(wanted, 4);
    await expectGradient(objective, trainable);
    await Promise.all([trainable.dispose(), base.dispose()]);
  });

  test('does not pull where nothing has changed', async () => {
    const trainable = await openTrainable(config, randomWeights(config, 3), { method: 'lora', lora, seed: 5 });
    const objective = leashed(3);
    await objective.begin?.(trainable);
    expect((await objective.gather(trainable, [[0]], 0)).loss).toBeCloseTo(0, 6);
    expect(await trainable.clipGradNorm(1)).toBeLessThan(1e-4);
    await trainable.dispose();
  });

  test('looking at the base leaves the adapter as it was', async () => {
    const trainable = await open();
    const bytes = () => [...trainable.trainedTensors().values()].map(({ data }) => [...data]);
    const before = bytes();
    await leashed(3).begin?.(trainable);
    expect(bytes()).toEqual(before);
    await trainable.dispose();
  });

  test('pushes what a better answer replaces by a fifth of its pull at most, what nothing replaces in full', async () => {
    const trainable = await open();
    const leash = { strength: 0, anchorsAStep: 8, anchors: async () => anchors };
    const pushed = { promptIds: prompt, replyIds: bad, weight: -1 };
    const long = { promptIds: prompt, replyIds: [9, 8, 9, 8, 9, 8, 9, 0], weight: -1 };
    const better = { promptIds: prompt, replyIds: good, weight: 1 };
    const objectives = [[pushed], [better, pushed], [better, long]].map((some) => guided(some, MAX_LENGTH, leash));
    for (const objective of objectives) await objective.begin?.(trainable);
    const [alone, replaced, longer] = objectives as [Objective, Objective, Objective];
    const full = 20 * Math.log(2);
    expect(await lossOf(alone, trainable)).toBeCloseTo(full / bad.length, 5);
    const learnt = -(await logpOf(trainable, good));
    expect(await lossOf(replaced, trainable)).toBeCloseTo((learnt + 0.2 * full) / (good.length + 0.2 * bad.length), 5);
    // Twice as long as its answer: each of its tokens half as much.
    expect(await lossOf(longer, trainable)).toBeCloseTo((learnt + 0.1 * full) / (good.length + 0.1 * 8), 5);
    await trainable.dispose();
  });

  test('a reply to unlearn is read as far as its first 32 tokens, one to learn to its end', () => {
    const ids = fc.array(fc.nat(30), { maxLength: 120 });
    fc.assert(
      fc.property(ids, ids, fc.double({ min: -1, max: 1, noNaN: true }), (promptIds, replyIds, weight) => {
        const { replyIds: read, ...rest } = trainedPart({ promptIds, replyIds, weight });
        expect(rest).toEqual({ promptIds, weight });
        expect(read).toEqual(weight < 0 ? replyIds.slice(0, 32) : replyIds);
      }),
    );
  });

  test('looks at its anchors in turn, so many a step', async () => {
    const trainable = await open();
    const objective = new AnchorLeash(
      { strength: 3, anchorsAStep: 1, anchors: async () => anchors },
      taught,
      MAX_LENGTH,
    );
    await objective.begin(trainable);
    const losses: number[] = [];
    for (const step of [0, 1, 2, 3]) {
      losses.push(await objective.gather(trainable, step));
      await trainable.optimizerStep(0, 0);
    }
    expect(losses.slice(2)).toEqual(losses.slice(0, 2));
    expect(losses[0]).not.toBeCloseTo(losses[1]!, 3);
    await trainable.dispose();
  });

  test('leaves a reply alone that is known well enough', async () => {
    const trainable = await open();
    const leash = { strength: 0, anchorsAStep: 8, anchors: async () => [] };
    const objective = guided([{ promptIds: prompt, replyIds: good, weight: 1 }], MAX_LENGTH, leash);
    const { log } = await trainFor(trainable, objective, { learningRate: 2e-2, maxSteps: 80 });
    expect(log[0]!.gradNorm).toBeGreaterThan(0.1);
    expect(log.at(-1)!.gradNorm).toBe(0);
    for (const nll of await nllsOf(trainable, [replyRow({ promptIds: prompt, replyIds: good }, MAX_LENGTH)]))
      expect(nll).toBeLessThan(0.1);
    await trainable.dispose();
  });
});

describe('preference', () => {
  const pair = { promptIds: prompt, chosenIds: good, rejectedIds: bad };

  test('starts at ln 2 where the reference is the model itself, and its gradient is that of the loss', async () => {
    const trainable = await open();
    const objective = preference([pair], { beta: 0.3, maxLength: MAX_LENGTH });
    await objective.begin?.(trainable);
    const { loss, metrics } = await objective.gather(trainable, [[0]], 0);
    await trainable.optimizerStep(0, 0);
    expect(loss).toBeCloseTo(Math.log(2), 12);
    expect(metrics).toEqual({
      'rewards/chosen': 0,
      'rewards/rejected': 0,
      'rewards/accuracies': 0,
      'rewards/margins': 0,
      'logps/chosen': expect.closeTo(await logpOf(trainable, good), 4),
      'logps/rejected': expect.closeTo(await logpOf(trainable, bad), 4),
    });
    await expectGradient(objective, trainable);
    await trainable.dispose();
  });

  test('with a reference given: margin, loss and gradient by the formulas', async () => {
    const trainable = await open();
    const references = [{ chosen: -9, rejected: -11 }];
    const objective = preference([pair], { beta: 0.3, maxLength: MAX_LENGTH, references });
    const [chosen, rejected] = [await logpOf(trainable, good), await logpOf(trainable, bad)];
    const margin = 0.3 * (chosen + 9 - (rejected + 11));
    expect(await lossOf(objective, trainable)).toBeCloseTo(Math.log(1 + Math.exp(-margin)), 4);
    await expectGradient(objective, trainable);
    await trainable.dispose();
  });

  test('with nothing better, the rejected reply alone is pushed away, and ever more gently', async () => {
    const trainable = await open();
    const objective = preference([{ promptIds: prompt, rejectedIds: bad }], { beta: 0.3, maxLength: MAX_LENGTH });
    await objective.begin?.(trainable);
    expect(await lossOf(objective, trainable)).toBeCloseTo((2 / 0.3) * Math.log(2), 5);
    await expectGradient(objective, trainable);
    const { log } = await trainFor(trainable, objective, {
      learningRate: 5e-3,
      numTrainEpochs: 30,
      lrSchedulerType: 'constant',
    });
    expect(
      log
        .map(({ metrics }) => metrics?.['rewards/rejected'] ?? 1)
        .every((reward, i, all) => i === 0 || reward < all[i - 1]!),
    ).toBe(true);
    expect(log.at(-1)!.gradNorm).toBeLessThan(log[0]!.gradNorm / 4);
    expect(Object.keys(log[0]!.metrics!)).not.toContain('rewards/margins');
    await trainable.dispose();
  });

  test('two pairs in one batch or one after the other give the same step', async () => {
    const pairs = [pair, { promptIds: [4, 4], rejectedIds: good }];
    const results = [];
    for (const microBatches of [[[0, 1]], [[0], [1]]]) {
      const trainable = await open();
      const objective = preference(pairs, { beta: 0.3, maxLength: MAX_LENGTH });
      await objective.begin?.(trainable);
      const { loss } = await objective.gather(trainable, microBatches, 0);
      results.push([loss, await trainable.clipGradNorm(1)]);
      await trainable.dispose();
    }
    expect(results[1]![0]).toBeCloseTo(results[0]![0]!, 5);
    expect(results[1]![1]).toBeCloseTo(results[0]![1]!, 4);
  });
});

describe('reward', () => {
  const leash = (reference: number) => ({
    maxLength: MAX_LENGTH,
    reference: async (row: { labels: number[] }) => row.labels.filter((label) => label !== -100).map(() => reference),
  });

  test('of logged replies: the advantage times ln p, an importance weight of 1 at first, and the leash', async () => {
    const trainable = await open();
    const replies = [
      { promptIds: prompt, replyIds: good, reward: 0.9 },
      { promptIds: prompt, replyIds: bad, reward: 0.1 },
    ];
    const objective = loggedRewards(replies, { ...leash(-3), baseline: 0.6, beta: 0.2 });
    await objective.begin?.(trainable);
    const { loss, metrics } = await objective.gather(trainable, [[0, 1]], 0);
    await trainable.optimizerStep(0, 0);
    let kl = 0;
    for (const replyIds of [good, bad]) {
      const { tokenNll } = await measureRows(trainable, [replyRow({ promptIds: prompt, replyIds }, MAX_LENGTH)]);
      for (const nll of tokenNll.subarray(prompt.length)) {
        const d = Math.min(3, -3 + nll);
        kl += (Math.exp(d) - d - 1) / 2;
      }
    }
    expect(metrics).toEqual({ reward: expect.closeTo(0.5, 9), kl: expect.closeTo(kl, 4) });
    const policy = -(0.3 * (await logpOf(trainable, good)) - 0.5 * (await logpOf(trainable, bad))) / 2;
    expect(loss).toBeCloseTo(policy + 0.2 * kl, 4);
    await trainable.dispose();
  });

  test('a logged reply that is hardly said any more counts hardly any more: pushing away ends by itself', async () => {
    const trainable = await open();
    const replies = [{ promptIds: prompt, replyIds: bad, reward: 0 }];
    const objective = loggedRewards(replies, { ...leash(-100), baseline: 1, beta: 0 });
    const args = { learningRate: 1e-2, numTrainEpochs: 60, lrSchedulerType: 'constant' } as const;
    const before = await logpOf(trainable, bad);
    const { log } = await trainFor(trainable, objective, args);
    const after = await logpOf(trainable, bad);
    expect(after).toBeLessThan(before - 1);
    expect(log.at(-1)!.gradNorm).toBeLessThan(log[0]!.gradNorm / 4);
    await trainable.dispose();
  });

  test('of drawn replies: each against the mean of the others, drawn with seeds of the step', async () => {
    const trainable = await open();
    const seeds: number[] = [];
    const drawn = [good, bad, [4, 0]];
    const draw = async (seed: number) => {
      seeds.push(seed);
      const which = (seeds.length - 1) % 3;
      return { replyIds: drawn[which]!, reward: [1, 0, -0.5][which]! };
    };
    const objective = drawnRewards([{ promptIds: prompt, draw }], { ...leash(-3), beta: 0, draws: 3, seed: 7 });
    const { loss, metrics } = await objective.gather(trainable, [[0]], 0);
    await trainable.optimizerStep(0, 0);
    const [a, b, c] = [await logpOf(trainable, good), await logpOf(trainable, bad), await logpOf(trainable, [4, 0])];
    expect(loss).toBeCloseTo(-((1 - -0.25) * a + (0 - 0.25) * b + (-0.5 - 0.5) * c) / 3, 4);
    expect(metrics?.reward).toBeCloseTo(0.5 / 3, 9);
    await objective.gather(trainable, [[0]], 0);
    await objective.gather(trainable, [[0]], 1);
    expect(seeds.slice(3, 6)).toEqual(seeds.slice(0, 3));
    expect(new Set(seeds).size).toBe(6);
    await trainable.dispose();
  });
});

test('a row keeps the whole reply before the prompt: the oldest of the prompt goes first, then the end of the reply', () => {
  const exchange = { promptIds: [1, 2, 3], replyIds: [7, 8] };
  expect(replyRow(exchange, 10)).toEqual({ inputIds: [1, 2, 3, 7, 8], labels: [-100, -100, -100, 7, 8] });
  expect(replyRow(exchange, 4)).toEqual({ inputIds: [2, 3, 7, 8], labels: [-100, -100, 7, 8] });
  expect(replyRow(exchange, 2)).toEqual({ inputIds: [3, 7], labels: [-100, 7] });
});

test.each([
  ['guided', () => guided([{ promptIds: [1], replyIds: [], weight: 1 }], 8)],
  ['guided without weight', () => guided([{ promptIds: [1], replyIds: [2], weight: 0 }], 8)],
  ['preference', () => preference([], { beta: 0.1, maxLength: 8 })],
  ['reward of logged', () => loggedRewards([], { beta: 0, baseline: 0, maxLength: 8, reference: async () => [] })],
  ['reward of drawn', () => drawnRewards([], { beta: 0, draws: 2, seed: 1, maxLength: 8, reference: async () => [] })],
])('%s with nothing to learn is refused', (_, make) => {
  expect(make).toThrow(/training_rows_empty/);
});
