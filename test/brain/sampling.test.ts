import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createGenerator } from '../../src/brain/generator.ts';
import { completeSettings } from '../../src/brain/settings.ts';
import type { GenerationSettings } from '../../src/brain/types.ts';
import { type Decoder, seededRandom } from '../../src/engine/index.ts';
import { golden, noGolden } from './helpers.ts';

/** A model that answers the same scores whatever it reads, as a real one does in an array of its own. */
function constantModel(scores: readonly number[]): { startDecoding: () => Decoder } {
  const own = new Float32Array(scores.length);
  return {
    startDecoding: () => ({
      read: async () => {
        own.set(scores);
        return own;
      },
    }),
  };
}

const never: number[] = [];

async function play(scores: readonly number[], sequence: readonly number[], settings: GenerationSettings) {
  const seen: Float64Array[] = [];
  const generate = createGenerator(constantModel(scores));
  const whole = completeSettings(settings);
  const random = seededRandom(whole.seed).uniform;
  const result = await generate(sequence, whole, never, {
    random,
    observe: (probabilities) => seen.push(probabilities),
  });
  return { ...result, probabilities: seen };
}

/** Top-k and top-p as they are defined, over everything sorted. */
function sortedCuts(scores: readonly number[], topK: number, topP: number): number[] {
  const softmax = (row: readonly number[]) => {
    const highest = Math.max(...row);
    const normaliser = highest + Math.log(row.reduce((sum, score) => sum + Math.exp(score - highest), 0));
    return row.map((score) => Math.exp(score - normaliser));
  };
  const smallest = topK > 0 && topK < scores.length ? scores.toSorted((a, b) => b - a)[topK - 1]! : -Infinity;
  const kept = scores.map((score) => (score < smallest ? -Infinity : score));
  if (topP === 1) return softmax(kept);
  const probabilities = softmax(kept);
  const ids = [...kept.keys()].filter((id) => kept[id]! > -Infinity).sort((a, b) => kept[a]! - kept[b]!);
  let tail = 0;
  for (const id of ids.slice(0, -1)) {
    tail += probabilities[id]!;
    if (tail > 1 - topP) break;
    kept[id] = -Infinity;
  }
  return softmax(kept);
}

interface GoldenCase {
  sequence: number[];
  scores: number[];
  temperature: number;
  top_k: number;
  top_p: number;
  repetition_penalty: number;
  probabilities: number[];
}

