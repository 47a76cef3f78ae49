import { describe, expect, test } from 'vitest';
import type { BrainVersion, Generation } from '../../src/brain/index.ts';
import { measurePush } from '../../src/training/index.ts';

const generation = { maxNewTokens: 5, temperature: 0.7, topK: 50, topP: 0.9, repetitionPenalty: 1.2, seed: 3 };
const BEFORE: BrainVersion = { weightsFile: 'before' };
const AFTER: BrainVersion = { weightsFile: 'after' };

/** A brain of known probabilities: token n after anything has ln p = −n before, −n · factor after. Notes what it is asked. */
function knownBrain(window: number, factor: number) {
  const asked: { ids: number[]; version: string | undefined }[] = [];
  return {
    asked,
    window,
    async logprobs(ids: readonly number[], { weightsFile }: BrainVersion = {}) {
      asked.push({ ids: [...ids], version: weightsFile });
      return ids.slice(1).map((id) => -id * (weightsFile === 'after' ? factor : 1));
    },
    async generate(inputIds: readonly number[], settings: { seed: number }, { weightsFile }: BrainVersion = {}) {
      const text = `${weightsFile} ${settings.seed}`;
      const answer: Generation = {
        inputIds: [...inputIds],
        outputIds: [],
        reachedLimit: false,
        text,
        tokenLogprobs: [],
        seconds: 0,
        tokensPerSecond: 0,
      };
      return answer;
    },
  };
}

describe('the push', () => {
  test('is the sum over the reply alone, before and after, and the same prompt answered with the same seed', async () => {
    const brain = knownBrain(100, 2);
    const push = await measurePush(brain, { promptIds: [9, 9], replyIds: [1, 2, 3], generation }, BEFORE, AFTER);
    expect(push).toEqual({
      replyTokens: 3,
      replyLogprobBefore: -6,
      replyLogprobAfter: -12,
      replyVerdict: 'pushed_away',
      replyBefore: 'before 3',
      replyAfter: 'after 3',
    });
  });

  test('of a correction goes the other way when the training does', async () => {
    const probe = { promptIds: [9], replyIds: [1], correctionIds: [4, 4], generation };
    const push = await measurePush(knownBrain(100, 0.5), probe, BEFORE, AFTER);
    expect(push).toMatchObject({ replyVerdict: 'pulled_closer', correctionVerdict: 'pulled_closer' });
    expect(push).toMatchObject({ correctionTokens: 2, correctionLogprobBefore: -8, correctionLogprobAfter: -4 });
  });

  test('below a hundredth of a nat is no push', async () => {
    const probe = { promptIds: [9], replyIds: [1], generation };
    expect((await measurePush(knownBrain(100, 1.009), probe, BEFORE, AFTER)).replyVerdict).toBe('unchanged');
    expect((await measurePush(knownBrain(100, 1.011), probe, BEFORE, AFTER)).replyVerdict).toBe('pushed_away');
    expect((await measurePush(knownBrain(100, 0.989), probe, BEFORE, AFTER)).replyVerdict).toBe('pulled_closer');
  });

  test('asks all of the old version before the new one, so that versions are swapped once', async () => {
    const brain = knownBrain(100, 1);
    await measurePush(brain, { promptIds: [9], replyIds: [1], correctionIds: [2], generation }, BEFORE, AFTER);
    expect(brain.asked.map(({ version }) => version)).toEqual(['before', 'before', 'after', 'after']);
  });

  test('leaves out what the window cannot hold: the oldest of the prompt, then the end of the reply', async () => {
    const brain = knownBrain(4, 1);
    const probe = { promptIds: [7, 8, 9], replyIds: [1, 2], generation };
    expect((await measurePush(brain, probe, BEFORE, AFTER)).replyTokens).toBe(2);
    expect(brain.asked[0]?.ids).toEqual([8, 9, 1, 2]);
    const long = { ...probe, replyIds: [1, 2, 3, 4, 5] };
    expect((await measurePush(brain, long, BEFORE, AFTER)).replyTokens).toBe(3);
    expect(brain.asked.at(-1)?.ids).toEqual([9, 1, 2, 3]);
  });

  test('of an empty reply is nothing', async () => {
    const push = await measurePush(knownBrain(9, 2), { promptIds: [9], replyIds: [], generation }, BEFORE, AFTER);
    expect(push).toMatchObject({ replyTokens: 0, replyLogprobBefore: 0, replyVerdict: 'unchanged' });
  });
});
