import { describe, expect, test } from 'vitest';
import type { BrainVersion, Generation } from '../../src/brain/index.ts';
import {
  describePush,
  describeSummary,
  type JobSummary,
  measurePush,
  type PushResult,
} from '../../src/training/index.ts';

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

const push: PushResult = {
  replyTokens: 3,
  replyLogprobBefore: -10,
  replyLogprobAfter: -10 + Math.log(2),
  replyVerdict: 'pulled_closer',
  replyBefore: 'a',
  replyAfter: 'a',
};

describe('in words', () => {
  test('a push the wrong way is said plainly, with how much', () => {
    const [line, answer] = describePush('en', push);
    expect(line).toContain('now 2 times as likely as before');
    expect(line).toContain('push the wrong way');
    expect(answer).toContain('answers the same');
    expect(describePush('pt-BR', push)[0]).toContain('2 vezes mais provável');
  });

  test('numbers are written as the reader writes them, and very large ones are not spelled out', () => {
    const away: PushResult = { ...push, replyVerdict: 'pushed_away', replyLogprobAfter: -10 - Math.log(1.257) };
    expect(describePush('en', away)[0]).toContain('1.26 times less likely');
    expect(describePush('pt-BR', away)[0]).toContain('1,26 vezes menos provável');
    expect(describePush('en', { ...away, replyLogprobAfter: -60 })[0]).toContain('more than 1,000 times less likely');
    expect(describePush('pt-BR', { ...away, replyLogprobAfter: -60 })[0]).toContain('mais de 1.000 vezes');
  });

  test('a correction has a sentence of its own, a changed answer another', () => {
    const lines = describePush('en', {
      ...push,
      correctionTokens: 1,
      correctionLogprobBefore: -1,
      correctionLogprobAfter: -1,
      correctionVerdict: 'unchanged',
      replyAfter: 'b',
    });
    expect(lines).toHaveLength(3);
    expect(lines[1]).toContain('better answer is about as likely');
    expect(lines[2]).toContain('answers something else');
  });

  test('a summary speaks of what was left out and of an early stop, else says nothing', () => {
    const summary: JobSummary = {
      ...{ trainRuntime: 1, trainSamplesPerSecond: 1, trainStepsPerSecond: 1, trainLoss: 1, epoch: 1, peakMemoryMb: 1 },
      ...{ steps: 3, totalSteps: 3, tokens: 48, cutTokens: 0, stoppedEarly: false, chart: null },
    };
    expect(describeSummary('en', summary)).toEqual([]);
    expect(describeSummary('en', { ...summary, cutTokens: 12, steps: 1, stoppedEarly: true })).toEqual([
      'The text was longer than the brain can read at once (48 tokens): the oldest 12 tokens were left out.',
      'Stopped after step 1 of 3; what it had learned is kept.',
    ]);
  });
});