describe('the processors, inside the loop that writes', () => {
  test.skipIf(noGolden)('give the probabilities of the reference to 1e-5, all twelve times', async () => {
    const cases: GoldenCase[] = JSON.parse(readFileSync(path.join(golden, 'sampling.json'), 'utf8'));
    expect(cases).toHaveLength(12);
    for (const one of cases) {
      const { probabilities } = await play(one.scores, one.sequence, {
        temperature: one.temperature,
        topK: one.top_k,
        topP: one.top_p,
        repetitionPenalty: one.repetition_penalty,
        maxNewTokens: 1,
        seed: 1,
      });
      expect(probabilities).toHaveLength(1);
      const furthest = Math.max(...one.probabilities.map((value, id) => Math.abs(value - probabilities[0]![id]!)));
      expect(furthest).toBeLessThan(1e-5);
    }
  });

  test('draw tokens as often as their probability says', async () => {
    const scores = [Math.log(0.5), Math.log(0.3), Math.log(0.2)];
    const neutral = { temperature: 1, topK: 0, topP: 1, repetitionPenalty: 1 };
    const { outputIds } = await play(scores, [0], { ...neutral, maxNewTokens: 4000, seed: 11 });
    const share = (id: number) => outputIds.filter((other) => other === id).length / outputIds.length;
    // Three standard deviations of a share of 0.5 among 4000 are 0.024.
    expect(Math.abs(share(0) - 0.5)).toBeLessThan(0.03);
    expect(Math.abs(share(1) - 0.3)).toBeLessThan(0.03);
  });

  test('lower the score of a token said before, whether it is above zero or below', async () => {
    const settings = { temperature: 1, topK: 0, topP: 1, repetitionPenalty: 2, maxNewTokens: 1, seed: 1 };
    const { probabilities } = await play([-2, 3, -1, 0], [0, 1], settings);
    const weights = [-4, 1.5, -1, 0].map(Math.exp);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (const [id, weight] of weights.entries()) expect(probabilities[0]![id]).toBeCloseTo(weight / total, 6);
  });

  test('cut a tail that is exactly 1 − p, as transformers does', async () => {
    const settings = { temperature: 1, topK: 0, topP: 0.75, repetitionPenalty: 1, maxNewTokens: 1, seed: 1 };
    const { probabilities } = await play([0, 0, 0, 0], [0], settings);
    expect([...probabilities[0]!].filter((probability) => probability > 0)).toHaveLength(3);
  });

  test('draw the next token when the uniform number stands on an edge, for it never reaches 1', async () => {
    const generate = createGenerator(constantModel([0, 0]));
    const settings = completeSettings({
      temperature: 1,
      topK: 0,
      topP: 1,
      repetitionPenalty: 1,
      maxNewTokens: 1,
      seed: 1,
    });
    const drawn = async (uniform: number) =>
      (await generate([0], settings, never, { random: () => uniform })).outputIds;
    expect([await drawn(0), await drawn(0.49), await drawn(0.5), await drawn(0.99)]).toEqual([[0], [0], [1], [1]]);
  });

  test('leave to the bit what sorting everything leaves, ties, zeros of both signs and all', async () => {
    const score = fc.oneof(
      fc.integer({ min: -6, max: 6 }).map((tenths) => tenths / 2),
      fc.float({ min: -30, max: 30, noNaN: true }),
      fc.constant(-0),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(score, { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 0, max: 210 }),
        fc.constantFrom(0, 0.1, 0.5, 0.75, 0.9, 0.99, 1),
        async (scores, topK, topP) => {
          const settings = { temperature: 1, topK, topP, repetitionPenalty: 1, maxNewTokens: 1, seed: 9 };
          const { probabilities, outputIds } = await play(scores, [0], settings);
          const expected = sortedCuts(scores, topK, topP);
          expect([...probabilities[0]!]).toEqual(expected);
          const uniform = seededRandom(9).uniform();
          let sum = 0;
          const drawn = expected.findIndex((probability) => {
            sum += probability;
            return uniform < sum;
          });
          expect(outputIds).toEqual([drawn]);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('report log-probabilities of the untouched distribution, not of the one drawn from', async () => {
    const scores = [2, 1, 0];
    const { outputIds, tokenLogprobs } = await play(scores, [0, 1], { maxNewTokens: 20, temperature: 3, seed: 5 });
    const total = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0));
    for (const [index, id] of outputIds.entries()) expect(tokenLogprobs[index]).toBeCloseTo(scores[id]! - total, 6);
  });

  test('keep exactly the k best, more only where scores are equal', async () => {
    const settings = { topK: 2, topP: 1, temperature: 1, repetitionPenalty: 1, maxNewTokens: 1, seed: 1 };
    const kept = async (scores: number[]) =>
      (await play(scores, [0], settings)).probabilities[0]!.filter((value) => value > 0).length;
    expect(await kept([1, 2, 3, 4])).toBe(2);
    expect(await kept([1, 3, 3, 4])).toBe(3);
    expect(await kept([5])).toBe(1);
  });

  test('always leave the likeliest token, even for a top-p of 0', async () => {
    const { outputIds } = await play([1, 4, 2], [0], { topP: 0, maxNewTokens: 3, repetitionPenalty: 1, seed: 3 });
    expect(outputIds).toEqual([1, 1, 1]);
  });

  test('greedy takes the best after the repetition penalty, whatever the seed', async () => {
    const scores = [2, 1.9, 1];
    const one = await play(scores, [0], { greedy: true, maxNewTokens: 3, repetitionPenalty: 1.2, seed: 1 });
    const two = await play(scores, [0], { greedy: true, maxNewTokens: 3, repetitionPenalty: 1.2, seed: 2 });
    expect(one.outputIds).toEqual([1, 0, 0]);
    expect(two.outputIds).toEqual(one.outputIds);
  });

  test('yield a distribution for any scores and settings', async () => {
    const finite = fc.double({ min: -50, max: 50, noNaN: true });
    await fc.assert(
      fc.asyncProperty(
        fc.array(finite, { minLength: 1, maxLength: 30 }),
        fc.double({ min: 0.05, max: 5, noNaN: true }),
        fc.integer({ min: 0, max: 40 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0.5, max: 3, noNaN: true }),
        async (scores, temperature, topK, topP, repetitionPenalty) => {
          const { probabilities, outputIds } = await play(scores, [0], {
            temperature,
            topK,
            topP,
            repetitionPenalty,
            maxNewTokens: 1,
            seed: 1,
          });
          const sum = probabilities[0]!.reduce((total, value) => total + value, 0);
          expect(sum).toBeCloseTo(1, 9);
          expect(probabilities[0]![outputIds[0]!]).toBeGreaterThan(0);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('settings', () => {
  test('are made whole with the defaults', () => {
    expect(completeSettings({ seed: 4 })).toEqual({
      maxNewTokens: 100,
      temperature: 0.7,
      topK: 50,
      topP: 0.9,
      repetitionPenalty: 1.2,
      greedy: false,
      seed: 4,
    });
  });

  test('that make no sense are refused, with their limits', () => {
    for (const wrong of [
      { temperature: 0 },
      { topP: 1.5 },
      { topK: 1.5 },
      { maxNewTokens: 0 },
      { temperature: Number.NaN },
    ])
      expect(() => completeSettings({ seed: 1, ...wrong })).toThrow('generation_setting_wrong');
  });
});
